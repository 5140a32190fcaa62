// replay: going through the past again: replay, fork, what-if. Part of the kernel; only a fork appends.
export type { Divergence } from './divergence.ts';
export { type Fork, type ForkPorts, forkRun } from './fork-run.ts';
export type { StepLook, Try } from './look-at-step.ts';
export { createPast, type Past } from './past.ts';
export { type Replay, type ReplayPorts, replayRun } from './replay-run.ts';
export type { EffectFacts, Outcome, SimulatedStep } from './simulate.ts';
export {
  type ChangedDecision,
  type ChangedEffect,
  type ChangedRun,
  type Sums,
  type WhatIf,
  type WhatIfRequest,
  whatIf,
} from './what-if.ts';

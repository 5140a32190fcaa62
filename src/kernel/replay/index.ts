// replay: going through the past again. Part of the kernel; nothing in here appends but a fork.
export type { Divergence } from './divergence.ts';
export { type Fork, type ForkPorts, forkRun } from './fork-run.ts';
export { type Replay, type ReplayPorts, replayRun } from './replay-run.ts';

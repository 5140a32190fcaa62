// kernel: plans run, effects leave, the operator decides. The only writer of the log.
// Owns: submit, runner, effects, inbox, timers. Never: knows what an invoice is, or draws. Floor 6.

export type { ChangeResult, Conflict, ConflictRule, Writer } from './conflicts/index.ts';
export { readEffect } from './effects/commit.ts';
export { contractData, contractHash } from './effects/contract-hash.ts';
export { effectsOfRun } from './effects/effects-of-run.ts';
export { asKernelEvent, fact, type KernelEvent, type KernelEvents, type Unmet } from './events.ts';
export { eventsOfStream } from './events-of-stream.ts';
export {
  type ControlRow,
  controlFold,
  type DeviceRow,
  destinationKey,
  destinationsFold,
  devicesFold,
  type EffectRow,
  effectsFold,
  heldUntilOf,
  type ItemRow,
  itemsFold,
  KERNEL_FOLDS,
  type RunRow,
  runsFold,
  seriesFold,
  waitsFold,
} from './folds.ts';
export {
  enrolDevice,
  enrolFirst,
  type Founding,
  type FoundingPorts,
  foundCompany,
  revokeDevice,
} from './founding.ts';
export { type HookRow, hooksFold } from './hooks/hook-folds.ts';
export type { DeliveryView, HookView, Knock, Receive, Received } from './hooks/index.ts';
export type { Card, CardEffect } from './inbox/item-reads.ts';
export type { Items } from './inbox/items.ts';
export { itemsOfRun } from './inbox/items-of-run.ts';
export { createKernel, type Kernel, type KernelOptions } from './kernel.ts';
export { type PlaybookRow, type Playbooks, playbooksFold } from './playbooks.ts';
export { policyName, policyNow } from './policy-now.ts';
export type { HookPorts, KernelPorts } from './ports.ts';
export { publishPlaybooks } from './publish-playbooks.ts';
export { createRecordStore, type RecordStore } from './record-reads.ts';
export type { PlaybookRegistry, PlaybookVersion, Published } from './registry-ops/index.ts';
export type {
  Divergence,
  Fork,
  Past,
  Replay,
  WhatIf,
  WhatIfRequest,
} from './replay/index.ts';
export {
  isStepSettled,
  RUN_STATUSES,
  type RunStatus,
  STEP_STATUSES,
  type StepStatus,
} from './run/lifecycle.ts';
export { loadRun } from './run/load-run.ts';
export type { Reason } from './run/reasons.ts';
export { compiledStep, stepOf } from './run/run-places.ts';
export type { PlanScope, RunState, StepState } from './run/run-state.ts';
export type { MissedRule, Schedule, Schedules, ScheduleView } from './schedules/index.ts';
export { takeSnapshot } from './snapshot.ts';
export type { Goal, Matched, Matcher, Submitted } from './submit.ts';
export {
  type ActBodies,
  type ActPorts,
  type ApprovalRow,
  approvalsFold,
  type Bearer,
  connectorsFold,
  createRedactingBlobs,
  createRedactingLog,
  createTokens,
  type Erasure,
  type ErasurePreview,
  type ErasureReceipt,
  type GrantRow,
  type GrantView,
  grantsFold,
  grantUseFold,
  INVITE_MS,
  type ModeNow,
  mayAskFor,
  mayPlay,
  modeNow,
  type Performed,
  type PolicyBackTest,
  type PolicyVersionRow,
  type ProposedAct,
  policyVersionsFold,
  RECOVERY_DEVICE,
  refuseBearer,
  requireNamed,
  requirePlaybook,
  requireScope,
  scopedView,
  secretsFold,
  TOKEN_MAX_MS,
  type TokenRow,
  type TokenScope,
  type Tokens,
  type TokenView,
  type Trust,
  tokensFold,
} from './trust/index.ts';
export type { Speaker } from './typed-labels.ts';
export { INVOICE_WORDS } from './words/index.ts';

/**
 * Life of a run:
 *
 *   planned --claim--> running --wait--> waiting --resume--> running
 *                      running --park--> parked  --resume--> running
 *   running, waiting, parked --cancel--> cancelling --compensate--> compensating --finish--> cancelled
 *   running --finish--> done | failed          cancelling --finish--> cancelled
 *   waiting, parked --finish--> cancelled (what it asked was answered with "stop")
 *
 * Life of a step:
 *
 *   pending --ready--> ready --start--> running --complete--> done --compensate--> compensated
 *                                       running --wait--> waiting --complete--> done
 *                                       running --retry--> retrying --start--> running
 *                                       running --fail--> failed --start--> running (by hand)
 *   pending, ready --skip--> skipped    any open --deny--> denied    any open --cancel--> cancelled
 *
 * Both tables are total: a state and a signal that do not go together say `refuse`.
 */
export const RUN_STATUSES = [
  'planned',
  'running',
  'waiting',
  'parked',
  'cancelling',
  'compensating',
  'done',
  'failed',
  'cancelled',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export type RunSignal =
  | 'claim'
  | 'wait'
  | 'resume'
  | 'park'
  | 'cancel'
  | 'compensate'
  | 'finish-done'
  | 'finish-failed'
  | 'finish-cancelled';

type Table<Status extends string, Signal extends string> = {
  readonly [S in Status]: { readonly [X in Signal]: Status | 'refuse' };
};

const NO = 'refuse';
const ended = {
  claim: NO,
  wait: NO,
  resume: NO,
  park: NO,
  cancel: NO,
  compensate: NO,
  'finish-done': NO,
  'finish-failed': NO,
  'finish-cancelled': NO,
} as const;

export const RUN_TABLE: Table<RunStatus, RunSignal> = {
  planned: { ...ended, claim: 'running', wait: 'waiting', park: 'parked', cancel: 'cancelling' },
  running: {
    claim: 'running',
    wait: 'waiting',
    resume: 'running',
    park: 'parked',
    cancel: 'cancelling',
    compensate: NO,
    'finish-done': 'done',
    'finish-failed': 'failed',
    'finish-cancelled': 'cancelled',
  },
  waiting: {
    ...ended,
    claim: 'waiting',
    wait: 'waiting',
    resume: 'running',
    park: 'parked',
    cancel: 'cancelling',
    'finish-failed': 'failed',
    'finish-cancelled': 'cancelled',
  },
  parked: {
    ...ended,
    claim: 'parked',
    resume: 'running',
    park: 'parked',
    cancel: 'cancelling',
    'finish-cancelled': 'cancelled',
  },
  cancelling: {
    ...ended,
    claim: 'cancelling',
    cancel: 'cancelling',
    compensate: 'compensating',
    'finish-cancelled': 'cancelled',
  },
  compensating: {
    ...ended,
    claim: 'compensating',
    wait: 'compensating',
    resume: 'compensating',
    cancel: 'compensating',
    compensate: 'compensating',
    'finish-cancelled': 'cancelled',
  },
  done: ended,
  failed: { ...ended, resume: 'running' },
  cancelled: ended,
};

export const STEP_STATUSES = [
  'pending',
  'ready',
  'running',
  'waiting',
  'retrying',
  'done',
  'skipped',
  'failed',
  'denied',
  'cancelled',
  'compensated',
] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

export type StepSignal =
  | 'ready'
  | 'start'
  | 'complete'
  | 'wait'
  | 'retry'
  | 'fail'
  | 'skip'
  | 'deny'
  | 'cancel'
  | 'compensate';

const closed = {
  ready: NO,
  start: NO,
  complete: NO,
  wait: NO,
  retry: NO,
  fail: NO,
  skip: NO,
  deny: NO,
  cancel: NO,
  compensate: NO,
} as const;

const open = {
  ...closed,
  start: 'running',
  complete: 'done',
  wait: 'waiting',
  fail: 'failed',
  retry: 'retrying',
  skip: 'skipped',
  deny: 'denied',
  cancel: 'cancelled',
} as const;

export const STEP_TABLE: Table<StepStatus, StepSignal> = {
  pending: { ...open, ready: 'ready', retry: NO },
  ready: { ...open, ready: 'ready', retry: NO },
  running: { ...open },
  waiting: { ...open },
  retrying: { ...open },
  done: { ...closed, compensate: 'compensated' },
  skipped: closed,
  failed: { ...open, wait: 'waiting' },
  denied: closed,
  cancelled: closed,
  compensated: closed,
};

/** True when nothing more happens to it by itself. */
export function isRunEnded(status: RunStatus): boolean {
  return status === 'done' || status === 'failed' || status === 'cancelled';
}

export function isStepSettled(status: StepStatus): boolean {
  return ['done', 'skipped', 'failed', 'denied', 'cancelled', 'compensated'].includes(status);
}

export function nextRunStatus(status: RunStatus, signal: RunSignal): RunStatus {
  const next = RUN_TABLE[status][signal];
  return next === NO ? status : next;
}

export function nextStepStatus(status: StepStatus, signal: StepSignal): StepStatus {
  const next = STEP_TABLE[status][signal];
  return next === NO ? status : next;
}

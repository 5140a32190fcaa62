import { canonicalJson, type Id, type Json, type JsonObject, sha256 } from '../../base/index.ts';
import type { Snapshot, StoredEvent } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import {
  asKernelEvent,
  type KernelEvent,
  type KernelEventType,
  type Queue,
  type WaitReason,
} from '../events.ts';
import { nextRunStatus, type RunSignal, type RunStatus } from '../run/lifecycle.ts';
import { idOf, NOTHING, one, UTC } from './rows.ts';

/** One line of the list of runs; a run's steps are folded from its stream when somebody looks. */
export type RunRow = {
  readonly id: Id;
  readonly goal: string;
  readonly title: string | null;
  readonly playbook: string | null;
  readonly status: RunStatus;
  readonly waitingFor: WaitReason | null;
  readonly words: string | null;
  readonly queue: Queue;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly startSeq: number;
  readonly snapshot: Snapshot | null;
  readonly failure: JsonObject | null;
  /** of its words and the input given with them: who asks for the same again joins it */
  readonly fingerprint: string;
  /** of playbook and input: other words can mean the same */
  readonly meaning: string | null;
  readonly compensates: Id | null;
};

const RUN_TYPES: ReadonlySet<string> = new Set<KernelEventType>([
  'intent.recorded',
  'plan.decided',
  'run.claimed',
  'run.waiting',
  'run.resumed',
  'run.parked',
  'run.cancelling',
  'run.compensating',
  'run.finished',
  'run.migrated',
]);

export const runsFold: Fold<RunRow> = {
  name: 'runs',
  version: 4,
  reads: (type) => RUN_TYPES.has(type),
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const id = idOf(stored.stream);
    if (event.type === 'intent.recorded') return one(id, newRun(id, event));
    const row = rows.get(id);
    return row ? one(id, changeRun(row, event, stored)) : NOTHING;
  },
  indexes: {
    // only what is not over: that is what restarts and lists of work ask for
    status: (row) => (row.endedAt === null ? row.status : undefined),
    failed: (row) => (row.status === 'failed' ? row.startSeq : undefined),
    started: (row) => row.startSeq,
    fingerprint: (row) => (row.endedAt === null ? row.fingerprint : undefined),
    meaning: (row) => (row.endedAt === null ? (row.meaning ?? undefined) : undefined),
    /** by the run whose effects they take back */
    compensates: (row) => (row.endedAt === null ? (row.compensates ?? undefined) : undefined),
  },
};

function newRun(id: Id, event: Extract<KernelEvent, { type: 'intent.recorded' }>): RunRow {
  return {
    id,
    goal: event.data.words,
    title: null,
    playbook: event.data.playbook ?? null,
    status: 'planned',
    waitingFor: null,
    words: null,
    queue: event.data.queue,
    startedAt: new Date(event.at).toISOString(),
    endedAt: null,
    startSeq: event.seq,
    snapshot: null,
    failure: null,
    fingerprint: fingerprint(event.data.words, event.data.input),
    meaning: null,
    compensates: event.data.compensates ?? null,
  };
}

/** The same words and input give the same text, whatever their case and spacing. */
export function fingerprint(words: string, input: Json | undefined): string {
  return `${wordsPrint(words)}/${print(input === undefined ? '' : canonicalJson(input))}`;
}

/** What the fingerprints of the same words begin with, whatever the input. */
export function wordsPrint(words: string): string {
  return print(words.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim());
}

/** Two goals with the same meaning would do the same thing twice. */
export function meaningOf(playbook: string | undefined, input: JsonObject): string | null {
  return playbook === undefined ? null : `${playbook} ${print(canonicalJson(input))}`;
}

/** 128 bits of a hash: equal texts only, however long they are. */
function print(text: string): string {
  return sha256(text).slice(0, 32);
}

function changeRun(row: RunRow, event: KernelEvent, stored: StoredEvent): RunRow {
  const move = (signal: RunSignal): RunStatus => nextRunStatus(row.status, signal);
  switch (event.type) {
    case 'plan.decided':
      return {
        ...row,
        title: event.data.title,
        playbook: event.data.playbook ?? null,
        snapshot: event.data.snapshot,
        meaning: meaningOf(event.data.playbook, event.data.input),
      };
    case 'run.claimed':
      return { ...row, status: move('claim') };
    case 'run.waiting':
      return { ...row, status: move('wait'), waitingFor: event.data.for, words: event.data.words };
    case 'run.resumed':
      return { ...row, status: move('resume'), waitingFor: null, words: null, endedAt: null };
    case 'run.parked':
      return { ...row, status: move('park'), waitingFor: null, words: event.data.because };
    case 'run.cancelling':
      return { ...row, status: move('cancel'), waitingFor: null, words: event.data.because };
    case 'run.compensating':
      return { ...row, status: move('compensate') };
    case 'run.migrated':
      return { ...row, playbook: event.data.playbook };
    case 'run.finished':
      return {
        ...row,
        status: move(`finish-${event.data.status}`),
        waitingFor: null,
        words: null,
        endedAt: UTC(stored),
        failure: event.data.failure ?? null,
      };
    default:
      return row;
  }
}

import { canonicalJson, type Id, isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import type {
  Device,
  EffectHash,
  EffectKey,
  EffectStatus,
  Mode,
  Snapshot,
  StoredEvent,
} from '../contract/index.ts';
import type { Fold } from '../log/index.ts';
import { normaliseAddress } from '../policy/index.ts';
import { type EffectSignal, isInFlight, nextEffectStatus } from './effects/lifecycle.ts';
import {
  asKernelEvent,
  type ItemEnd,
  type ItemKind,
  type KernelEvent,
  type KernelEventType,
  type Queue,
  type Risk,
  type WaitReason,
} from './events.ts';
import { nextRunStatus, type RunSignal, type RunStatus } from './run/lifecycle.ts';
import { schedulesFold } from './schedules/schedules-fold.ts';
import { TRUST_FOLDS } from './trust/trust-folds.ts';

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
  /** SHA-256 of goal and input, to join a second request for the same thing */
  readonly fingerprint: string;
  /** playbook and input as text: other words can mean the same */
  readonly meaning: string | null;
  readonly compensates: Id | null;
};

export type EffectRow = {
  readonly key: EffectKey;
  readonly hash: EffectHash;
  readonly status: EffectStatus;
  readonly run: Id;
  readonly step: string;
  readonly item: Id;
  readonly seq: number;
  readonly approval: Id | null;
  readonly grant: Id | null;
  readonly holds: readonly { readonly stream: string; readonly version: number }[];
  readonly heldUntil: number | null;
  readonly attempts: number;
  readonly receipt: JsonObject | null;
  readonly failure: JsonObject | null;
  /** stream version of the event that holds the effect itself */
  readonly finalisedVersion: number;
};

export type ItemRow = {
  readonly id: Id;
  readonly kind: ItemKind;
  readonly title: string;
  readonly run: Id | null;
  readonly step: string | null;
  readonly effects: readonly EffectKey[];
  readonly risk: Risk;
  readonly form: Json;
  readonly body: Json;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly status: 'open' | 'snoozed' | 'closed';
  readonly snoozedUntil: string | null;
  readonly end: ItemEnd | null;
  readonly answer: Json;
};

export type ControlRow = {
  readonly mode: Mode;
  readonly incarnation: number;
  readonly stopped: boolean;
  readonly recovery: string | null;
  readonly logKey: string | null;
  readonly example: boolean;
  readonly founded: string;
};

export type SeriesRow = {
  readonly next: number;
  /** released and lapsed numbers below `next`, lowest first */
  readonly free: readonly number[];
  readonly reserved: readonly {
    readonly number: number;
    readonly key: EffectKey;
    readonly until: number;
  }[];
  readonly used: number;
};

export type DeviceRow = Device & JsonObject;
export type NonceRow = { readonly at: string };

const UTC = (event: StoredEvent): string => new Date(event.at).toISOString();

function one<Row extends JsonObject>(
  key: string,
  row: Row | null,
): ReadonlyMap<string, Row | null> {
  return new Map<string, Row | null>([[key, row]]);
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

/** The id behind the slash of a stream's name. */
export function idOf(stream: string): string {
  return stream.slice(stream.indexOf('/') + 1);
}

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
  version: 1,
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
    started: (row) => row.startSeq,
    fingerprint: (row) =>
      row.endedAt === null && row.meaning === null ? row.fingerprint : undefined,
    meaning: (row) => (row.endedAt === null ? (row.meaning ?? undefined) : undefined),
  },
};

/** What a question without a run is about, so that it is asked once. */
function topicOf(body: Json): string | undefined {
  return isJsonObject(body) && typeof body.topic === 'string' ? body.topic : undefined;
}

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
  const plain = words.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
  return `${plain}\n${input === undefined ? '' : JSON.stringify(input)}`.slice(0, 500);
}

/** Two goals with the same meaning would do the same thing twice. */
export function meaningOf(playbook: string | undefined, input: JsonObject): string | null {
  return playbook === undefined ? null : `${playbook} ${canonicalJson(input)}`.slice(0, 500);
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

const SIGNALS: { readonly [type: string]: EffectSignal } = {
  'effect.approved': 'approve',
  'effect.held': 'hold',
  'effect.committing': 'commit',
  'effect.committed': 'committed',
  'effect.failed': 'fail',
  'effect.unknown': 'lose',
  'effect.rejected': 'reject',
  'effect.denied': 'deny',
  'effect.expired': 'expire',
  'effect.stale': 'stale',
  'effect.withdrawn': 'withdraw',
  'effect.superseded': 'supersede',
  'effect.undone': 'undo',
};

export const effectsFold: Fold<EffectRow> = {
  name: 'effects',
  version: 1,
  reads: (type) => type.startsWith('effect.'),
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const key = idOf(stored.stream);
    const row = rows.get(key);
    if (event.type === 'effect.finalised') {
      const { effect, hash, item } = event.data;
      return one(key, {
        key,
        hash,
        status: 'finalised',
        run: effect.run,
        step: effect.item === '' ? effect.step : `${effect.step}/${effect.item}`,
        item,
        seq: stored.seq,
        approval: null,
        grant: null,
        holds: [],
        heldUntil: null,
        attempts: 0,
        receipt: null,
        failure: null,
        finalisedVersion: stored.version,
      });
    }
    const signal = SIGNALS[event.type];
    if (!row || !signal) return NOTHING;
    const status = nextEffectStatus(row.status, signal);
    return one(key, { ...row, status, ...effectDetails(event) });
  },
  indexes: {
    run: (row) => row.run,
    hash: (row) => row.hash,
    flight: (row) => (isInFlight(row.status) ? row.seq : undefined),
    committed: (row) => (row.status === 'committed' ? row.seq : undefined),
  },
};

function effectDetails(event: KernelEvent): Partial<EffectRow> {
  switch (event.type) {
    case 'effect.approved':
      return {
        approval: event.data.approval ?? null,
        grant: event.data.grant ?? null,
        holds: event.data.holds,
        failure: null,
      };
    case 'effect.held':
      return { heldUntil: event.data.until };
    case 'effect.committing':
      return { attempts: event.data.attempt };
    case 'effect.committed':
      // a Receipt is plain JSON; the interface lacks the index signature
      return { receipt: event.data.receipt as unknown as JsonObject, failure: null };
    case 'effect.failed':
      return { failure: event.data.failure };
    default:
      return {};
  }
}

export const itemsFold: Fold<ItemRow> = {
  name: 'items',
  version: 1,
  reads: (type) => type.startsWith('item.'),
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const id = idOf(stored.stream);
    if (event.type === 'item.opened') {
      const { kind, title, run, step, effects, risk, form, body, expiresAt } = event.data;
      return one(id, {
        id,
        kind,
        title,
        run: run ?? null,
        step: step ?? null,
        effects,
        risk,
        form: form ?? null,
        body: body ?? null,
        createdAt: UTC(stored),
        expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
        status: 'open',
        snoozedUntil: null,
        end: null,
        answer: null,
      });
    }
    const row = rows.get(id);
    if (!row) return NOTHING;
    switch (event.type) {
      case 'item.changed':
        return one(id, { ...row, ...event.data });
      case 'item.snoozed':
        return one(id, {
          ...row,
          status: 'snoozed',
          snoozedUntil:
            event.data.until === undefined ? null : new Date(event.data.until).toISOString(),
        });
      case 'item.woken':
        return one(id, { ...row, status: 'open', snoozedUntil: null });
      case 'item.closed':
        return one(id, {
          ...row,
          status: 'closed',
          end: event.data.how,
          answer: event.data.answer ?? null,
        });
      default:
        return NOTHING;
    }
  },
  indexes: {
    open: (row) => (row.status === 'closed' ? undefined : row.createdAt),
    run: (row) => (row.status === 'closed' ? undefined : (row.run ?? undefined)),
    snoozed: (row) => row.snoozedUntil ?? undefined,
    topic: (row) => topicOf(row.body),
  },
};

export const controlFold: Fold<ControlRow> = {
  name: 'control',
  version: 1,
  reads: (type) =>
    [
      'company.opened',
      'mode.changed',
      'incarnation.raised',
      'commits.stopped',
      'commits.resumed',
    ].includes(type),
  keys: () => ['control'],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    if (event.type === 'company.opened') {
      const { mode, incarnation, recovery, logKey, example } = event.data;
      return one('control', {
        mode,
        incarnation,
        stopped: false,
        recovery: recovery ?? null,
        logKey: logKey ?? null,
        example: example ?? false,
        founded: UTC(stored),
      });
    }
    const row = rows.get('control');
    if (!row) return NOTHING;
    switch (event.type) {
      case 'mode.changed':
        return one('control', { ...row, mode: event.data.mode });
      case 'incarnation.raised':
        return one('control', { ...row, incarnation: event.data.incarnation });
      case 'commits.stopped':
        return one('control', { ...row, stopped: true });
      case 'commits.resumed':
        return one('control', { ...row, stopped: false });
      default:
        return NOTHING;
    }
  },
};

/** Gapless numbers: an unused one below `next` is always handed out first. */
export const seriesFold: Fold<SeriesRow> = {
  name: 'series',
  version: 1,
  reads: (type) => type.startsWith('number.'),
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const name = idOf(stored.stream);
    const row = rows.get(name) ?? { next: 1, free: [], reserved: [], used: 0 };
    switch (event.type) {
      case 'number.reserved': {
        const { number, key, until } = event.data;
        const others = row.reserved.filter((held) => held.number !== number && held.key !== key);
        const released = row.reserved
          .filter((held) => held.key === key && held.number !== number)
          .map((held) => held.number);
        return one(name, {
          ...row,
          next: Math.max(row.next, number + 1),
          free: sorted([...row.free, ...released].filter((free) => free !== number)),
          reserved: [...others, { number, key, until }],
        });
      }
      case 'number.used':
        return one(name, {
          next: Math.max(row.next, event.data.number + 1),
          free: row.free.filter((free) => free !== event.data.number),
          reserved: row.reserved.filter((held) => held.number !== event.data.number),
          used: row.used + 1,
        });
      case 'number.released':
        return one(name, {
          ...row,
          free: sorted([...row.free, event.data.number]),
          reserved: row.reserved.filter((held) => held.number !== event.data.number),
        });
      default:
        return NOTHING;
    }
  },
};

function sorted(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

export const devicesFold: Fold<DeviceRow> = {
  name: 'devices',
  version: 1,
  reads: (type) => type.startsWith('device.'),
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const id = idOf(stored.stream);
    // the door that enrolled it checked the shape
    if (event.type === 'device.enrolled') return one(id, event.data.device as DeviceRow);
    const row = rows.get(id);
    return row && event.type === 'device.revoked'
      ? one(id, { ...row, revokedAt: UTC(stored) })
      : NOTHING;
  },
};

/** Nonces of decisions that were accepted: each works once. */
export const noncesFold: Fold<NonceRow> = {
  name: 'nonces',
  version: 1,
  reads: (type) => type === 'approval.recorded',
  keys: (event) => [nonceOf(event)],
  apply: (_rows, event) => one(nonceOf(event), { at: UTC(event) }),
};

function nonceOf(event: StoredEvent): string {
  const signed = event.data.signed;
  const statement =
    typeof signed === 'object' && signed !== null && 'statement' in signed
      ? signed.statement
      : null;
  const nonce =
    typeof statement === 'object' && statement !== null && 'nonce' in statement
      ? statement.nonce
      : '';
  return String(nonce);
}

/** What a run waits for; found by time or by event without touching any run. */
export type WaitRow = {
  readonly run: Id;
  readonly step: string;
  readonly for: WaitReason;
  /** UTC ms */
  readonly until: number | null;
  readonly event: string | null;
};

export const waitsFold: Fold<WaitRow> = {
  name: 'waits',
  version: 1,
  reads: (type) => type === 'step.waiting' || type === 'step.failed' || type === 'wait.ended',
  keys: (stored) => [waitKey(stored)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const key = waitKey(stored);
    const run = idOf(stored.stream);
    if (event.type === 'step.waiting') {
      const { step, for: reason, until, event: awaited } = event.data;
      return one(key, {
        run,
        step,
        for: reason,
        until: until ?? null,
        event: awaited ? awaitedKey(awaited.type, awaited.match) : null,
      });
    }
    if (event.type === 'step.failed' && event.data.retryAt !== undefined) {
      const { step, retryAt } = event.data;
      return one(key, { run, step, for: 'retry', until: retryAt, event: null });
    }
    return rows.has(key) ? one<WaitRow>(key, null) : NOTHING;
  },
  indexes: {
    due: (row) => row.until ?? undefined,
    event: (row) => row.event ?? undefined,
  },
};

function waitKey(event: StoredEvent): string {
  return `${idOf(event.stream)}|${String(event.data.step)}`;
}

/** One text for "an event of this type, with this value at this path". */
export function awaitedKey(type: string, match?: readonly [string, Json]): string {
  return match ? `${type}|${match[0]}|${JSON.stringify(match[1])}` : `${type}|`;
}

export type PolicyRow = { readonly policy: JsonObject };

/** The policy in force; without a row it is the default one. */
export const policyFold: Fold<PolicyRow> = {
  name: 'policy',
  version: 1,
  reads: (type) => type === 'policy.changed',
  keys: () => ['policy'],
  apply: (_rows, stored) => {
    const event = asKernelEvent(stored);
    return event.type === 'policy.changed' ? one('policy', { policy: event.data.policy }) : NOTHING;
  },
};

export type DestinationRow = { readonly count: number; readonly last: string };

/** Where something went before: a card says "new" or "12th time". */
export const destinationsFold: Fold<DestinationRow> = {
  name: 'destinations',
  version: 1,
  reads: (type) => type === 'effect.committed',
  keys: (stored) => destinationsIn(stored),
  apply: (rows, stored) =>
    new Map(
      destinationsIn(stored).map((address) => [
        address,
        { count: (rows.get(address)?.count ?? 0) + 1, last: UTC(stored) },
      ]),
    ),
};

function destinationsIn(stored: StoredEvent): readonly string[] {
  const event = asKernelEvent(stored);
  if (event.type !== 'effect.committed') return [];
  return [...new Set(event.data.to.map((address) => normaliseAddress(address) ?? address))];
}

export const KERNEL_FOLDS = [
  destinationsFold,
  runsFold,
  effectsFold,
  itemsFold,
  controlFold,
  seriesFold,
  devicesFold,
  noncesFold,
  waitsFold,
  policyFold,
  schedulesFold,
  ...TRUST_FOLDS,
] as const;

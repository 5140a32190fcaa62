import { type Id, LIMITS } from '../../base/index.ts';
import type { Grant, StoredEvent } from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import {
  coversCapability,
  DEFAULT_POLICY,
  type DecisionFacts,
  type GrantUsage,
  normaliseAddress,
  type PastDeed,
  type Policy,
  readPolicy,
  type UnreadablePolicy,
} from '../../policy/index.ts';
import { asKernelEvent, type KernelEvents, type KernelEventType } from '../events.ts';
import type { RecordStore } from '../record-reads.ts';
import { type GrantRow, type GrantUseRow, grantsFold, grantUseFold } from './grant-folds.ts';
import { zoneOf } from './judge.ts';

/** deeds that are handed back at most, the newest ones: a year of a busy company */
const DEEDS = 10_000;

const TYPES: readonly KernelEventType[] = [
  'policy.changed',
  'effect.finalised',
  'effect.committing',
  'effect.committed',
  'rate.used',
  'grant.written',
  'grant.suspended',
  'grant.resumed',
  'grant.revoked',
  'grant.used',
];

export interface PastDeeds {
  readonly deeds: readonly JudgedDeed[];
  /** how many came before those and are not among them */
  readonly earlier: number;
}

/** A deed with what was decided about it, and by which policy. */
export interface JudgedDeed extends PastDeed {
  readonly seq: number;
  readonly run: Id;
  readonly step: string;
  readonly policy: Policy | UnreadablePolicy;
  /** a refused one was never prepared, so it is not among them */
  readonly verdict: 'allow' | 'ask';
  /** the operator made it of another one: that is asked even where a grant would allow it */
  readonly isEdit: boolean;
}

export interface PastPorts {
  readonly log: Pick<Log, 'read' | 'company'>;
  readonly records: RecordStore;
}

/** What one judged by at a moment of the past. */
export interface PastMoment {
  readonly policy: Policy | UnreadablePolicy;
  readonly grants: readonly Grant[];
  readonly facts: Omit<DecisionFacts, 'incarnation' | 'agent' | 'playbook' | 'act'>;
}

/** The moments right after these places of the log; one walk through it, however many there are. */
export async function pastMoments(
  { log, records }: PastPorts,
  places: readonly { readonly seq: number; readonly at: number }[],
): Promise<ReadonlyMap<number, PastMoment>> {
  const world = createPastWorld(await zoneOf(records, log.company));
  const moments = new Map<number, PastMoment>();
  const open = places.toSorted((a, b) => b.seq - a.seq);
  const passUpTo = (seq: number): void => {
    for (let next = open.at(-1); next && next.seq < seq; next = open.at(-1)) {
      moments.set(next.seq, world.momentAt(next.seq, next.at));
      open.pop();
    }
  };
  for (let after = 0; open.length > 0; ) {
    const events = await log.read({ after, limit: LIMITS.pageRows, types: [...TYPES] });
    for (const stored of events) {
      passUpTo(stored.seq);
      if (!stored.erased) world.take(stored);
    }
    const last = events[events.length - 1];
    if (!last || events.length < LIMITS.pageRows) passUpTo(Number.POSITIVE_INFINITY);
    else after = last.seq;
  }
  return moments;
}

/**
 * Every effect of the past as it was first proposed, with what was known at that very moment: the
 * grants that were alive and what was left of them, the addresses written to before, the starts that
 * rates count. Those after `sinceSeq`, the `newest` of them; what was before still counts as known.
 */
export async function pastDeeds(
  ports: PastPorts,
  { sinceSeq = 0, newest = DEEDS }: { readonly sinceSeq?: number; readonly newest?: number },
): Promise<PastDeeds> {
  const seen = new Set<string>();
  let count = 0;
  const deeds: JudgedDeed[] = [];
  for await (const deed of proposals(ports)) {
    if (seen.has(deed.id)) continue;
    seen.add(deed.id);
    if (deed.seq <= sinceSeq) continue;
    count += 1;
    deeds.push(deed);
    if (deeds.length === 2 * newest) deeds.splice(0, newest);
  }
  const last = deeds.slice(-newest);
  return { deeds: last, earlier: count - last.length };
}

/** Every proposal of a run, oldest first: what was prepared again was judged again. */
export async function* proposalsOf(ports: PastPorts, run: Id): AsyncIterable<JudgedDeed> {
  for await (const deed of proposals(ports)) if (deed.run === run) yield deed;
}

async function* proposals({ log, records }: PastPorts): AsyncIterable<JudgedDeed> {
  const world = createPastWorld(await zoneOf(records, log.company));
  for (let after = 0; ; ) {
    const events = await log.read({ after, limit: LIMITS.pageRows, types: [...TYPES] });
    for (const stored of events) {
      const deed = stored.erased ? undefined : world.take(stored);
      if (deed) yield deed;
    }
    const last = events[events.length - 1];
    if (!last || events.length < LIMITS.pageRows) return;
    after = last.seq;
  }
}

/** The world as the log tells it, event by event. What it handed out never changes afterwards. */
function createPastWorld(zone: string) {
  const knownSince = new Map<string, number>();
  const starts: { readonly at: number; readonly capability: string }[] = [];
  const rows = new Map<string, GrantRow>();
  const uses = new Map<string, GrantUseRow>();
  let policy: Policy | UnreadablePolicy = DEFAULT_POLICY;
  let grants: readonly Grant[] = [];
  let usage: ReadonlyMap<Id, GrantUsage> = new Map();

  function momentAt(seq: number, nowMs: number): PastMoment {
    const [spent, begun] = [usage, starts.length];
    return {
      policy,
      grants,
      facts: {
        nowMs,
        zone,
        isKnownDestination: (address) =>
          (knownSince.get(normaliseAddress(address)) ?? Number.POSITIVE_INFINITY) < seq,
        usageOf: (grant) => spent.get(grant),
        startsOf: ({ capability, perMs }) => {
          let count = 0;
          for (let index = begun - 1; index >= 0; index--) {
            const start = starts[index];
            if (!start || start.at <= nowMs - perMs) break;
            if (coversCapability(capability, start.capability)) count += 1;
          }
          return count;
        },
      },
    };
  }

  function deedOf(stored: StoredEvent, data: KernelEvents['effect.finalised']): JudgedDeed {
    const { effect, inputLabels, on, item, edits } = data;
    const moment = momentAt(stored.seq, stored.at);
    return {
      id: effect.key,
      seq: stored.seq,
      run: effect.run,
      isEdit: edits !== undefined,
      step: effect.item === '' ? effect.step : `${effect.step}/${effect.item}`,
      policy: moment.policy,
      verdict: item === '' ? 'allow' : 'ask', // what a grant covers is on no card
      deed: effect,
      labels: inputLabels,
      grants: moment.grants,
      facts: {
        ...moment.facts,
        incarnation: effect.incarnation,
        agent: on.agent,
        ...(on.playbook === undefined ? {} : { playbook: on.playbook }),
        act: on.act,
      },
    };
  }

  return {
    momentAt,
    take: (stored: StoredEvent): JudgedDeed | undefined => {
      const event = asKernelEvent(stored);
      switch (event.type) {
        case 'effect.finalised':
          return deedOf(stored, event.data);
        case 'policy.changed':
          policy = readPolicy(event.data.policy);
          return undefined;
        case 'effect.committing':
          starts.push({ at: stored.at, capability: event.data.capability });
          return undefined;
        case 'rate.used':
          if (event.data.counts) starts.push({ at: stored.at, capability: event.data.capability });
          return undefined;
        case 'effect.committed':
          for (const address of event.data.to) {
            const normal = normaliseAddress(address);
            if (!knownSince.has(normal)) knownSince.set(normal, stored.seq);
          }
          return undefined;
        case 'grant.used':
          for (const [id, row] of grantUseFold.apply(uses, stored)) if (row) uses.set(id, row);
          usage = new Map([...uses].map(([id, row]) => [id, row.usage]));
          return undefined;
        default:
          for (const [id, row] of grantsFold.apply(rows, stored)) if (row) rows.set(id, row);
          grants = [...rows.values()].map(({ grant }) => grant);
          return undefined;
      }
    },
  };
}

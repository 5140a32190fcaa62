import { type Id, isJsonObject, type Json } from '../../base/index.ts';
import type { EffectKey } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent, type ItemEnd, type ItemKind, type Risk } from '../events.ts';
import { idOf, NOTHING, one, UTC } from './rows.ts';

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
  /** the event that brings it back: its type, with the stream where only that one counts */
  readonly snoozedFor: string | null;
  /** seq of the event that put it off */
  readonly snoozedAt: number | null;
  readonly end: ItemEnd | null;
  /** why it was closed, where its end does not say it */
  readonly because: string | null;
  readonly answer: Json;
};

const AWAKE = { snoozedUntil: null, snoozedFor: null, snoozedAt: null } as const;

export const itemsFold: Fold<ItemRow> = {
  name: 'items',
  version: 5,
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
        ...AWAKE,
        end: null,
        because: null,
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
          snoozedFor: event.data.event ?? null,
          snoozedAt: stored.seq,
        });
      case 'item.woken':
        return one(id, { ...row, ...AWAKE, status: 'open' });
      case 'item.closed':
        return one(id, {
          ...row,
          status: 'closed',
          end: event.data.how,
          because: event.data.because ?? null,
          answer: event.data.answer ?? null,
        });
      default:
        return NOTHING;
    }
  },
  indexes: {
    /** the gravest first, then the oldest, then as it stands in its plan; `awake` without what was put off */
    open: (row) => (row.status === 'closed' ? undefined : urgency(row)),
    awake: (row) => (row.status === 'open' ? urgency(row) : undefined),
    /** of one run between `ofRun`, the oldest first */
    run: (row) => (row.status === 'closed' || row.run === null ? undefined : sinceOf(row)),
    snoozed: (row) => (row.status === 'snoozed' ? (row.snoozedUntil ?? undefined) : undefined),
    awaits: (row) => (row.status === 'snoozed' ? (row.snoozedFor ?? undefined) : undefined),
    topic: (row) => topicOf(row.body),
  },
};

const URGENCY = { high: 0, medium: 1, low: 2 } as const;

type Place = Pick<ItemRow, 'createdAt' | 'run' | 'step'>;

/** Where it stands among everything that waits, whatever became of it. */
export function urgency({ risk, ...place }: Place & Pick<ItemRow, 'risk'>): string {
  return `${URGENCY[risk]}|${place.createdAt}|${place.run ?? ''}|${placeInPlan(place.step)}`;
}

/** The bounds of the index `run` for one run. */
export function ofRun(run: Id): { readonly from: string; readonly to: string } {
  return { from: `${run}|`, to: `${run}}` }; // the character after the bar
}

function sinceOf({ run, createdAt, step }: Place): string {
  return `${run ?? ''}|${createdAt}|${placeInPlan(step)}`;
}

/** digits of the greatest number of an item or round; more than `PLAN_LIMITS` lets in */
const PLACES = 9;

/** `each/2/ask` comes before `each/10/ask`, though as a text it would not. */
function placeInPlan(step: string | null): string {
  return (step ?? '').replaceAll(/(?<=\/)\d+(?=\/)/g, (index) => index.padStart(PLACES, '0'));
}

/** What a question without a run is about, so that it is asked once. */
function topicOf(body: Json): string | undefined {
  return isJsonObject(body) && typeof body.topic === 'string' ? body.topic : undefined;
}

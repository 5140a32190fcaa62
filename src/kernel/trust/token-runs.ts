import type { Id } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { idOf, NOTHING, one, UTC } from '../folds/rows.ts';
import type { KernelPorts } from '../ports.ts';
import type { Bearer } from './tokens.ts';

/** A run that a token asked for. */
export type TokenRunRow = {
  /** as the log says it: `agent:<token>` */
  readonly by: string;
  readonly at: string;
  readonly isOver: boolean;
};

/** Runs of one token that are not over: each may hold a card, a question and work in its name. */
const OPEN_RUNS = 20;
/** Runs that one token may ask for in an hour: one a minute is more than a person can look at. */
const RUNS_AN_HOUR = 60;
const HOUR_MS = 3_600_000;

/** What tokens asked for, so that each can be held to its share, after a restart too. */
export const tokenRunsFold: Fold<TokenRunRow> = {
  name: 'token-runs',
  version: 1,
  reads: (type) => type === 'intent.recorded' || type === 'run.finished' || type === 'run.resumed',
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const id = idOf(stored.stream);
    if (event.type === 'intent.recorded') {
      return isBearer(stored.by)
        ? one(id, { by: stored.by, at: UTC(stored), isOver: false })
        : NOTHING;
    }
    const row = rows.get(id);
    return row ? one(id, { ...row, isOver: event.type === 'run.finished' }) : NOTHING;
  },
  indexes: {
    open: (row) => (row.isOver ? undefined : row.by),
    asked: (row) => `${row.by} ${row.at}`,
  },
};

/** How a token stands in the log. */
export function nameOf({ holder, token }: Pick<Bearer, 'holder' | 'token'>): string {
  return `${holder}:${token}`;
}

function isBearer(by: string): boolean {
  return by.startsWith('agent:') || by.startsWith('worker:');
}

/** True for a run that this very token asked for. */
export async function askedFor({ log }: Pick<KernelPorts, 'log'>, bearer: Bearer, run: Id) {
  return (await log.fold(tokenRunsFold).get(run))?.by === nameOf(bearer);
}

/** Fails with `rate_limited` for a token that asked for too much, or has too much under way. */
export async function refuseFlood(
  { log, clock }: Pick<KernelPorts, 'log' | 'clock'>,
  bearer: Bearer,
): Promise<void> {
  const rows = log.fold(tokenRunsFold);
  const by = nameOf(bearer);
  const facts = { token: bearer.token };
  const open = await rows.list({ index: 'open', equals: by, limit: OPEN_RUNS });
  if (open.length >= OPEN_RUNS) {
    throw failure(
      'rate_limited',
      `The token "${bearer.name}" has ${OPEN_RUNS} runs that are not over.`,
      { ...facts, openRuns: OPEN_RUNS },
      'Wait until some of them are over. The operator sees and ends them: steward runs',
    );
  }
  const now = clock.now();
  const from = `${by} ${new Date(now - HOUR_MS).toISOString()}`;
  const recent = await rows.list({ index: 'asked', from, to: `${by}!`, limit: RUNS_AN_HOUR });
  const [oldest] = recent;
  if (!oldest || recent.length < RUNS_AN_HOUR) return;
  throw failure(
    'rate_limited',
    `The token "${bearer.name}" asked for ${RUNS_AN_HOUR} runs within an hour.`,
    { ...facts, retryAfterMs: Math.max(1_000, Date.parse(oldest.row.at) + HOUR_MS - now) },
  );
}

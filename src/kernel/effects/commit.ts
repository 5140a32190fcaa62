import { toTimestamp } from '../../base/index.ts';
import {
  type CommitPorts,
  type Connector,
  commitInTime,
  probeInTime,
} from '../../connect/index.ts';
import {
  type Effect,
  type Failure,
  failure,
  type Receipt,
  toFailure,
} from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import { asKernelEvent, fact } from '../events.ts';
import { type EffectRow, effectsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import type { JudgePorts } from '../trust/judge.ts';
import { type Recheck, recheckEffect } from '../trust/recheck.ts';
import { fetchOf } from './outside.ts';

/** What committing needs: it judges once more by what holds now. */
export type CommittingPorts = JudgePorts;

/** What became of a try to commit; the runner tells the step and the log. */
export type CommitResult =
  | { readonly status: 'committed'; readonly receipt: Receipt; readonly effect: Effect }
  | { readonly status: 'failed'; readonly failure: Failure; readonly retryAfterMs?: number }
  | { readonly status: 'stale'; readonly because: string }
  | { readonly status: 'denied'; readonly reasons: readonly string[] }
  | { readonly status: 'unknown'; readonly message: string };

/** The effect as it was finalised, with everything that was shown of it. */
export async function readEffect(ports: Pick<KernelPorts, 'log'>, row: EffectRow) {
  const [stored] = await ports.log.readStream(`effect/${row.key}`, {
    after: row.finalisedVersion - 1,
    limit: 1,
  });
  const event = stored && asKernelEvent(stored);
  if (event?.type === 'effect.finalised') return event.data;
  throw failure('not_found', 'This effect is not in the log.', { key: row.key });
}

/**
 * The one way out. Checks again everything that must hold, in the very append that says it begins,
 * then hands the exact bytes to the connector. After a crash or a lost answer it probes by key, and
 * never repeats blindly.
 */
export async function commitEffect(ports: CommittingPorts, row: EffectRow): Promise<CommitResult> {
  const { effect } = await readEffect(ports, row);
  const connector = ports.registry.connector(effect.connector);
  if (!connector) {
    const reason = failure('unknown_capability', `The connection "${effect.connector}" is gone.`);
    return { status: 'failed', failure: reason };
  }
  if (row.status === 'committing' || row.status === 'unknown')
    return look(ports, connector, effect, row);
  const begun = await begin(ports, row);
  return begun ?? attempt(ports, connector, effect, row);
}

/** Looks what became of a commit that was under way when the process ended. */
async function look(
  ports: CommittingPorts,
  connector: Connector,
  effect: Effect,
  row: EffectRow,
): Promise<CommitResult> {
  const found = await probed(ports, connector, effect, row);
  if (found) return found;
  const refused = refusal(await recheckEffect(ports, row, await readEffect(ports, row)));
  return refused ?? attempt(ports, connector, effect, row);
}

/** What the other side says of a commit that was begun; undefined when it provably did not happen. */
async function probed(
  ports: CommittingPorts,
  connector: Connector,
  effect: Effect,
  row: EffectRow,
): Promise<CommitResult | undefined> {
  const probe = await probeInTime(connector, effect, portsOf(ports, connector));
  switch (probe.status) {
    case 'committed':
      return { status: 'committed', effect, receipt: receiptOf(ports, effect, row, probe.receipt) };
    case 'cannot-tell':
      return { status: 'unknown', message: probe.message };
    case 'not-committed':
      return undefined;
  }
}

/**
 * What became of a commit that was under way when its run had ended and the process did too. It is
 * looked at and never done again: nobody wants it any more.
 */
export async function probeEnded(ports: CommittingPorts, row: EffectRow): Promise<CommitResult> {
  const { effect } = await readEffect(ports, row);
  const connector = ports.registry.connector(effect.connector);
  if (!connector) {
    return { status: 'unknown', message: `The connection "${effect.connector}" is gone.` };
  }
  const because = 'It was not done, and the run that wanted it is over.';
  return (await probed(ports, connector, effect, row)) ?? { status: 'stale', because };
}

/** Rounds of checking when what was checked moved meanwhile: parallel uses of one grant do that. */
const CHECK_ROUNDS = 200;

/**
 * The barrier append that says it begins, with everything that was checked as its condition; the
 * answer is why it may not. What a grant allows is used up in this very append.
 */
async function begin(ports: CommittingPorts, row: EffectRow): Promise<CommitResult | undefined> {
  const finalised = await readEffect(ports, row);
  const { effect } = finalised;
  const stream = `effect/${effect.key}`;
  const holds = row.holds.map(
    (hold): StreamAppend => ({ stream: hold.stream, expectedVersion: hold.version, events: [] }),
  );
  const own = new Set([stream, ...holds.map((hold) => hold.stream)]);
  for (let round = 1; ; round++) {
    const version = await ports.log.streamVersion(stream);
    const current = await ports.log.fold(effectsFold).get(effect.key);
    if (current?.hash !== row.hash || !['approved', 'held', 'failed'].includes(current.status)) {
      return { status: 'stale', because: 'This effect was changed meanwhile.' };
    }
    const checked = await recheckEffect(ports, row, finalised);
    if (checked.status !== 'clear') return refusal(checked);
    const committing = fact(
      'effect.committing',
      { hash: row.hash, attempt: row.attempts + 1, capability: effect.capability },
      { run: effect.run },
    );
    const begins = { stream, expectedVersion: version, events: [committing] };
    try {
      await ports.log.append([begins, ...holds, ...checked.appends], { barrier: true });
      return undefined;
    } catch (error) {
      const problem = toFailure(error);
      const moved = String(problem.facts.stream ?? '');
      if (problem.code !== 'version_conflict') return { status: 'failed', failure: problem };
      if (own.has(moved) || round >= CHECK_ROUNDS) {
        return { status: 'stale', because: staleWords(moved) };
      }
    }
  }
}

/** A last look that was not clear, as the runner understands it. */
function refusal(checked: Recheck): CommitResult | undefined {
  switch (checked.status) {
    case 'clear':
      return undefined;
    case 'refused': {
      const { code, message, remedy, retryAfterMs } = checked;
      const facts = retryAfterMs === undefined ? {} : { retryAfterMs };
      const problem = failure(code, message, facts, remedy);
      return { status: 'failed', failure: problem, ...facts };
    }
    default:
      return checked;
  }
}

async function attempt(
  ports: KernelPorts,
  connector: Connector,
  effect: Effect,
  row: EffectRow,
): Promise<CommitResult> {
  const outcome = await commitInTime(connector, effect, portsOf(ports, connector));
  switch (outcome.status) {
    case 'committed':
      return {
        status: 'committed',
        effect,
        receipt: receiptOf(ports, effect, row, outcome.receipt),
      };
    case 'refused':
      return { status: 'failed', failure: failure(outcome.code, outcome.message) };
    case 'later':
      return {
        status: 'failed',
        failure: failure('remote_unavailable', outcome.message, {
          retryAfterMs: outcome.retryAfterMs,
        }),
        retryAfterMs: outcome.retryAfterMs,
      };
    case 'unknown': {
      const probe = await probeInTime(connector, effect, portsOf(ports, connector));
      if (probe.status === 'committed') {
        return {
          status: 'committed',
          effect,
          receipt: receiptOf(ports, effect, row, probe.receipt),
        };
      }
      if (probe.status === 'not-committed') {
        return {
          status: 'failed',
          failure: failure('remote_unavailable', outcome.message, {}),
          retryAfterMs: 0,
        };
      }
      return { status: 'unknown', message: outcome.message };
    }
  }
}

function portsOf(ports: KernelPorts, connector: Connector): Omit<CommitPorts, 'signal'> {
  const { blobs, clock } = ports;
  return { blob: blobs.get, nowMs: clock.now, fetch: fetchOf(ports, connector) };
}

function receiptOf(
  ports: KernelPorts,
  effect: Effect,
  row: EffectRow,
  said: { readonly said: string; readonly provider: Receipt['provider'] },
): Receipt {
  return {
    key: effect.key,
    hash: row.hash,
    simulated: effect.mode === 'sandbox',
    said: said.said,
    provider: said.provider,
    at: toTimestamp(ports.clock.now()),
  };
}

/** `party/x` changed: in words that say which. */
export function staleWords(stream: string): string {
  const [type = '', id = ''] = stream.split('/');
  return `The ${type.replace('-', ' ')} it relies on was changed since (${id}).`;
}

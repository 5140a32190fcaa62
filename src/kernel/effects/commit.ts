import { toTimestamp } from '../../base/index.ts';
import type { CommitPorts, Connector, Outcome } from '../../connect/index.ts';
import {
  type Effect,
  type Failure,
  failure,
  type Receipt,
  toFailure,
} from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import { asKernelEvent, fact } from '../events.ts';
import { controlFold, type EffectRow, effectsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import { contractHash } from './contract-hash.ts';

/** What became of a try to commit; the runner tells the step and the log. */
export type CommitResult =
  | { readonly status: 'committed'; readonly receipt: Receipt; readonly effect: Effect }
  | { readonly status: 'failed'; readonly failure: Failure; readonly retryAfterMs?: number }
  | { readonly status: 'stale'; readonly because: string }
  | { readonly status: 'unknown'; readonly message: string };

/** The effect as it was finalised, with everything that was shown of it. */
export async function readEffect(ports: KernelPorts, row: EffectRow) {
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
export async function commitEffect(ports: KernelPorts, row: EffectRow): Promise<CommitResult> {
  const { effect } = await readEffect(ports, row);
  const connector = ports.registry.connector(effect.connector);
  if (!connector) {
    const reason = failure('unknown_capability', `The connection "${effect.connector}" is gone.`);
    return { status: 'failed', failure: reason };
  }
  if (row.status === 'committing' || row.status === 'unknown')
    return look(ports, connector, effect, row);
  const refused = await refusalOf(ports, effect, row);
  if (refused) return refused;
  try {
    await begin(ports, effect, row);
  } catch (error) {
    const problem = toFailure(error);
    if (problem.code !== 'version_conflict') return { status: 'failed', failure: problem };
    return { status: 'stale', because: staleWords(String(problem.facts.stream ?? '')) };
  }
  return attempt(ports, connector, effect, row);
}

/** Looks what became of a commit that was under way when the process ended. */
async function look(
  ports: KernelPorts,
  connector: Connector,
  effect: Effect,
  row: EffectRow,
): Promise<CommitResult> {
  const probe = await connector
    .probe(effect, commitPorts(ports, connector))
    .catch((error: unknown) => ({
      status: 'cannot-tell' as const,
      message: toFailure(error).message,
    }));
  switch (probe.status) {
    case 'committed':
      return { status: 'committed', effect, receipt: receiptOf(ports, effect, row, probe.receipt) };
    case 'cannot-tell':
      return { status: 'unknown', message: probe.message };
    case 'not-committed': {
      const refused = await refusalOf(ports, effect, row);
      return refused ?? attempt(ports, connector, effect, row);
    }
  }
}

/** Why it may not be committed any more; undefined when everything still holds. */
async function refusalOf(
  ports: KernelPorts,
  effect: Effect,
  row: EffectRow,
): Promise<CommitResult | undefined> {
  const control = await ports.log.fold(controlFold).get('control');
  const entry = ports.registry.find(effect.capability);
  const no = (code: 'denied' | 'not_possible', message: string, remedy: string): CommitResult => ({
    status: 'failed',
    failure: failure(code, message, { key: effect.key }, remedy),
  });
  if (!control || control.mode === 'off' || control.stopped || ports.stopped()) {
    return no(
      'not_possible',
      'Everything that goes out is stopped right now.',
      'Let it go on with: steward resume, then retry.',
    );
  }
  if (control.mode !== effect.mode) {
    return {
      status: 'stale',
      because: `It was approved for ${effect.mode} mode; the company is in ${control.mode} mode.`,
    };
  }
  if (control.incarnation !== effect.incarnation) {
    return { status: 'stale', because: 'The company was restored since it was approved.' };
  }
  if (Date.parse(effect.expires) <= ports.clock.now()) {
    return { status: 'stale', because: 'The approval has expired.' };
  }
  if (!entry || contractHash(entry.contract) !== effect.contract) {
    return {
      status: 'stale',
      because: 'What this capability promises has changed since it was approved.',
    };
  }
  if (row.approval === null && row.grant === null) {
    return no('denied', 'Nobody approved this.', 'Approve it in the inbox.');
  }
  return undefined;
}

/** The barrier append that says it begins. Fails with `version_conflict` when something changed. */
async function begin(ports: KernelPorts, effect: Effect, row: EffectRow): Promise<void> {
  const stream = `effect/${effect.key}`;
  const version = await ports.log.streamVersion(stream);
  const current = await ports.log.fold(effectsFold).get(effect.key);
  if (current?.hash !== row.hash || !['approved', 'held', 'failed'].includes(current.status)) {
    throw failure('version_conflict', 'This effect was changed meanwhile.', { stream });
  }
  const holds = row.holds.map(
    (hold): StreamAppend => ({ stream: hold.stream, expectedVersion: hold.version, events: [] }),
  );
  const committing = fact(
    'effect.committing',
    { hash: row.hash, attempt: row.attempts + 1 },
    { run: effect.run },
  );
  await ports.log.append([{ stream, expectedVersion: version, events: [committing] }, ...holds], {
    barrier: true,
  });
}

async function attempt(
  ports: KernelPorts,
  connector: Connector,
  effect: Effect,
  row: EffectRow,
): Promise<CommitResult> {
  const outcome = await connector
    .commit(effect, commitPorts(ports, connector))
    .catch((error: unknown): Outcome => ({ status: 'unknown', message: toFailure(error).message }));
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
      const probe = await connector
        .probe(effect, commitPorts(ports, connector))
        .catch((error: unknown) => ({
          status: 'cannot-tell' as const,
          message: toFailure(error).message,
        }));
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

function commitPorts(ports: KernelPorts, connector: Connector): CommitPorts {
  const timeoutMs = Math.max(...connector.contracts.map((contract) => contract.timeoutMs), 1_000);
  return {
    blob: ports.blobs.get,
    nowMs: ports.clock.now,
    signal: AbortSignal.timeout(timeoutMs),
  };
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

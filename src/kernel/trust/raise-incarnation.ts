import type { Id } from '../../base/index.ts';
import { failure, OPERATOR } from '../../contract/index.ts';
import { isApproved } from '../effects/lifecycle.ts';
import { fact } from '../events.ts';
import { controlFold, type EffectRow, effectsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';

/**
 * Effects that one restore puts aside in its own append. The others are void as well: they carry the
 * incarnation before it, and the last look before a commit compares it.
 */
const PUT_ASIDE = 1_000;

/**
 * A restore begins another life: every open approval and grant is void, every connector is off until
 * the operator signs otherwise, and what was on its way is probed or asked. Answers the runs that must
 * look again.
 */
export async function raiseIncarnation(
  ports: Pick<KernelPorts, 'log'>,
  because: string,
): Promise<{ readonly incarnation: number; readonly runs: readonly Id[] }> {
  const { log } = ports;
  const version = await log.streamVersion('control');
  const control = await log.fold(controlFold).get('control');
  if (!control) throw failure('no_company', 'There is no company yet.');
  const incarnation = control.incarnation + 1;
  const runs = new Set<Id>();
  const open: EffectRow[] = [];
  for await (const { row } of log.fold(effectsFold).every({ index: 'flight' })) {
    runs.add(row.run);
    if (isApproved(row.status) && open.length < PUT_ASIDE) open.push(row);
  }
  const aside = await Promise.all(
    open.map(async ({ key, run }) => ({
      stream: `effect/${key}`,
      expectedVersion: await log.streamVersion(`effect/${key}`),
      events: [fact('effect.stale', { because: 'The company was restored since.' }, { run })],
    })),
  );
  const raised = fact('incarnation.raised', { incarnation, because });
  await log.append([{ stream: 'control', expectedVersion: version, events: [raised] }, ...aside], {
    barrier: true,
  });
  return { incarnation, runs: [...runs] };
}

/** The switch: nothing goes out from now on. Needs no signature; going on does. */
export async function stopCommits(
  { log }: Pick<KernelPorts, 'log'>,
  because: string,
  by: string,
): Promise<void> {
  const stopped = fact('commits.stopped', { because }, { by, label: OPERATOR });
  await log.append([{ stream: 'control', expectedVersion: 'any', events: [stopped] }], {
    barrier: true,
  });
}

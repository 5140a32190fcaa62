import type { Id } from '../../base/index.ts';
import { failure, OPERATOR } from '../../contract/index.ts';
import { fact } from '../events.ts';
import { controlFold, effectsFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';

/** Effects that one restore puts aside in a single append. */
const PAGE = 1_000;

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
  const flight = await log.fold(effectsFold).list({ index: 'flight', limit: PAGE });
  const open = flight.filter(({ row }) => row.status === 'approved' || row.status === 'held');
  const aside = await Promise.all(
    open.map(async ({ key, row }) => ({
      stream: `effect/${key}`,
      expectedVersion: await log.streamVersion(`effect/${key}`),
      events: [
        fact('effect.stale', { because: 'The company was restored since.' }, { run: row.run }),
      ],
    })),
  );
  const raised = fact('incarnation.raised', { incarnation, because });
  await log.append([{ stream: 'control', expectedVersion: version, events: [raised] }, ...aside], {
    barrier: true,
  });
  return { incarnation, runs: [...new Set(flight.map(({ row }) => row.run))] };
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

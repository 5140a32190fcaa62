import type { Id } from '../../base/index.ts';
import type { Log } from '../../log/index.ts';
import { decide } from '../../policy/index.ts';
import { effectsFold } from '../folds.ts';
import { type PastPorts, proposalsOf } from '../trust/past-deeds.ts';
import type { Divergence } from './divergence.ts';

/**
 * What policy said of a run's effects, each time that one was prepared, judged again by the policy, the
 * grants and the facts of that moment. The first about which it says something else; undefined when there is none. Reads
 * the log from its beginning, for runs with effects only.
 */
export async function checkVerdicts(
  ports: PastPorts & { readonly log: Pick<Log, 'fold'> },
  run: Id,
): Promise<Divergence | undefined> {
  const [any] = await ports.log.fold(effectsFold).list({ index: 'run', equals: run, limit: 1 });
  if (!any) return undefined;
  for await (const past of proposalsOf(ports, run)) {
    const { verdict, reasons } = decide(
      past.deed,
      past.labels,
      past.grants,
      past.policy,
      past.facts,
    );
    const isAsked = past.isEdit && verdict === 'allow';
    if (verdict === past.verdict || isAsked) continue;
    return {
      step: past.step,
      seq: past.seq,
      said: `By what held then, policy says ${verdict} now.`,
      expected: { verdict: past.verdict },
      found: { verdict, reasons: reasons.map(({ because }) => because) },
    };
  }
  return undefined;
}

import type { Registry } from '../../agent/index.ts';
import { type Id, isJsonObject, type Json } from '../../base/index.ts';
import { capabilityRef, type Label, type Labelled } from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import { decide, type Verdict } from '../../policy/index.ts';
import { steeringArguments } from '../effects/finalise.ts';
import { controlFold, type RunRow } from '../folds.ts';
import { type PastMoment, type PastPorts, pastMoments } from '../trust/past-deeds.ts';
import type { Recording } from './recording.ts';
import type { EffectFacts } from './simulate.ts';

/** Says what policy would have said of an effect that a simulated run comes to. */
export type JudgePast = (
  facts: EffectFacts,
  input: Labelled<Json>,
  /** where the decision to do it came from */
  act: Label,
  /** what was asked or allowed then, when this very effect was prepared */
  recorded: { readonly item: Id } | undefined,
) => Verdict;

export interface VerdictPorts extends PastPorts {
  readonly log: PastPorts['log'] & Pick<Log, 'fold'>;
  readonly registry: Pick<Registry, 'find'>;
}

/**
 * For every run the policy, grants and facts of the moment it began. An effect that was prepared then is
 * believed; one that never was is judged by them, with the addresses its arguments name.
 */
export async function pastVerdicts(
  { log, records, registry }: VerdictPorts,
  rows: readonly RunRow[],
): Promise<(row: RunRow, recording: Recording) => JudgePast> {
  const places = rows.map(({ startSeq, startedAt }) => ({
    seq: startSeq,
    at: Date.parse(startedAt),
  }));
  const moments = await pastMoments({ log, records }, places);
  const control = await log.fold(controlFold).get('control');
  return (row, recording) => {
    const moment = moments.get(row.startSeq);
    const [first] = [...recording.effects.values()].flat();
    const { mode, incarnation } = first?.data.effect ?? {
      mode: control?.mode ?? 'off',
      incarnation: control?.incarnation ?? 0,
    };
    return (facts, input, act, recorded) => {
      if (recorded) return recorded.item === '' ? 'allow' : 'ask';
      const contract = registry.find(facts.capability)?.contract;
      if (!moment || !contract || !isJsonObject(input.value)) return 'ask';
      const deed = {
        ...{ class: contract.effect, capability: capabilityRef(contract), mode, incarnation },
        ...{ to: facts.to, amount: facts.amount },
        arguments: steeringArguments(contract, { ...input, value: input.value }),
        ...(contract.connector === undefined ? {} : { connector: contract.connector }),
      };
      return verdictAt(moment, deed, input, {
        ...{ incarnation, agent: 'kernel', act },
        ...(row.playbook === null ? {} : { playbook: row.playbook }),
      });
    };
  };
}

function verdictAt(
  { policy, grants, facts }: PastMoment,
  deed: Parameters<typeof decide>[0],
  { labels }: Labelled<Json>,
  who: Pick<Parameters<typeof decide>[4], 'incarnation' | 'agent' | 'playbook' | 'act'>,
): Verdict {
  return decide(deed, labels, grants, policy, { ...facts, ...who }).verdict;
}

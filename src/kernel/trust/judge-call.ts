import { atPath, type Json } from '../../base/index.ts';
import {
  type CapabilityContract,
  capabilityRef,
  type EffectArgument,
  type Failure,
  failure,
  type Label,
  type Labelled,
  labelWithin,
} from '../../contract/index.ts';
import { type Deed, decide } from '../../policy/index.ts';
import { controlFold } from '../folds.ts';
import { policyNow } from '../policy-now.ts';
import type { KernelPorts } from '../ports.ts';

/**
 * Why a call that stays inside, or only reads outside, may not happen: an address that outside text
 * chose and whose host is not listed, a rule of the policy, a policy that cannot be read. Undefined
 * when it may. What only computes or reads our own books is limited by its contract's fields instead.
 */
export async function callRefusal(
  ports: Pick<KernelPorts, 'log' | 'clock' | 'stopped'>,
  contract: CapabilityContract,
  input: Labelled<Json>,
  act: Label,
): Promise<Failure | undefined> {
  if (contract.effect !== 'fetch' && contract.effect !== 'record') return undefined;
  const control = await ports.log.fold(controlFold).get('control');
  const deed = toDeed(contract, input, control?.mode ?? 'off');
  const decision = decide(deed, input.labels, [], await policyNow(ports.log), {
    nowMs: ports.clock.now(),
    zone: 'UTC',
    incarnation: control?.incarnation ?? 0,
    agent: capabilityRef(contract),
    act,
    isKnownDestination: () => false,
    usageOf: () => undefined,
    startsOf: () => 0,
    stopped: (control?.stopped ?? true) || ports.stopped(),
  });
  if (decision.verdict === 'allow') return undefined;
  const against = decision.reasons.filter(
    ({ rule, verdict }) => verdict === decision.verdict && rule !== 'result',
  );
  return failure(
    'denied',
    against.map(({ because }) => because).join(' '),
    { capability: capabilityRef(contract), to: [...deed.to] },
    contract.effect === 'fetch'
      ? 'Look at the address. Fix it, or put its host on your list, then retry.'
      : 'The reasons name the rule; change the policy to allow it.',
  );
}

function toDeed(contract: CapabilityContract, input: Labelled<Json>, mode: Deed['mode']): Deed {
  const found: EffectArgument[] = Object.entries(contract.roles).flatMap(([path, role]) => {
    const value = atPath(input.value, path);
    return value === undefined
      ? []
      : [{ path, role, value, label: labelWithin(input.labels, path) }];
  });
  const to = found.filter(({ role }) => role === 'destination').flatMap(({ value }) => value);
  return {
    class: contract.effect,
    capability: capabilityRef(contract),
    mode,
    to: to.filter((address) => typeof address === 'string'),
    amount: null,
    arguments: found,
  };
}

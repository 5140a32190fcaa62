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
  toFailure,
} from '../../contract/index.ts';
import type { Log, StreamAppend } from '../../log/index.ts';
import {
  type Deed,
  decide,
  isUnreadable,
  type Policy,
  type UnreadablePolicy,
} from '../../policy/index.ts';
import { controlFold } from '../folds.ts';
import { policyNow } from '../policy-now.ts';
import type { KernelPorts } from '../ports.ts';
import type { RecordStore } from '../record-reads.ts';
import { startsByRate, zoneOf } from './judge.ts';
import { usesOfRates } from './rate-uses.ts';

/** Knows, without looking into the log, which calls no policy in force says anything about. */
export interface InsideWatch {
  /** True for what only computes or reads our own books while policy has no rule: it is allowed. */
  readonly isUnjudged: (contract: CapabilityContract) => boolean;
  readonly close: () => void;
}

/**
 * Thousands of steps a second only compute, and on most policies nothing can be said about them. From
 * the moment a change of policy is durable until it was read, every call is judged.
 */
export async function createInsideWatch(log: Log): Promise<InsideWatch> {
  let silent = false;
  let changes = 0;
  async function look(): Promise<void> {
    const change = ++changes;
    const policy = await policyNow(log);
    const speaks = isUnreadable(policy) || policy.rules.length > 0 || policy.rates.length > 0;
    if (change === changes) silent = !speaks;
  }
  const isChange = (type: string): boolean => type === 'policy.changed';
  const close = log.follow(isChange, () => {
    silent = false;
    look().catch(() => undefined); // not read: every call is judged
  });
  await look();
  return {
    isUnjudged: ({ effect }) => silent && (effect === 'pure' || effect === 'read'),
    close,
  };
}

/**
 * Why a call that stays inside, or only reads outside, may not happen: an address that outside text
 * chose and whose host is not listed, a rule of the policy, a policy that cannot be read. Undefined
 * when it may.
 */
export async function callRefusal(
  ports: Pick<KernelPorts, 'log' | 'clock' | 'stopped'> & { readonly records: RecordStore },
  contract: CapabilityContract,
  input: Labelled<Json>,
  on: {
    /** where the decision to do it came from */
    readonly act: Label;
    readonly playbook?: string | undefined;
    /** it begins now, so it counts against the rates of the policy; false for a look ahead */
    readonly begins: boolean;
  },
): Promise<Failure | undefined> {
  for (let round = 1; ; round++) {
    const { refusal, uses } = await judgeCall(ports, contract, input, on);
    if (refusal || uses.length === 0) return refusal;
    try {
      await ports.log.append(uses);
      return undefined;
    } catch (error) {
      // another start of this rate came first: it is counted now
      if (toFailure(error).code !== 'version_conflict' || round >= ROUNDS) throw error;
    }
  }
}

/** Rounds of counting again when other starts of one rate came first. */
const ROUNDS = 200;

type CallPorts = Parameters<typeof callRefusal>[0];

async function judgeCall(
  ports: CallPorts,
  contract: CapabilityContract,
  input: Labelled<Json>,
  on: Parameters<typeof callRefusal>[3],
): Promise<{ readonly refusal?: Failure; readonly uses: readonly StreamAppend[] }> {
  const capability = capabilityRef(contract);
  // watched before it is counted, so that two at once cannot both be the last one
  const uses = on.begins ? await usesOfRates(ports.log, capability, true) : [];
  const control = await ports.log.fold(controlFold).get('control');
  const deed = toDeed(contract, input, control?.mode ?? 'off');
  const policy = await policyNow(ports.log);
  const starts = await startsByRate(ports, policy);
  const decision = decide(deed, input.labels, [], policy, {
    nowMs: ports.clock.now(),
    zone: await zoneOf(ports.records, ports.log.company),
    incarnation: control?.incarnation ?? 0,
    agent: capability,
    act: on.act,
    ...(on.playbook === undefined ? {} : { playbook: on.playbook }),
    isKnownDestination: () => false,
    usageOf: () => undefined,
    startsOf: (rate) => starts.get(rate.id) ?? Number.POSITIVE_INFINITY,
    stopped: (control?.stopped ?? true) || ports.stopped(),
  });
  if (decision.verdict === 'allow') return { uses };
  const against = decision.reasons.filter(
    ({ rule, verdict }) => verdict === decision.verdict && rule !== 'result',
  );
  const because = against.map((reason) => reason.because).join(' ');
  const facts = { capability, to: [...deed.to] };
  const refusal =
    decision.waitMs === undefined
      ? failure('denied', because, facts, wayOut(policy, contract))
      : failure('rate_limited', because, { ...facts, retryAfterMs: decision.waitMs });
  return { refusal, uses: [] };
}

function wayOut(policy: Policy | UnreadablePolicy, contract: CapabilityContract): string {
  return isUnreadable(policy)
    ? 'Put a policy in force that can be read: steward policy rollback VERSION, or steward policy set FILE.'
    : contract.effect === 'fetch'
      ? 'Look at the address. Fix it, or put its host on your list, then retry.'
      : 'The reasons name the rule; change the policy to allow it.';
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

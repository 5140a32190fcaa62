import type { Id } from '../base/index.ts';
import {
  type Assurance,
  type Grant,
  isOutside,
  isTrusted,
  type Label,
  type Labels,
  PLACEMENTS,
  type Placement,
} from '../contract/index.ts';
import { normaliseAddress } from './address.ts';
import { classReason } from './class-reason.ts';
import { type Deed, steeringLabel, unknownPart, wholeLabel } from './deed.ts';
import { duration } from './duration.ts';
import { type GrantDebit, type GrantUsage, matchGrant } from './grants.ts';
import {
  coversCapability,
  isUnreadable,
  type Policy,
  type PolicyRate,
  requiredAssurance,
  type UnreadablePolicy,
} from './policy.ts';
import { deny, type Reason, type Verdict } from './reason.ts';
import { ruleReasons } from './rule-reasons.ts';

export interface Decision {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  /** with `allow` for an outside change: the grant that covers it, and what to debit at commit */
  readonly grant?: Id;
  readonly debit?: GrantDebit;
  /** `ask`: a plain key file is never enough; `assurance` says what is */
  readonly stepUp: boolean;
  /** `ask`: shown apart and first, because outside text steers it or its destination is new */
  readonly splitOut: boolean;
  /** the least assurance of a device that may approve it */
  readonly assurance: Assurance;
  /** `deny` only because a rate is used up: the same deed may pass after this time */
  readonly waitMs?: number;
}

/** Everything a decision needs to know and policy cannot. */
export interface DecisionFacts {
  readonly nowMs: number;
  /** IANA zone of the company */
  readonly zone: string;
  readonly incarnation: number;
  /** who asks: `agent@version` */
  readonly agent: string;
  readonly playbook?: string;
  /** where the decision to act came from: the label of the plan and of what its conditions read */
  readonly act: Label;
  /** for an address in its normalised spelling */
  readonly isKnownDestination: (address: string) => boolean;
  readonly usageOf: (grant: Id) => GrantUsage | undefined;
  /** starts that count against this rate within its last `perMs` */
  readonly startsOf: (rate: PolicyRate) => number;
  /** how far the capability hands its input on; data bound tighter is denied */
  readonly reach?: Placement;
  /** the switch that stops every commit */
  readonly stopped?: boolean;
}

/**
 * May this happen? Pure and total: it never throws, and whatever is unknown, unreadable or fails is a
 * deny. A deny beats an ask, an ask beats an allow. No rule allows a change outside: that takes the
 * operator's signature or a grant, and `grave` always takes the signature (DESIGN sections 8 and 12).
 *
 * @example
 * const decision = decide(effect, labels, grants, policy, facts);
 * if (decision.verdict === 'ask') showCard(effect, decision.reasons);
 */
export function decide(
  deed: Deed,
  labels: Labels,
  grants: readonly Grant[],
  policy: Policy | UnreadablePolicy,
  facts: DecisionFacts,
): Decision {
  try {
    return weigh(deed, labels, grants, policy, facts);
  } catch {
    const because = 'It could not be judged, so it is not done.';
    return denied([{ rule: 'error', verdict: 'deny', because }]);
  }
}

function weigh(
  deed: Deed,
  labels: Labels,
  grants: readonly Grant[],
  policy: Policy | UnreadablePolicy,
  facts: DecisionFacts,
): Decision {
  if (isUnreadable(policy)) {
    return denied([deny('policy.unreadable', `The policy is unreadable: ${policy.faults[0]}`)]);
  }
  const unknown = unknownPart(deed, labels, facts.act);
  if (unknown !== undefined) return denied([deny('unknown', unknown)]);

  const outside = isOutside(deed.class);
  const steering = steeringLabel(deed, labels, facts.act);
  const reasons: Reason[] = [
    ...standingReasons(deed, labels, facts, outside),
    ...ruleReasons(policy, deed, labels, steering, facts),
  ];
  const used = usedUpRates(policy, deed, facts);
  reasons.push(...used.map(rateReason));
  const byClass = classReason(deed, labels, steering, policy);
  reasons.push(byClass);
  const assurance = requiredAssurance(policy, deed.class);

  if (reasons.some((reason) => reason.verdict === 'deny')) {
    const onlyRates = reasons.every((r) => r.verdict !== 'deny' || r.rule.startsWith('rate.'));
    const waitMs = Math.max(...used.map((rate) => rate.perMs));
    return denied(reasons, assurance, onlyRates ? waitMs : undefined);
  }
  const rules = reasons.filter((reason) => reason.rule.startsWith('rule.'));
  if (!rules.some((reason) => reason.verdict === 'ask')) {
    if (byClass.verdict === 'allow') return allowed(reasons, assurance);
    if (!outside && rules.some((reason) => reason.verdict === 'allow')) {
      return allowed(reasons, assurance);
    }
    if (outside && deed.class !== 'grave') {
      const covering = findGrant(deed, labels, grants, facts, reasons);
      if (covering) return { ...allowed(reasons, assurance), ...covering };
    }
  }
  const splitOut = outside && needsOwnCard(deed, steering, facts);
  return {
    verdict: 'ask',
    reasons: [
      ...reasons,
      { rule: 'result', verdict: 'ask', because: askSentence(assurance, splitOut) },
    ],
    stepUp: deed.class === 'grave',
    splitOut,
    assurance,
  };
}

/** What holds whatever the policy says: modes, the stop switch, the incarnation, placement. */
function standingReasons(
  deed: Deed,
  labels: Labels,
  facts: DecisionFacts,
  outside: boolean,
): Reason[] {
  const reasons: Reason[] = [];
  const leaves = outside || deed.class === 'fetch';
  if (leaves && deed.mode === 'off') {
    reasons.push(deny('mode.off', `${deed.connector ?? 'The connector'} is switched off.`));
  }
  if (leaves && facts.stopped === true) {
    reasons.push(deny('stopped', 'You stopped everything that reaches outside.'));
  }
  if (deed.incarnation !== undefined && deed.incarnation !== facts.incarnation) {
    reasons.push(deny('incarnation', 'It was prepared before the last restore.'));
  }
  if (facts.reach !== undefined) {
    const needed = wholeLabel(deed, labels, facts.act).placement;
    if (!mayReach(needed, facts.reach)) {
      const because = `Some of its data must stay "${needed}", and it would go "${facts.reach}".`;
      reasons.push(deny('placement', because));
    }
  }
  return reasons;
}

/** True if data bound to `placement` may be handed to something that reaches as far as `reach`. */
export function mayReach(placement: Placement, reach: Placement): boolean {
  const bound = PLACEMENTS.indexOf(placement);
  const far = PLACEMENTS.indexOf(reach);
  return bound >= 0 && far >= bound;
}

function usedUpRates(policy: Policy, deed: Deed, facts: DecisionFacts): PolicyRate[] {
  return policy.rates.filter(
    (rate) =>
      coversCapability(rate.capability, deed.capability) && !(facts.startsOf(rate) < rate.starts),
  );
}

function rateReason(rate: PolicyRate): Reason {
  const because = `The limit of ${rate.starts} starts in ${duration(rate.perMs)} for "${rate.capability}" is reached.`;
  return deny(`rate.${rate.id}`, because);
}

/** The first grant, in the order given, that covers the deed; says why the near ones do not. */
function findGrant(
  deed: Deed,
  labels: Labels,
  grants: readonly Grant[],
  facts: DecisionFacts,
  reasons: Reason[],
): { readonly grant: Id; readonly debit: GrantDebit } | undefined {
  for (const grant of grants) {
    const match = matchGrant(deed, labels, grant, facts.usageOf(grant.id), facts);
    const rule = `grant.${String(grant.id)}`;
    if (match.status === 'covers') {
      reasons.push({ rule, verdict: 'allow', because: `Your grant "${grant.title}" covers it.` });
      return { grant: grant.id, debit: match.debit };
    }
    if (grant.scope?.capability === deed.capability) {
      const because = `Your grant "${grant.title}" does not cover it: ${match.reason}`;
      reasons.push({ rule, verdict: 'ask', because });
    }
  }
  return undefined;
}

function needsOwnCard(deed: Deed, steering: Label, facts: DecisionFacts): boolean {
  if (!isTrusted(steering)) return true;
  return deed.to.some((address) => facts.isKnownDestination(normaliseAddress(address)) !== true);
}

const SIGN_WITH: { readonly [Each in Assurance]: string } = {
  unattended: 'You are asked',
  unlocked: 'You are asked, with a key that has a passphrase or with a passkey',
  present: 'You are asked, with a passkey',
};

function askSentence(assurance: Assurance, splitOut: boolean): string {
  const who = SIGN_WITH[assurance];
  return splitOut
    ? `${who}, on its own: outside text steers it or its destination is new.`
    : `${who}.`;
}

function allowed(reasons: readonly Reason[], assurance: Assurance): Decision {
  const result: Reason = { rule: 'result', verdict: 'allow', because: 'It is done unasked.' };
  const plain = { stepUp: false, splitOut: false, assurance } as const;
  return { verdict: 'allow', reasons: [...reasons, result], ...plain };
}

function denied(
  reasons: readonly Reason[],
  assurance: Assurance = 'present',
  waitMs?: number,
): Decision {
  const result: Reason = { rule: 'result', verdict: 'deny', because: 'It is not done.' };
  return {
    verdict: 'deny',
    reasons: [...reasons, result],
    stepUp: false,
    splitOut: false,
    assurance,
    ...(waitMs === undefined ? {} : { waitMs }),
  };
}

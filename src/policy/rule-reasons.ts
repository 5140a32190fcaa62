import type { Label, Labels } from '../contract/index.ts';
import { normaliseAddress } from './address.ts';
import { type Constraint, type ConstraintScope, compileConstraint, toCel } from './constraint.ts';
import { type Deed, wholeLabel } from './deed.ts';
import type { Policy, PolicyRule } from './policy.ts';
import { deny, type Reason } from './reason.ts';

/** What the rules of a policy are evaluated over, apart from the deed. */
export interface RuleFacts {
  readonly nowMs: number;
  readonly zone: string;
  readonly agent: string;
  readonly playbook?: string;
  readonly act: Label;
}

type ScopeFor = (reads: Constraint['reads']) => ConstraintScope;

/** What every rule that holds for the deed says. A rule that cannot be checked is a deny. */
export function ruleReasons(
  policy: Policy,
  deed: Deed,
  labels: Labels,
  steering: Label,
  facts: RuleFacts,
): Reason[] {
  if (policy.rules.length === 0) return [];
  const scopeFor = prepareScope(deed, labels, steering, facts);
  return policy.rules.flatMap((rule) => ruleReason(rule, scopeFor) ?? []);
}

function ruleReason(rule: PolicyRule, scopeFor: ScopeFor): Reason | undefined {
  const name = `rule.${rule.id}`;
  const compiled = compileConstraint('policy', rule.when);
  if (compiled.status === 'faulty') {
    return deny(name, `Rule "${rule.id}" is broken: ${compiled.fault}`);
  }
  const holds = evaluate(compiled.constraint, scopeFor);
  if (holds === 'error') {
    return deny(name, `Rule "${rule.id}" could not be checked for this, so it is not done.`);
  }
  if (!holds) return undefined;
  const verdict: unknown = rule.then; // a policy that was never read at a door may hold anything
  if (verdict !== 'allow' && verdict !== 'ask' && verdict !== 'deny') {
    return deny(name, `Rule "${rule.id}" has no known answer.`);
  }
  return { rule: name, verdict, because: rule.because };
}

function evaluate(constraint: Constraint, scopeFor: ScopeFor): boolean | 'error' {
  try {
    return constraint.evaluate(scopeFor(constraint.reads));
  } catch {
    return 'error'; // a value that CEL cannot hold, a zone nobody knows
  }
}

/** Prepares the variables of rules; costly ones only for the rules that read them. */
function prepareScope(deed: Deed, labels: Labels, steering: Label, facts: RuleFacts): ScopeFor {
  const amount = deed.amount ?? { minor: 0, currency: '' };
  const cheap = {
    agent: facts.agent,
    capability: deed.capability,
    class: deed.class,
    label: wholeLabel(deed, labels, facts.act).integrity,
    steering: steering.integrity,
    amount: new Map<string, unknown>([
      ['minor', BigInt(amount.minor)],
      ['currency', amount.currency],
    ]),
    mode: deed.mode,
    playbook: facts.playbook ?? '',
  };
  let to: readonly string[] | undefined;
  let fields: unknown;
  let hour: bigint | undefined;
  return (reads) => {
    if (reads.has('to')) to ??= deed.to.map(normaliseAddress);
    if (reads.has('fields')) fields ??= toCel(fieldsOf(deed));
    if (reads.has('hour')) hour ??= hourIn(facts.zone, facts.nowMs);
    return { ...cheap, to, fields, hour };
  };
}

function fieldsOf(deed: Deed) {
  return Object.fromEntries(deed.arguments.map((argument) => [argument.path, argument.value]));
}

function hourIn(zone: string, utcMs: number): bigint {
  return BigInt(Temporal.Instant.fromEpochMilliseconds(utcMs).toZonedDateTimeISO(zone).hour);
}

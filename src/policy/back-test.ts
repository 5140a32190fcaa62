import type { Id } from '../base/index.ts';
import type { Grant, Labels } from '../contract/index.ts';
import { type Decision, type DecisionFacts, decide } from './decide.ts';
import type { Deed } from './deed.ts';
import type { Policy, UnreadablePolicy } from './policy.ts';
import type { Verdict } from './reason.ts';

/** A deed of the past with what was known when it was decided. */
export interface PastDeed {
  readonly id: Id;
  readonly deed: Deed;
  readonly labels: Labels;
  readonly grants: readonly Grant[];
  readonly facts: DecisionFacts;
}

export interface BackTest {
  readonly deeds: number;
  /** those on which the two policies disagree, in the order given */
  readonly differs: readonly {
    readonly id: Id;
    readonly before: Decision;
    readonly after: Decision;
  }[];
  readonly before: PolicyFigures;
  readonly after: PolicyFigures;
}

export interface PolicyFigures {
  /** how often the operator would have been asked; one card may hold several */
  readonly asks: number;
  readonly verdicts: { readonly [Each in Verdict]: number };
  /** minor units by verdict and currency */
  readonly money: { readonly [Each in Verdict]: { readonly [currency: string]: number } };
}

/** What would have been different under `after`: the same deeds, the same facts, two policies. */
export function backTest(
  deeds: Iterable<PastDeed>,
  before: Policy | UnreadablePolicy,
  after: Policy | UnreadablePolicy,
): BackTest {
  const old = createFigures();
  const now = createFigures();
  const differs: BackTest['differs'][number][] = [];
  let count = 0;
  for (const { id, deed, labels, grants, facts } of deeds) {
    count++;
    const first = decide(deed, labels, grants, before, facts);
    const second = decide(deed, labels, grants, after, facts);
    old.add(deed, first.verdict);
    now.add(deed, second.verdict);
    if (isDifferent(first, second)) differs.push({ id, before: first, after: second });
  }
  return { deeds: count, differs, before: old.figures(), after: now.figures() };
}

function isDifferent(a: Decision, b: Decision): boolean {
  return (
    a.verdict !== b.verdict ||
    a.grant !== b.grant ||
    a.splitOut !== b.splitOut ||
    a.assurance !== b.assurance
  );
}

function createFigures() {
  const verdicts = { allow: 0, ask: 0, deny: 0 };
  const money = {
    allow: new Map<string, number>(),
    ask: new Map<string, number>(),
    deny: new Map<string, number>(),
  };
  return {
    add: (deed: Deed, verdict: Verdict): void => {
      verdicts[verdict]++;
      if (!deed?.amount) return;
      const { currency, minor } = deed.amount;
      money[verdict].set(currency, (money[verdict].get(currency) ?? 0) + minor);
    },
    figures: (): PolicyFigures => ({
      asks: verdicts.ask,
      verdicts: { ...verdicts },
      money: {
        allow: Object.fromEntries(money.allow),
        ask: Object.fromEntries(money.ask),
        deny: Object.fromEntries(money.deny),
      },
    }),
  };
}

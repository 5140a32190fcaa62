import type { Effect, EffectClass } from '../../contract/index.ts';
import type { Risk } from '../events.ts';

const RISK: { readonly [C in EffectClass]: Risk } = {
  pure: 'low',
  read: 'low',
  fetch: 'low',
  record: 'low',
  reversible: 'low',
  final: 'medium',
  grave: 'high',
};

const ORDER: readonly Risk[] = ['low', 'medium', 'high'];

/** The highest risk among effects. */
export function riskOf(effects: readonly Effect[]): Risk {
  return effects
    .map((effect) => RISK[effect.class])
    .reduce<Risk>(
      (worst, risk) => (ORDER.indexOf(risk) > ORDER.indexOf(worst) ? risk : worst),
      'low',
    );
}

/** One sentence for a card: what would happen if all of it were approved. */
export function titleOfCard(effects: readonly Effect[], runTitle: string): string {
  const [first] = effects;
  if (!first) return runTitle;
  if (effects.length === 1) return first.summary;
  const amount = effects.find((effect) => effect.amount !== null);
  const lead = amount ?? first;
  const rest = effects.filter((effect) => effect !== lead);
  return `${lead.summary}, then ${rest.map((effect) => lowerFirst(effect.summary)).join(', then ')}`;
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

import type { Card, CardEffect } from '../api/shapes.ts';
import { type DiffPiece, diffLines, diffWords } from '../words/diff.ts';
import { formatMoney } from '../words/format.ts';

/** One thing that is different, as a person would name it. */
export interface Difference {
  readonly what: string;
  readonly pieces: readonly DiffPiece[];
}

/** What changed between the card that was looked at and the one there is now; empty when nothing did. */
export function compareCards(before: Card, after: Card): readonly Difference[] {
  const old = new Map(before.effects.map((effect) => [placeOf(effect), effect]));
  const differences = after.effects.flatMap((effect) => {
    const was = old.get(placeOf(effect));
    old.delete(placeOf(effect));
    if (was?.hash === effect.hash) return [];
    return was ? compareEffects(was, effect) : [added(effect.effect.summary)];
  });
  const gone = [...old.values()].map(({ effect }) => removed(effect.summary));
  return [...differences, ...gone];
}

/** True when a signature over one would not fit the other. */
export function isSameCard(before: Card, after: Card): boolean {
  const hashes = (card: Card): string => card.effects.map(({ hash }) => hash).join();
  return hashes(before) === hashes(after) && before.policy === after.policy;
}

function compareEffects(before: CardEffect, after: CardEffect): readonly Difference[] {
  const was = before.effect;
  const now = after.effect;
  const lines: readonly (readonly [what: string, before: string, after: string])[] = [
    ['What', was.summary, now.summary],
    ['To', was.to.join(', '), now.to.join(', ')],
    [
      'Amount',
      was.amount ? formatMoney(was.amount) : '',
      now.amount ? formatMoney(now.amount) : '',
    ],
    ['Account', was.account, now.account],
    ['Mode', was.mode, now.mode],
  ];
  const found = lines.flatMap(([what, a, b]) =>
    a === b ? [] : [{ what, pieces: diffWords(a, b) }],
  );
  if (before.preview.text !== after.preview.text) {
    found.push({ what: 'Contents', pieces: diffLines(before.preview.text, after.preview.text) });
  }
  const files = ({ effect }: CardEffect): readonly string[] =>
    effect.parts
      .filter(({ mediaType }) => mediaType !== 'message/rfc822')
      .map(({ name, blob }) => `${name} ${blob}`);
  for (const file of files(after)) {
    if (files(before).includes(file)) continue;
    found.push({
      what: 'File',
      pieces: [{ kind: 'added', text: `${file.split(' ').slice(0, -1).join(' ')} was made anew` }],
    });
  }
  if (found.length > 0) return found;
  return [
    {
      what: now.summary,
      pieces: [{ kind: 'same', text: 'Only its date or its validity changed.' }],
    },
  ];
}

function placeOf({ effect }: CardEffect): string {
  return `${effect.step}/${effect.item}`;
}

function added(text: string): Difference {
  return { what: 'New', pieces: [{ kind: 'added', text }] };
}

function removed(text: string): Difference {
  return { what: 'Gone', pieces: [{ kind: 'removed', text }] };
}

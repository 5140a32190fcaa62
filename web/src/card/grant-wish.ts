import type { JsonObject } from '../../../src/base/portable.ts';
import { isTrusted } from '../../../src/contract/portable.ts';
import type { CardEffect } from '../api/shapes.ts';
import { typedMoney } from '../words/format.ts';

/** What a person wants to happen unasked from now on, as they type it. */
export type GrantWish = {
  readonly [field in 'title' | 'to' | 'count' | 'per' | 'sum' | 'until' | 'playbook']?: string;
};

/** how long one lives, unless said otherwise */
const DAYS = 30;
const DAY_MS = 86_400_000;

/** The tightest grant that would have covered this effect: the same addresses, once a month. */
export function wishFor(
  { effect }: CardEffect,
  playbook: string | null,
  nowMs: number,
): Required<GrantWish> {
  return {
    title: `Like: ${effect.summary}`.slice(0, 200),
    to: effect.to.join(', '),
    count: '1',
    per: 'month',
    sum: effect.amount ? typedMoney(effect.amount) : '',
    until: new Date(nowMs + DAYS * DAY_MS).toISOString().slice(0, 10),
    playbook: playbook ?? '',
  };
}

/** Why no grant can cover effects like this one; undefined when one can. */
export function neverGranted({ effect }: CardEffect): string | undefined {
  if (effect.class === 'grave') {
    return 'This moves money or binds you: you sign it each time.';
  }
  if (effect.class !== 'final' && effect.class !== 'reversible') return 'This needs no grant.';
  if (effect.to.length === 0) {
    return 'This goes to nobody outside, so there is nobody to name in a grant: you sign it each time.';
  }
  const steers = effect.arguments.some(
    ({ role, label }) => role !== 'content' && !isTrusted(label),
  );
  return steers
    ? 'Outside text chose what it does or where it goes: no grant covers that.'
    : undefined;
}

/** What the server is asked to propose. */
export function requestOf({ effect }: CardEffect, typed: GrantWish): JsonObject {
  const wish = whole(typed);
  const per = `/${wish.per}`;
  return {
    capability: effect.capability,
    title: wish.title.trim(),
    to: addressesIn(wish.to),
    count: `${wish.count.trim()}${per}`,
    ...(wish.sum.trim() === '' ? {} : { sum: `${wish.sum.trim()}${per}` }),
    ...(wish.playbook === '' ? {} : { playbooks: [wish.playbook] }),
    ...(wish.until === '' ? {} : { until: wish.until }),
  };
}

/** The same wish as a command, for where the key has a passphrase. */
export function commandOf({ effect }: CardEffect, typed: GrantWish): string {
  const wish = whole(typed);
  const per = `/${wish.per}`;
  return [
    `steward grant ${effect.capability}`,
    ...addressesIn(wish.to).map((address) => `--to ${quoted(address)}`),
    `--count ${quoted(`${wish.count.trim()}${per}`)}`,
    ...(wish.sum.trim() === '' ? [] : [`--sum ${quoted(`${wish.sum.trim()}${per}`)}`]),
    ...(wish.playbook === '' ? [] : [`--playbook ${quoted(wish.playbook)}`]),
    ...(wish.until === '' ? [] : [`--until ${quoted(wish.until)}`]),
    `--title ${quoted(wish.title.trim())}`,
  ].join(' ');
}

/** A field that nobody touched is empty. */
function whole(typed: GrantWish): Required<GrantWish> {
  return { title: '', to: '', count: '', per: '', sum: '', until: '', playbook: '', ...typed };
}

function addressesIn(typed: string): string[] {
  return typed
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
}

/** One word for any POSIX shell, whatever stands in it. */
function quoted(word: string): string {
  return /^[\w@.:/+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

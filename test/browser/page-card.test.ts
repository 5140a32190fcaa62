import { describe, expect, test } from 'vitest';
import { type Effect, OWN, PUBLIC } from '../../src/contract/portable.ts';
import type { Card, CardEffect } from '../../web/src/api/shapes.ts';
import type { CheckedCard } from '../../web/src/card/check-card.ts';
import { compareCards, isSameCard } from '../../web/src/card/compare-cards.ts';
import { changedFields, editableFields } from '../../web/src/card/editable.ts';
import { commandOf, neverGranted, requestOf, wishFor } from '../../web/src/card/grant-wish.ts';
import { changedFieldsOf, groupChanges } from '../../web/src/card/record-changes.ts';

const effect: Effect = {
  ...{
    v: 1,
    company: 'c',
    incarnation: 1,
    key: 'k',
    mode: 'sandbox',
    run: 'r',
    step: 'mail',
    item: '',
  },
  ...{
    revision: 1,
    capability: 'mail.send@1',
    contract: 'x',
    connector: 'mail',
    account: 'me@x.example',
  },
  ...{ class: 'final', summary: 'Send "Hi" to a@x.example', to: ['a@x.example'], amount: null },
  arguments: [
    { path: 'to', role: 'destination', value: ['a@x.example', 'b@x.example'], label: OWN },
    { path: 'subject', role: 'content', value: 'Hi', label: OWN },
    { path: 'text', role: 'content', value: 'one\ntwo\n', label: OWN },
    { path: 'attach', role: 'content', value: [{ blob: 'b' }], label: OWN },
  ],
  ...{ parts: [], carries: [], numbers: [], preconditions: [] },
  ...{ undo: { possible: false, how: '' }, date: '', expires: '', salt: '' },
};

function card(changes: Partial<Effect> = {}, text = 'one\ntwo\n', hash = 'h'): Card {
  const shown: CardEffect = {
    ...{ hash, status: 'finalised', provisional: false, reasons: [], receipt: null },
    assurance: 'unattended',
    effect: { ...effect, ...changes },
    preview: { text, blobs: [] },
  };
  return {
    item: {
      ...{
        id: 'i',
        kind: 'approval',
        title: '',
        run: 'r',
        risk: 'low',
        createdAt: '',
        expiresAt: null,
      },
      ...{ status: 'open', effects: [] },
    },
    ...{ policy: 'p', mode: 'sandbox', effects: [shown], run: null, doNothing: '' },
  };
}

describe('a card that changed', () => {
  test('names a new destination and a new text, and nothing else', () => {
    const after = card({ to: ['evil@y.example'] }, 'one\nthree\n', 'h2');
    const differences = compareCards(card(), after);
    expect(differences.map(({ what }) => what)).toEqual(['To', 'Contents']);
    expect(differences[0]?.pieces).toContainEqual({ kind: 'added', text: 'evil@y.example' });
    expect(isSameCard(card(), after)).toBe(false);
  });

  test('is the same card as long as the hashes and the policy are', () => {
    expect(isSameCard(card(), card({}, 'another preview'))).toBe(true);
    expect(isSameCard(card(), { ...card(), policy: 'p2' })).toBe(false);
    expect(compareCards(card(), card())).toEqual([]);
  });

  test('never differs in silence: another hash always has a line', () => {
    expect(compareCards(card(), card({ salt: 'other' }, undefined, 'h2'))).toHaveLength(1);
  });

  test('names what came and what went', () => {
    const two = { ...card(), effects: [...card().effects, ...card({ step: 'post' }).effects] };
    expect(compareCards(card(), two).map(({ what }) => what)).toEqual(['New']);
    expect(compareCards(two, card()).map(({ what }) => what)).toEqual(['Gone']);
  });
});

describe('a grant from a card', () => {
  const [shown] = card().effects;
  const wish = (one: CardEffect) => wishFor(one, 'invoice-month@1', Date.UTC(2026, 10, 22));
  const like = (changes: Partial<Effect>): CardEffect => {
    const [other] = card(changes).effects;
    if (!other) throw new Error('a card has an effect');
    return other;
  };

  test('begins with the tightest limits that would have covered it', () => {
    const one = like({ amount: { minor: 5_000, currency: 'EUR' } });
    expect(neverGranted(one)).toBeUndefined();
    expect(requestOf(one, wish(one))).toEqual({
      ...{ capability: 'mail.send@1', title: 'Like: Send "Hi" to a@x.example' },
      ...{ to: ['a@x.example'], count: '1/month', sum: '50.00 EUR/month' },
      ...{ playbooks: ['invoice-month@1'], until: '2026-12-22' },
    });
  });

  test.each([
    ['grave', { class: 'grave' }, 'sign it each time'],
    ['to nobody', { to: [] }, 'nobody outside'],
    [
      'steered by outside text',
      { arguments: [{ path: 'to', role: 'destination', value: 'x', label: PUBLIC }] },
      'Outside text',
    ],
  ] as const)('is not offered for what is %s', (_, changes, words) => {
    expect(neverGranted(like(changes))).toContain(words);
  });

  test('as a command is one word per value, whatever stands in it', () => {
    if (!shown) throw new Error('a card has an effect');
    const typed = { ...wish(shown), title: "It's $(rm -rf) `all`", to: 'a@x.example, b c@y' };
    expect(commandOf(shown, typed)).toBe(
      "steward grant mail.send@1 --to a@x.example --to 'b c@y' --count 1/month " +
        "--playbook invoice-month@1 --until 2026-12-22 --title 'It'\\''s $(rm -rf) `all`'",
    );
  });
});

describe('an edit before the decision', () => {
  const checked: CheckedCard = {
    card: card(),
    effects: card().effects.map((one) => ({
      card: one,
      hash: 'h',
      wrong: [],
      message: undefined,
      files: [],
    })),
    sound: true,
  };

  test('offers words and destinations, never files', () => {
    expect(editableFields(checked).map(({ path, kind }) => [path, kind])).toEqual([
      ['mail.to', 'list'],
      ['mail.subject', 'line'],
      ['mail.text', 'text'],
    ]);
  });

  test('sends only what was changed, lists as lists', () => {
    const fields = editableFields(checked);
    const typed = new Map([
      ['mail.to', ' a@x.example ,c@x.example'],
      ['mail.subject', 'Hi'],
    ]);
    expect(changedFields(fields, typed)).toEqual({ 'mail.to': ['a@x.example', 'c@x.example'] });
  });
});

describe('changes in the books', () => {
  test('equal changes are one thing to read', () => {
    const bill = {
      when: 'signed',
      record: 'time-entry',
      command: { type: 'bill', invoice: 'i' },
    } as const;
    const groups = groupChanges([
      { ...bill, id: '1' },
      { ...bill, id: '2' },
    ]);
    expect(groups).toMatchObject([{ record: 'time-entry', type: 'bill', ids: ['1', '2'] }]);
  });

  test('are shown field by field beside what is there now', () => {
    const command = {
      type: 'change',
      set: { email: 'new@x.example', address: { city: 'Graz', country: 'AT' } },
    };
    const now = { email: 'old@x.example', address: { city: 'Wien', country: 'AT' } };
    expect(changedFieldsOf(command, now)).toEqual([
      { path: 'email', before: 'old@x.example', after: 'new@x.example' },
      { path: 'address.city', before: 'Wien', after: 'Graz' },
    ]);
  });

  test('an amount is one value, and an emptied field is a change', () => {
    const command = {
      type: 'change',
      set: { rate: { minor: 1, currency: 'EUR' } },
      unset: ['note'],
    };
    expect(changedFieldsOf(command, { note: 'x' })).toEqual([
      { path: 'rate', before: undefined, after: { minor: 1, currency: 'EUR' } },
      { path: 'note', before: 'x', after: undefined },
    ]);
  });
});

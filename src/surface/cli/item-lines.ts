import { isJsonObject, type Json } from '../../base/index.ts';
import type { CardView, InboxRow } from '../views/item-view.ts';
import { bodyLines } from './body-lines.ts';
import { heldWords, money, plain } from './format.ts';
import type { Screen } from './screen.ts';
import { wrap } from './text-table.ts';

/** What waits, two lines each: what it is; how much, to whom. */
export interface Inbox {
  readonly items: readonly InboxRow[];
  readonly total: number;
  readonly next: string | null;
}

/** What waits, and how to see what did not fit. */
export function inboxLines({ items, total, next }: Inbox, screen: Screen): readonly string[] {
  if (items.length === 0) return ['Nothing waits for you.'];
  const lines = itemLines(items, screen);
  if (next === null) return lines;
  return [...lines, `${items.length} of ${total} are shown. Go on: steward inbox --after ${next}`];
}

export function itemLines(items: readonly InboxRow[], screen: Screen): readonly string[] {
  return items.flatMap((item) => {
    const amounts = item.effects.map(({ amount }) => money(amount)).filter((text) => text !== '');
    const to = [...new Set(item.effects.flatMap((effect) => effect.to))];
    const facts = [item.kind, ...amounts.slice(0, 1), ...to.slice(0, 2)].map(plain);
    return [
      ...wrap(plain(item.title), screen.width).map(screen.bold),
      ...wrap(`${item.id}  ${facts.join(' · ')}`, screen.width, '  '),
      ...[...new Set(item.effects.flatMap(({ waitsFor }) => waitsFor ?? []))].flatMap((task) =>
        wrap(`Answer this first: ${task}`, screen.width, '  '),
      ),
    ];
  });
}

const CLASS_WORDS: { readonly [effectClass: string]: string } = {
  reversible: 'can be taken back',
  final: 'cannot be undone once it is out',
  grave: 'grave: money, contracts or keys',
  record: 'our own books',
};

function waitsLines(
  waitsFor: CardView['effects'][number]['waitsFor'],
  screen: Screen,
): readonly string[] {
  if (waitsFor === null) return [];
  return [
    ...fact('waits', waitsFor.words, screen),
    ...fact('see', `steward show ${waitsFor.item}`, screen),
  ];
}

/** A whole card, in the order in which a person decides. */
export function cardLines(card: CardView, screen: Screen): readonly string[] {
  const { item } = card;
  const lines = [
    ...wrap(plain(item.title), screen.width).map(screen.bold),
    `${item.id}  ${item.kind}${card.mode === 'sandbox' ? '  sandbox: nothing leaves' : ''}`,
    ...(item.because === null ? [] : wrap(`${item.end}: ${plain(item.because)}`, screen.width)),
    ...bodyLines(card, screen),
  ];
  for (const [index, shown] of card.effects.entries()) {
    const { effect, preview, hash, status, provisional, reasons, destinations } = shown;
    const to = destinations.map(({ address, count }) =>
      count === 0 ? `${address} (new)` : `${address} (${count} before)`,
    );
    const note = CLASS_WORDS[effect.class] ?? effect.class;
    lines.push(
      '',
      screen.bold(`${index + 1}. ${plain(effect.summary)}`),
      ...wrap(plain(preview.text), screen.width, '   │ '),
      ...fact('to', to.join(', '), screen),
      ...fact('amount', money(effect.amount), screen),
      ...fact('state', `${status}${provisional ? ', its number may still change' : ''}`, screen),
      ...fact('because', shown.because ?? '', screen),
      ...waitsLines(shown.waitsFor, screen),
      ...fact('held', heldWords(shown.heldUntil, item.run, screen.zone), screen),
      `   class    ${shown.irreversible ? screen.stop(note) : note}`,
      ...fact('undo', effect.undo.how, screen),
      ...fact('why', reasons.join(' '), screen),
      ...fact('files', effect.parts.map(({ name, blob }) => `${name} ${blob}`).join('\n'), screen),
      `   hash     ${hash}`,
    );
  }
  lines.push(...formLines(item.form, screen), '', ...wrap(card.doNothing, screen.width));
  return lines;
}

function fact(name: string, value: string, screen: Screen): readonly string[] {
  if (value === '') return [];
  const [first = '', ...rest] = wrap(plain(value), screen.width, '            ');
  return [`   ${name.padEnd(8)} ${first.trimStart()}`, ...rest];
}

const FROM_OUTSIDE =
  'Filled in from outside: it stays outside text unless you type something else.';

function isFromOutside(from: Json | undefined): boolean {
  return isJsonObject(from) && (from.integrity === 'public' || from.integrity === 'counterparty');
}

/** The fields that an answer may set. */
function formLines(form: Json, screen: Screen): readonly string[] {
  if (!isJsonObject(form) || !Array.isArray(form.fields)) return [];
  const fields = (form.fields as readonly Json[]).filter(isJsonObject);
  return fields.flatMap((field) => {
    const choices = Array.isArray(field.choices)
      ? ` (${field.choices.map(plain).join(' | ')})`
      : '';
    const preset = field.default === undefined ? '' : ` [${plain(field.default)}]`;
    const label = `${plain(field.label ?? field.name)}${choices}${preset}`;
    const needed = field.required ? '' : ' (may stay empty)';
    return [
      '',
      ...wrap(`${label}${needed}`, screen.width),
      `  --set ${plain(field.name)}=...`,
      ...(field.help === undefined ? [] : wrap(plain(field.help), screen.width, '  ')),
      ...(isFromOutside(field.from) ? wrap(FROM_OUTSIDE, screen.width, '  ') : []),
    ];
  });
}

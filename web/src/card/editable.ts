import type { Json } from '../../../src/base/portable.ts';
import { headerOf } from '../mail/read-message.ts';
import { fieldWords } from '../words/format.ts';
import type { CheckedCard, CheckedEffect } from './check-card.ts';

/** A field of an effect that the operator may change before deciding. */
export interface EditableField {
  /** as the server takes it: `mail.subject` */
  readonly path: string;
  readonly label: string;
  readonly value: string;
  readonly kind: 'line' | 'text' | 'list';
}

/** What of a card can be edited: its text and where it goes; amounts and files come from elsewhere. */
export function editableFields({ effects }: CheckedCard): readonly EditableField[] {
  return effects.flatMap((effect) => fieldsOf(effect));
}

/** What was changed, in the shape that the server takes. */
export function changedFields(
  fields: readonly EditableField[],
  typed: ReadonlyMap<string, string>,
): { readonly [path: string]: Json } {
  const changed = fields.flatMap(({ path, value, kind }) => {
    const now = typed.get(path) ?? value;
    if (now === value) return [];
    return [[path, kind === 'list' ? listOf(now) : now] as const];
  });
  return Object.fromEntries(changed);
}

function fieldsOf({ card, message }: CheckedEffect): readonly EditableField[] {
  const { step, arguments: given } = card.effect;
  return given.flatMap(({ path, role, value }): EditableField[] => {
    const place = { path: `${step}.${path}`, label: fieldWords(path) };
    if (role === 'content' && typeof value === 'string') {
      const long = value.includes('\n') || value.length > 120;
      return [{ ...place, value, kind: long ? 'text' : 'line' }];
    }
    if (role === 'content' && isShortened(value)) {
      // Long texts stand in an effect as a hash; the message itself has the words.
      const text =
        path === 'text'
          ? message?.text
          : path === 'subject' && message && headerOf(message, 'subject');
      return text ? [{ ...place, value: text, kind: 'text' }] : [];
    }
    if (
      role === 'destination' &&
      Array.isArray(value) &&
      value.every((one) => typeof one === 'string')
    )
      return [{ ...place, value: value.join(', '), kind: 'list' }];
    return [];
  });
}

function isShortened(value: Json): boolean {
  return typeof value === 'object' && value !== null && 'sha256' in value;
}

function listOf(text: string): readonly string[] {
  return text
    .split(/[,\n]/)
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

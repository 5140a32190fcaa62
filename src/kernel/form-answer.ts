import { isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import { failure, type Label, type Labels, toFailure } from '../contract/index.ts';
import type { FormField } from '../plan/index.ts';
import { coerceSet, parseMoney, resolveRecordType } from '../records/index.ts';
import { typedLabels } from './typed-labels.ts';

/** Reads what a person answered by the form. Fails with `invalid_input`, naming the field and the way. */
export function readAnswer(form: Json, values: { readonly [name: string]: Json }): JsonObject {
  const fields = fieldsOf(form);
  const unknown = Object.keys(values).find((name) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) {
    throw failure('invalid_input', `There is no field "${unknown}" in this question.`, {
      path: unknown,
      expected: fields.map((field) => field.name),
      found: unknown,
    });
  }
  const answer: Record<string, Json> = {};
  for (const field of fields) {
    const given = values[field.name] ?? field.default;
    if (given === undefined || given === '') {
      if (field.required) throw wrong(field, 'an answer', 'nothing');
      continue;
    }
    answer[field.name] = readField(field, given);
    checkAsField(field, given);
  }
  return answer;
}

/**
 * What each answer is worth. What was filled in for the person, or offered to choose from, keeps where it
 * came from as long as it comes back as it was; `typed` is what their own words are worth.
 */
export function answerLabels(form: Json, answer: JsonObject, typed: Label): Labels {
  const at: Record<string, Label> = {};
  for (const field of fieldsOf(form)) {
    const given = answer[field.name];
    if (field.from === undefined || given === undefined) continue;
    const offered = field.kind === 'choice' ? given : prefilled(field);
    if (offered === undefined) continue;
    const labels = typedLabels(given, { value: offered, labels: { base: field.from } }, typed);
    if (labels.base !== typed) at[field.name] = labels.base;
    for (const [path, label] of Object.entries(labels.at ?? {}))
      at[`${field.name}.${path}`] = label;
  }
  return Object.keys(at).length === 0 ? { base: typed } : { base: typed, at };
}

/**
 * The field as it is asked: with where its default and its choices came from. What a field says about
 * itself does not count.
 */
export function withOrigin(field: AskedField, origin: Label): AskedField {
  const { from: _, ...asked } = field;
  const isOffered = field.default !== undefined || field.choices !== undefined;
  return isOffered && origin.integrity !== 'operator' ? { ...asked, from: origin } : asked;
}

/** The default as an answer would be read, so that both can be compared. */
function prefilled(field: AskedField): Json | undefined {
  if (field.default === undefined) return undefined;
  try {
    return readField(field, field.default);
  } catch {
    return field.default; // of money it may be the currency alone
  }
}

/** An answer that will fill a field of a record must fit it: refused here, while the person is there. */
function checkAsField(field: AskedField, given: Json): void {
  const { field: target } = field;
  if (!target) return;
  const options = target.currency === undefined ? {} : { currency: target.currency };
  try {
    coerceSet(resolveRecordType(target.type), { [target.path]: given }, options);
  } catch (error) {
    const problem = toFailure(error);
    throw failure(
      problem.code,
      `${field.label ?? field.name}: ${problem.message}`,
      { ...problem.facts, path: field.name },
      `Answer with: --set ${field.name}=...`,
    );
  }
}

/** A field as the kernel asks it; `field` is where in a record its answer goes. */
export type AskedField = FormField & {
  /** where its default and its choices came from; absent for words of our own */
  readonly from?: Label;
  readonly field?: { readonly type: string; readonly path: string; readonly currency?: string };
};

export function fieldsOf(form: Json): readonly AskedField[] {
  if (!isJsonObject(form) || !Array.isArray(form.fields)) return [];
  return form.fields as unknown as readonly AskedField[]; // the kernel wrote the form by this type
}

function readField(field: FormField, given: Json): Json {
  switch (field.kind) {
    case 'integer': {
      const number = typeof given === 'number' ? given : Number(given);
      if (!Number.isSafeInteger(number)) throw wrong(field, 'a whole number', given);
      return inRange(field, number);
    }
    case 'number': {
      const number = typeof given === 'number' ? given : Number(given);
      if (!Number.isFinite(number)) throw wrong(field, 'a number', given);
      return inRange(field, number);
    }
    case 'boolean':
      if (typeof given === 'boolean') return given;
      if (given === 'true' || given === 'yes') return true;
      if (given === 'false' || given === 'no') return false;
      throw wrong(field, 'yes or no', given);
    case 'date':
      if (typeof given === 'string' && isDay(given)) return given;
      throw wrong(field, 'a day such as 2026-10-31', given);
    case 'money': {
      if (isJsonObject(given)) return given;
      const currency = typeof field.default === 'string' ? field.default : undefined;
      const money = parseMoney(String(given), currency);
      if (!money) throw wrong(field, 'an amount such as 85.00 EUR', given);
      return { ...money };
    }
    case 'email':
      if (typeof given === 'string' && /^[^\s@]+@[^\s@]+$/.test(given)) return given;
      throw wrong(field, 'a mail address such as anna@example.org', given);
    case 'url':
      if (typeof given === 'string' && URL.canParse(given)) return given;
      throw wrong(field, 'an address such as https://example.org', given);
    case 'choice':
      if (typeof given === 'string' && (field.choices?.includes(given) ?? true)) return given;
      throw wrong(field, `one of: ${field.choices?.join(', ') ?? ''}`, given);
    case 'list':
      if (Array.isArray(given)) return given;
      throw wrong(field, 'a list', given);
    default:
      if (typeof given === 'string' || typeof given === 'number') return String(given);
      throw wrong(field, 'a text', given);
  }
}

function inRange(field: FormField, number: number): number {
  if (field.min !== undefined && number < field.min)
    throw wrong(field, `at least ${field.min}`, number);
  if (field.max !== undefined && number > field.max)
    throw wrong(field, `at most ${field.max}`, number);
  return number;
}

function isDay(text: string): boolean {
  try {
    return Temporal.PlainDate.from(text).toString() === text;
  } catch {
    return false;
  }
}

function wrong(field: FormField, expected: string, found: Json) {
  const shown = typeof found === 'string' ? found : JSON.stringify(found);
  return failure(
    'invalid_input',
    `${field.label ?? field.name}: ${expected} is needed, not ${shown === 'nothing' ? 'nothing' : `"${shown}"`}.`,
    { path: field.name, expected, found },
    `Answer with: --set ${field.name}=...`,
  );
}

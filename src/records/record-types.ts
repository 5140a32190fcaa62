import { failure } from '../contract/index.ts';
import { artifactRecord } from './artifact.ts';
import { companyRecord } from './company.ts';
import { contactRecord } from './contact.ts';
import { creditNoteRecord } from './credit-note-record.ts';
import type { RecordDefinition } from './define-record.ts';
import { invoiceRecord } from './invoice-record.ts';
import { messageRecord } from './message.ts';
import { nearest } from './nearest.ts';
import { partyRecord } from './party.ts';
import { paymentRecord } from './payment.ts';
import { projectRecord } from './project.ts';
import { timeEntryRecord } from './time-entry.ts';

/** Every record type there is. A new one is a file and a line here. */
const DEFINITIONS = {
  company: companyRecord,
  party: partyRecord,
  contact: contactRecord,
  project: projectRecord,
  'time-entry': timeEntryRecord,
  invoice: invoiceRecord,
  'credit-note': creditNoteRecord,
  payment: paymentRecord,
  message: messageRecord,
  artifact: artifactRecord,
} as const;

export type RecordType = keyof typeof DEFINITIONS;

/** In the order in which they are listed. */
// The keys of a literal whose keys are exactly RecordType.
export const RECORD_TYPES = Object.keys(DEFINITIONS) as readonly RecordType[];

/** The fields of one type, such as `FieldsOf<'party'>`. */
export type FieldsOf<Type extends RecordType> =
  (typeof DEFINITIONS)[Type] extends RecordDefinition<Type, infer Fields, infer _> ? Fields : never;

/** The commands that only one type knows. */
export type OwnCommandOf<Type extends RecordType> =
  (typeof DEFINITIONS)[Type] extends RecordDefinition<Type, infer _, infer Command>
    ? Command
    : never;

export function isRecordType(word: string): word is RecordType {
  return Object.hasOwn(DEFINITIONS, word);
}

/** Fails with `invalid_input` for a word that is no type; people's words go through `resolveRecordType`. */
export function definitionOf(type: string): RecordDefinition {
  const definition = findDefinition(type);
  if (definition) return definition;
  throw failure('invalid_input', `There is no record type "${type}".`, {
    path: 'type',
    expected: RECORD_TYPES,
    found: type,
  });
}

/** The definition of any type name; undefined for names that are none. */
export function findDefinition(type: string): RecordDefinition | undefined {
  return isRecordType(type) ? DEFINITIONS[type] : undefined;
}

/**
 * The type that people mean: `timeEntry`, `time`, `parties` and `Credit Note` are understood. Fails
 * with `invalid_input` naming the nearest.
 */
export function resolveRecordType(word: string): RecordType {
  const spelled = word
    .trim()
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-');
  const found = TYPES_BY_WORD.get(spelled);
  if (found !== undefined) return found;
  const near = nearest(spelled, [...TYPES_BY_WORD.keys()]);
  throw failure(
    'invalid_input',
    `There is no record type "${word}".${near ? ` Did you mean ${TYPES_BY_WORD.get(near)}?` : ''}`,
    { path: 'type', expected: RECORD_TYPES, found: word },
    `Use one of: ${RECORD_TYPES.join(', ')}.`,
  );
}

const TYPES_BY_WORD: ReadonlyMap<string, RecordType> = new Map(
  RECORD_TYPES.flatMap((type) => {
    const words = [type, ...(definitionOf(type).aliases ?? [])];
    return words.flatMap((word) => [[word, type] as const, [pluralOf(word), type] as const]);
  }),
);

function pluralOf(word: string): string {
  return word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
}

import { atPath, isJsonObject, type JsonObject } from '../base/index.ts';
import { changeIn, recordOfStream } from './evolve-record.ts';
import { formatValue } from './format-value.ts';
import { definitionOf, findDefinition, isRecordType } from './record-types.ts';
import { leavesOf } from './schema-paths.ts';
import { titleOf } from './title-of.ts';

/** A record event in one plain sentence, for its history. */
export function describeChange(event: {
  readonly stream: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly erased?: true;
}): string {
  const record = recordOfStream(event.stream);
  const definition = record && findDefinition(record.type);
  if (!definition) return plainType(event.type);
  if (event.erased) return 'Erased on request.';
  switch (event.type.slice(definition.type.length + 1)) {
    case 'created': {
      const fields = isJsonObject(event.data.fields) ? event.data.fields : {};
      return `${definition.title} created: ${titleOf({ type: definition.type, id: '', fields })}.`;
    }
    case 'changed':
      return describeFields(definition.type, event.data);
    case 'archived':
      return `${definition.title} archived.`;
    case 'label-raised':
      return `You checked ${listed(textsIn(event.data.paths).map(fieldTitle))} yourself.`;
    case 'kept':
      return 'Kept because the law asks for it.';
    case 'restored':
      return `${definition.title} restored.`;
    default:
      return definition.describe?.(event) ?? plainType(event.type);
  }
}

/** A field's name as people read it: `address.postalCode` is "postal code of address". */
export function fieldTitle(path: string): string {
  return path.split('.').reverse().map(wordsOf).join(' of ');
}

function describeFields(type: string, data: JsonObject): string {
  const { set, unset } = changeIn(data);
  const leaves = isRecordType(type) ? leavesOf(definitionOf(type).schema) : [];
  const changes = leaves.flatMap(({ path }) => {
    const value = atPath(set, path);
    return value === undefined ? [] : [`${fieldTitle(path)} to ${formatValue(value)}`];
  });
  const parts = [
    ...(changes.length > 0 ? [`changed ${listed(changes)}`] : []),
    ...(unset.length > 0 ? [`removed ${listed(unset.map(fieldTitle))}`] : []),
  ];
  const sentence = parts.join('; ') || 'changed nothing';
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

/** `publication.posted` is "Publication posted." */
function plainType(type: string): string {
  const words = type.replaceAll(/[.-]/g, ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

const SPECIAL_WORDS: Readonly<Record<string, string>> = {
  vatId: 'VAT id',
  taxId: 'tax id',
  iban: 'IBAN',
  bic: 'BIC',
  email: 'e-mail address',
  eInvoice: 'e-invoice',
  vatNote: 'VAT note',
  messageId: 'message id',
};

function wordsOf(name: string): string {
  return Object.hasOwn(SPECIAL_WORDS, name)
    ? (SPECIAL_WORDS[name] ?? name)
    : name.replaceAll(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
}

function textsIn(value: JsonObject[string] | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

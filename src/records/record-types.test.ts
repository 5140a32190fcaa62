import { describe, expect, it } from 'vitest';
import { FIELD_CLASSES } from './define-record.ts';
import { personalPaths } from './evolve-record.ts';
import { definitionOf, RECORD_TYPES, resolveRecordType } from './record-types.ts';
import { atOrAbove, isMoney, leavesOf, pathsOf, placeAt } from './schema-paths.ts';
import { failureOf } from './test-books.ts';

describe.each(RECORD_TYPES)('the definition of %s', (type) => {
  const definition = definitionOf(type);

  it('is filed under its own name', () => {
    expect(definition.type).toBe(type);
    expect(type).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('gives every path of its schema a class', () => {
    const unclassed = leavesOf(definition.schema)
      .map(({ path }) => path)
      .filter(
        (path) => !FIELD_CLASSES.some((known) => known === atOrAbove(definition.fields, path)),
      );
    expect(unclassed).toEqual([]);
  });

  it('speaks only of paths that its schema has', () => {
    const paths = [
      ...Object.keys(definition.fields),
      ...definition.name,
      ...Object.keys(definition.references ?? {}),
      ...Object.keys(definition.ownOnly ?? {}),
    ];
    expect(paths.filter((path) => !placeAt(definition.schema, path))).toEqual([]);
  });

  it('refers only to types that exist', () => {
    const types = Object.values(definition.references ?? {}).filter((name) => name !== '*');
    expect(types.filter((name) => !RECORD_TYPES.some((known) => known === name))).toEqual([]);
  });

  it('names a subject where it holds personal data', () => {
    expect(personalPaths(definition).length > 0).toBe(definition.subject !== undefined);
  });

  it('seals only whole leaves, so that a path of an event is a path of the record', () => {
    for (const path of personalPaths(definition)) expect(path).toMatch(/^[a-zA-Z]+(\.[a-zA-Z]+)*$/);
  });
});

describe('resolveRecordType', () => {
  it.each([
    ['time', 'time-entry'],
    ['timeEntry', 'time-entry'],
    ['time-entries', 'time-entry'],
    ['Time Entry', 'time-entry'],
    ['creditNote', 'credit-note'],
    ['credit_notes', 'credit-note'],
    ['parties', 'party'],
    ['clients', 'party'],
    ['companies', 'company'],
    ['invoices', 'invoice'],
  ])('understands %s as %s', (word, type) => {
    expect(resolveRecordType(word)).toBe(type);
  });

  it('names the nearest type for a word it does not know', () => {
    const failed = failureOf(() => resolveRecordType('invioce'));
    expect(failed).toMatchObject({ code: 'invalid_input', found: 'invioce' });
    expect(failed.message).toContain('Did you mean invoice?');
  });

  it('takes no name of an object prototype for a type', () => {
    expect(failureOf(() => resolveRecordType('constructor')).code).toBe('invalid_input');
    expect(failureOf(() => resolveRecordType('__proto__')).code).toBe('invalid_input');
  });
});

describe('the paths of a schema', () => {
  it('treat money as one value, also behind a rule of its own', () => {
    const party = definitionOf('party').schema;
    const paths = leavesOf(party).map(({ path }) => path);
    expect(paths).toContain('billing.hourlyRate');
    expect(paths).not.toContain('billing.hourlyRate.minor');
    const rate = placeAt(party, 'billing.hourlyRate');
    expect(rate && isMoney(rate.schema)).toBe(true);
    expect(placeAt(party, 'billing.hourlyRate.minor')).toBeDefined();
  });

  it('include the objects above the leaves', () => {
    expect(pathsOf(definitionOf('party').schema)).toEqual(
      expect.arrayContaining(['address', 'address.city', 'billing.rounding.minutes']),
    );
  });

  it('do not reach a prototype', () => {
    const { schema } = definitionOf('party');
    for (const path of ['constructor', '__proto__', 'address.toString', 'name.length', '']) {
      expect(placeAt(schema, path)).toBeUndefined();
    }
  });
});

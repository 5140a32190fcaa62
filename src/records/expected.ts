import { z } from 'zod';
import { definitionInside, isMoney } from './schema-paths.ts';

/** What a field wants, in plain words that follow "should be". */
export function expectedOf(schema: z.core.$ZodType): string {
  if (isMoney(schema)) return 'an amount like 120.00 EUR';
  const definition = definitionInside(schema);
  switch (definition.type) {
    case 'string':
      return expectedText('format' in definition ? definition.format : undefined);
    case 'number':
      return expectedNumber(schema);
    case 'boolean':
      return 'yes or no';
    case 'enum':
      return `one of: ${Object.values(definition.entries).join(', ')}`;
    case 'array': {
      const element = definitionInside(definition.element);
      return element.type === 'enum'
        ? `a list of: ${Object.values(element.entries).join(', ')}`
        : 'a list';
    }
    default:
      return 'a group of fields';
  }
}

function expectedText(format: unknown): string {
  if (format === 'date') return 'a day like 2026-10-31';
  return format === 'datetime' ? 'a UTC time like 2026-10-31T09:00:00Z' : 'text';
}

function expectedNumber(schema: z.core.$ZodType): string {
  if (!(schema instanceof z.ZodNumber)) return 'a number';
  const what = schema.format === 'safeint' ? 'a whole number' : 'a number';
  const { minValue: from, maxValue: to } = schema;
  if (isLimit(from) && isLimit(to)) return `${what} from ${from} to ${to}`;
  if (isLimit(from)) return `${what} of at least ${from}`;
  return isLimit(to) ? `${what} of at most ${to}` : what;
}

/** A bound that somebody chose: zod notes the safe range on whole numbers by itself. */
function isLimit(bound: number | null): bound is number {
  return bound !== null && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
}

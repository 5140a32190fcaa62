import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** What a schema wanted where something does not fit, as a person says it: `a list`, `one of a, b`. */
export function neededWords(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_union':
      return [...new Set(issue.errors.flat().map(neededWords))].join(' or ') || issue.message;
    case 'too_small':
      return `at least ${issue.minimum} ${UNITS[issue.origin] ?? ''}`.trim();
    case 'too_big':
      return `at most ${issue.maximum} ${UNITS[issue.origin] ?? ''}`.trim();
    case 'invalid_value':
      return `one of ${issue.values.slice(0, VALUES_NAMED).map(String).join(', ')}`;
    case 'invalid_format': {
      const own = issue.message.replace(/^Invalid string: /, '');
      return own.startsWith('Invalid ') ? (FORMATS[issue.format] ?? own) : own;
    }
    default:
      return issue.message;
  }
}

/** A whole sentence about it: `to: a list is needed.` */
export function issueWords(issue: Issue): string {
  const path = issue.path.map(String).join('.');
  const at = path === '' ? '' : `${path}: `;
  if (issue.code === 'unrecognized_keys') return `${at}${issue.keys.join(', ')} is not known.`;
  // what a schema says in words of its own about a value is a sentence; of a form, the form's name
  if (issue.code !== 'invalid_format' && !ZODS_OWN.test(issue.message)) return at + issue.message;
  const isMissing = 'input' in issue && issue.input === undefined;
  return `${at}${neededWords(issue)} is needed${isMissing ? ', not nothing' : ''}.`;
}

const ZODS_OWN = /^(Invalid|Too (big|small)|Unrecognized)/;

/** values of a list of choices that are named: more are read in the reference */
const VALUES_NAMED = 12;

const TYPES: { readonly [type: string]: string } = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const UNITS: { readonly [origin: string]: string } = { string: 'characters', array: 'members' };

const FORMATS: { readonly [format: string]: string } = {
  email: 'an e-mail address such as ann@example.com',
  datetime: 'a time such as 2026-12-01T09:00:00Z',
  date: 'a day such as 2026-12-01',
  url: 'an address such as https://example.com',
};

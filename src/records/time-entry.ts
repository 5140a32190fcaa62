import { z } from 'zod';
import { failure, moneySchema } from '../contract/index.ts';
import { defineRecord, type RecordContext } from './define-record.ts';
import { daySchema, idSchema, instantSchema, lineSchema, textSchema } from './field-schemas.ts';

/** What `billedBy` holds for time that was invoiced before it came here. */
export const BILLED_ELSEWHERE = 'external';

/** Time that was worked. */
export const timeEntrySchema = z
  .strictObject({
    party: idSchema.exactOptional(),
    project: idSchema.exactOptional(),
    task: lineSchema.exactOptional(),
    text: textSchema.default(''),
    /** the day it began, in the company's zone */
    day: daySchema,
    start: instantSchema.exactOptional(),
    end: instantSchema.exactOptional(),
    /** whole seconds: what trackers export */
    seconds: z.int().min(1, 'must be above zero'),
    billable: z.boolean().default(true),
    /** the hourly rate the export names; rules of project and party come first */
    rateHint: moneySchema.exactOptional(),
    tags: z.array(lineSchema).max(100).default([]),
    /** the invoice that charges it, or `external` */
    billedBy: idSchema.exactOptional(),
    /** where it was imported from; `key` is what finds it again */
    source: z
      .strictObject({
        layout: lineSchema,
        key: z.string().min(1).max(1_000),
        /** line of the file, from 1 */
        line: z.int().min(1).exactOptional(),
      })
      .exactOptional(),
  })
  .refine(({ start, end }) => !start || !end || Date.parse(start) <= Date.parse(end), {
    path: ['end'],
    message: 'is before the start',
  });
export type TimeEntry = Readonly<z.infer<typeof timeEntrySchema>>;

export type TimeEntryCommand =
  | { readonly type: 'bill'; readonly invoice: string }
  | { readonly type: 'release' };

/** What an invoice was calculated from: it stays as it was billed. */
const FIXED_WHEN_BILLED: ReadonlySet<string> = new Set([
  'party',
  'project',
  'day',
  'start',
  'end',
  'seconds',
  'billable',
  'rateHint',
]);

export const timeEntryRecord = defineRecord({
  type: 'time-entry',
  title: 'Time entry',
  aliases: ['time'],
  schema: timeEntrySchema,
  fields: {
    party: 'business',
    project: 'business',
    task: 'business',
    text: 'business',
    day: 'business',
    start: 'business',
    end: 'business',
    seconds: 'business',
    billable: 'business',
    rateHint: 'business',
    tags: 'business',
    billedBy: 'business',
    source: 'business',
  },
  name: ['day', 'text'],
  references: { party: 'party', project: 'project' },
  ownOnly: {
    billedBy: 'An invoice bills it when it is issued, and releases it when it is voided.',
  },
  commands: {
    bill: 'Charges this time on an invoice.',
    release: 'Makes this time free to be charged again.',
  },
  externalKey: ({ source }) => source && `${source.layout}/${source.key}`,
  day: (fields) => fields.day,
  prepare: (fields, context) => {
    const party = fields.project && context.references('project', fields.project)?.fields.party;
    return typeof party === 'string' && fields.party === undefined
      ? { fields: { ...fields, party } }
      : { fields };
  },
  check: ({ before, after, paths }, context) => {
    if (before?.billedBy !== undefined) {
      const path = paths.find((changed) => FIXED_WHEN_BILLED.has(changed));
      if (path !== undefined) throw billed(before.billedBy, 'cannot be changed', path);
    }
    if (paths.includes('party') || paths.includes('project')) requireOneParty(after, context);
  },
  checkArchive: ({ billedBy }) => {
    if (billedBy !== undefined && billedBy !== BILLED_ELSEWHERE) {
      throw billed(billedBy, 'cannot be archived');
    }
  },
  decide: ({ fields }, command: TimeEntryCommand) => {
    const { billedBy } = fields;
    if (command.type === 'release') {
      return billedBy === undefined ? [] : [{ type: 'time-entry.released', data: {} }];
    }
    if (billedBy === command.invoice) return [];
    if (billedBy !== undefined) throw billed(billedBy, 'cannot be billed again');
    if (!fields.billable) {
      throw failure(
        'not_possible',
        'This time is marked as not billable.',
        { path: 'billable' },
        'Mark it as billable first, or leave it off the invoice.',
      );
    }
    return [{ type: 'time-entry.billed', data: { invoice: command.invoice } }];
  },
  evolve: (fields, { type, data }) => {
    const { billedBy: _, ...rest } = fields;
    if (type === 'time-entry.released') return rest;
    if (type === 'time-entry.billed' && typeof data.invoice === 'string') {
      return { ...rest, billedBy: data.invoice };
    }
    return fields;
  },
  describe: ({ type }) => {
    if (type === 'time-entry.billed') return 'Billed on an invoice.';
    return type === 'time-entry.released' ? 'Free to be billed again.' : undefined;
  },
});

/** Fails with `invalid_input` when the project is somebody else's. */
function requireOneParty({ party, project }: TimeEntry, context: RecordContext): void {
  const owner = project && context.references('project', project)?.fields.party;
  if (typeof owner !== 'string' || owner === party) return;
  throw failure(
    'invalid_input',
    'The project belongs to another party than this time does.',
    { path: 'party', expected: owner, found: party ?? null },
    'Change project and party together, or leave the party out when you create it.',
  );
}

function billed(invoice: string, what: string, path?: string) {
  const elsewhere = invoice === BILLED_ELSEWHERE;
  return failure(
    'not_possible',
    `This time was billed${elsewhere ? ' elsewhere' : ''}, so it ${what}.`,
    path === undefined ? { invoice } : { invoice, path },
    elsewhere ? 'Release it first if that is wrong.' : 'Void or credit its invoice first.',
  );
}

import { z } from 'zod';
import { type Agent, type AgentContext, defineAgent } from '../../../agent/index.ts';
import type { Id, Json } from '../../../base/index.ts';
import {
  type CapabilityContract,
  failure,
  moneySchema,
  OPERATOR,
} from '../../../contract/index.ts';
import {
  type Company,
  coerceSet,
  companySchema,
  type Party,
  type Project,
  partySchema,
  projectSchema,
  type RecordCommand,
  type RecordState,
  type TimeEntry,
  timeEntrySchema,
} from '../../../records/index.ts';
import {
  type AskedField,
  composeInvoice,
  type InvoiceCase,
  type Known,
} from './compose-invoice.ts';

const monthSchema = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month such as 2026-10');
const requestSchema = z.strictObject({
  party: z.string(),
  month: monthSchema,
  days: z.int().min(0).max(365).nullable().exactOptional(),
  project: z.string().nullable().exactOptional(),
});

const questionSchema = z.strictObject({
  name: z.string(),
  record: z.enum(['company', 'party', 'project', 'invoice']),
  id: z.string(),
  path: z.string(),
  question: z.string(),
  type: z.string(),
  currency: z.string().exactOptional(),
});
type Question = z.infer<typeof questionSchema>;

const local = {
  idempotency: 'idempotent',
  failures: {},
  timeoutMs: 20_000,
  cost: { microUsd: 0, latencyMs: 5 },
  placement: 'this-machine',
} as const satisfies Partial<CapabilityContract>;

const reads = {
  company: '*',
  party: '*',
  project: '*',
  'time-entry': '*',
  invoice: ['status', 'number', 'party', 'period', 'totals'],
} as const;

/** Looks whether a month can be billed, and lists every question that stands in the way. */
export const checkAgent: Agent = defineAgent(
  {
    ...local,
    name: 'invoice.check',
    version: 1,
    title: 'See what the invoice still needs',
    effect: 'read',
    input: requestSchema,
    output: z.strictObject({
      questions: z.array(questionSchema),
      form: z.strictObject({ fields: z.array(z.json()) }),
      customer: z.string(),
    }),
    roles: { party: 'target' },
    reads,
  },
  async (input, context) => {
    const found = await readCase(input, context);
    const composed = composeInvoice(found, found.companyId);
    const asked = composed.status === 'questions' ? composed.questions : [];
    const questions = asked.map((question, index) => toQuestion(question, index, found));
    return {
      output: {
        questions,
        form: { fields: questions.map(toField) },
        customer: found.party.fields.name,
      },
    };
  },
);

/** Writes the operator's answers onto the records that lacked them. */
export const applyAnswersAgent: Agent = defineAgent(
  {
    ...local,
    name: 'invoice.apply-answers',
    version: 1,
    title: 'Keep what you answered',
    effect: 'record',
    input: z.strictObject({
      questions: z.array(questionSchema),
      answers: z.record(z.string(), z.json()),
    }),
    output: z.strictObject({ changed: z.int() }),
    roles: {},
    reads: {},
  },
  (input) => {
    const byRecord = new Map<
      string,
      { readonly type: Question['record']; readonly id: Id; readonly set: Record<string, Json> }
    >();
    for (const question of input.questions) {
      const given = input.answers[question.name];
      if (given === undefined || given === null || given === '') continue;
      const key = `${question.record}/${question.id}`;
      const target = byRecord.get(key) ?? { type: question.record, id: question.id, set: {} };
      byRecord.set(key, target);
      const options = question.currency === undefined ? {} : { currency: question.currency };
      const { set } = coerceSet(recordType(question.record), { [question.path]: given }, options);
      Object.assign(target.set, set);
    }
    const commands: RecordCommand[] = [...byRecord.values()].map(({ type, id, set }) => ({
      type: 'change',
      record: recordType(type),
      id,
      set,
    }));
    return { output: { changed: commands.length }, labels: { base: OPERATOR }, commands };
  },
);

/** Writes the draft that bills a month's open time. */
export const draftAgent: Agent = defineAgent(
  {
    ...local,
    name: 'invoice.draft',
    version: 1,
    title: 'Write the draft',
    effect: 'record',
    input: requestSchema,
    output: z.strictObject({
      invoice: z.string(),
      total: moneySchema,
      net: moneySchema,
      lines: z.int(),
      hours: z.string(),
      email: z.string(),
      customer: z.string(),
      party: z.string(),
      skipped: z.int(),
    }),
    roles: { party: 'target' },
    reads,
  },
  async (input, context) => {
    const found = await readCase(input, context);
    const composed = composeInvoice(found, found.companyId);
    if (composed.status === 'questions') {
      throw failure(
        'needs_answer',
        `The invoice still lacks: ${composed.questions.map(({ question }) => question).join(' ')}`,
        {},
        'Answer the questions, then retry.',
      );
    }
    const { draft, skipped } = composed;
    if (draft.lines.length === 0) throw nothingToBill(found, input.month);
    const invoice = context.newId();
    const tenThousandths = draft.lines.reduce((sum, line) => sum + line.quantity.tenThousandths, 0);
    return {
      output: {
        invoice,
        total: draft.totals.gross,
        net: draft.totals.net,
        lines: draft.lines.length,
        hours: (tenThousandths / 10_000).toFixed(2),
        email: found.party.fields.email ?? '',
        customer: found.party.fields.name,
        party: found.party.id,
        skipped: skipped.length,
      },
      // an Invoice is plain JSON; the interface lacks the index signature
      commands: [
        {
          type: 'create',
          record: 'invoice',
          id: invoice,
          set: draft as unknown as { [path: string]: Json },
        },
      ],
    };
  },
);

/** Notes on the invoice when and where it was sent. */
export const markSentAgent: Agent = defineAgent(
  {
    ...local,
    name: 'invoice.mark-sent',
    version: 1,
    title: 'Note that it was sent',
    effect: 'record',
    input: z.strictObject({
      invoice: z.string(),
      at: z.string(),
      to: z.string(),
      effect: z.string(),
    }),
    output: z.strictObject({ invoice: z.string(), at: z.string() }),
    roles: { invoice: 'target' },
    reads: {},
  },
  ({ invoice, at, to, effect }) => ({
    output: { invoice, at },
    commands: [{ type: 'record-sent', record: 'invoice', id: invoice, at, to, effect }],
  }),
);

interface FoundCase extends InvoiceCase {
  readonly companyId: Id;
}

/** Everything a month's invoice is made of. Refuses a month without open time, and says why. */
async function readCase(
  input: z.infer<typeof requestSchema>,
  { records, today }: AgentContext,
): Promise<FoundCase> {
  const company = await records.company();
  const party = await records.find('party', input.party);
  if (!party) throw failure('not_found', 'This customer does not exist.', { party: input.party });
  const from = `${input.month}-01`;
  const to = Temporal.PlainYearMonth.from(input.month).toPlainDate({ day: 31 }).toString();
  if (from > today)
    throw failure(
      'not_possible',
      `${input.month} has not begun yet.`,
      { month: input.month },
      'Bill a month that has work in it.',
    );
  const own = (await records.list('time-entry', { party: input.party }))
    .map((state) => known<TimeEntry>(timeEntrySchema, state))
    .filter(({ fields }) => fields.day >= from && fields.day <= to)
    .filter(({ fields }) => !input.project || fields.project === input.project);
  const entries = own.filter(({ fields }) => fields.billable && fields.billedBy === undefined);
  const projects = new Map<Id, Project>();
  for (const { fields } of entries) {
    if (fields.project === undefined || projects.has(fields.project)) continue;
    const project = await records.find('project', fields.project);
    if (project) projects.set(fields.project, known<Project>(projectSchema, project).fields);
  }
  const found: FoundCase = {
    companyId: company.id,
    company: known<Company>(companySchema, company).fields,
    party: known<Party>(partySchema, party),
    projects,
    entries,
    period: { from, to },
    ...(typeof input.days === 'number' ? { paymentDays: input.days } : {}),
  };
  if (entries.length === 0) {
    const billed = own.filter(({ fields }) => fields.billedBy !== undefined);
    throw nothingToBill(
      found,
      input.month,
      billed.map(({ fields }) => fields.billedBy ?? ''),
      own.length,
      await invoiceNames(records, billed),
    );
  }
  return found;
}

async function invoiceNames(
  records: AgentContext['records'],
  billed: readonly Known<TimeEntry>[],
): Promise<readonly string[]> {
  const ids = [...new Set(billed.map(({ fields }) => fields.billedBy ?? ''))];
  const found = await Promise.all(
    ids.map((id) => (id === 'external' ? undefined : records.find('invoice', id))),
  );
  return found.map((invoice, index) =>
    String(invoice?.fields.number ?? (ids[index] === 'external' ? 'elsewhere' : ids[index])),
  );
}

function nothingToBill(
  { party }: InvoiceCase,
  month: string,
  billedBy: readonly string[] = [],
  all = 0,
  numbers: readonly string[] = [],
) {
  const { name } = party.fields;
  if (billedBy.length > 0) {
    return failure(
      'not_possible',
      `All billable time for ${name} in ${month} was billed before (${numbers.join(', ')}).`,
      { billed: billedBy.length },
      'Look at the invoice, or bill another month. To charge it again, void or credit that invoice first.',
    );
  }
  return failure(
    'not_possible',
    all === 0
      ? `There is no time for ${name} in ${month}.`
      : `None of the time for ${name} in ${month} is billable.`,
    { entries: all },
    'Import the month first: steward import time FILE.csv',
  );
}

/** The record store validated these fields with the same schema when they were written. */
function known<Fields>(_schema: z.ZodType, state: RecordState): Known<Fields> {
  return { id: state.id, fields: state.fields as Fields };
}

function toQuestion(question: AskedField, index: number, found: FoundCase): Question {
  const { record, id, path, type } = question;
  const name = `${record}${path.replace(/(^|\.)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}${record === 'project' ? index + 1 : ''}`;
  const currency = found.party.fields.billing?.currency ?? found.company.currency;
  return {
    name,
    record,
    id,
    path,
    question: question.question,
    type,
    ...(type === 'money' ? { currency } : {}),
  };
}

function toField({ name, question, type, record, path, currency }: Question) {
  const kind = type === 'boolean' ? 'boolean' : 'text';
  const field = { type: record, path, ...(currency === undefined ? {} : { currency }) };
  return { name, kind, label: question, required: true, field };
}

function recordType(record: Question['record']): 'company' | 'party' | 'project' | 'invoice' {
  return record;
}

import { createHash } from 'node:crypto';
import { type Id, isJsonObject, type Json, type JsonObject, type NewId } from '../../base/index.ts';
import { type Label, OWN } from '../../contract/index.ts';
import { fact, type ItemRow, itemsFold, type Kernel } from '../../kernel/index.ts';
import type { Blobs, FoldQuery, FoldReader, Log } from '../../log/index.ts';
import { isErased, type RecordState } from '../../records/index.ts';
import {
  addCounts,
  type ByteSource,
  type DateOrder,
  type ExistingRecords,
  entryQueries,
  type ImportCounts,
  type ImportQuestion,
  NO_COUNTS,
  planPartyImport,
  planTimeImport,
  type RowRemark,
  readPartyRows,
  readTimeRows,
  surveyTimeFile,
  type TimeLayoutName,
  type TimeSurvey,
} from './imports/index.ts';

/** What an import did, in the shape that INTERFACES promises. */
export interface ImportReport extends ImportCounts {
  readonly refused: readonly RowRemark[];
  readonly notices: readonly RowRemark[];
  /** questions that wait in the inbox, with what they ask */
  readonly questions: readonly { readonly item: Id; readonly question: string }[];
  /** remarks beyond the first thousand are counted only */
  readonly more: number;
}

export interface ImportDesk {
  /** Fails as the file is refused, before anything is written. */
  readonly time: (source: ByteSource, options: TimeImportOptions) => Promise<ImportReport>;
  readonly parties: (source: ByteSource, by: string) => Promise<ImportReport>;
  /** An import's question was answered: the rows it held back go in. */
  readonly answered: (item: ItemRow, answer: JsonObject) => Promise<void>;
}

export interface TimeImportOptions {
  readonly format?: TimeLayoutName | 'auto';
  readonly dateOrder?: DateOrder;
  readonly by: string;
}

export interface ImportDeskPorts {
  readonly kernel: Kernel;
  readonly log: Log;
  readonly blobs: Blobs;
  readonly newId: NewId;
}

/** remarks kept for the answer */
const REMARKS = 1_000;
/** a file that left questions is kept up to this size, so that an answer alone is enough */
const KEPT_BYTES = 32 * 1024 * 1024;
/** what a file says is our own work, but not typed by the operator */
const LABEL: Label = OWN;

export function createImportDesk(ports: ImportDeskPorts): ImportDesk {
  const { kernel, log, blobs, newId } = ports;
  const items = log.fold(itemsFold);

  async function time(source: ByteSource, options: TimeImportOptions): Promise<ImportReport> {
    const surveyed = await surveyTimeFile(source, {
      format: options.format ?? 'auto',
      ...(options.dateOrder ? { dateOrder: options.dateOrder } : {}),
    });
    if (surveyed.status === 'question') {
      const digest = await digestOf(source);
      const asked = { ...surveyed.question, id: `${surveyed.question.id}/${digest}` };
      const known = await answersTo([asked]);
      const order = known[asked.id];
      if (order === 'day-month' || order === 'month-day') {
        return time(source, { ...options, dateOrder: order });
      }
      const item = await ask(asked, source, options);
      return { ...empty(), questions: [{ item, question: surveyed.question.question }] };
    }
    return timeRows(source, surveyed.survey, options);
  }

  async function timeRows(
    source: ByteSource,
    survey: TimeSurvey,
    options: TimeImportOptions,
  ): Promise<ImportReport> {
    const company = await kernel.records.company();
    let report = empty();
    const questions: ImportQuestion[] = [];
    for await (const batch of readTimeRows(source, survey, String(company.fields.zone))) {
      const existing = await existingFor(entryQueries(batch, survey));
      const plan = (answers: { readonly [id: string]: string }) =>
        planTimeImport(batch, { survey, existing, answers, newId });
      const first = plan({});
      const answers = first.questions.length > 0 ? await answersTo(first.questions) : {};
      const step = Object.keys(answers).length > 0 ? plan(answers) : first;
      await kernel.change(step.commands, { by: options.by, label: LABEL });
      questions.push(...step.questions);
      report = withStep(report, step);
    }
    const asked = [];
    for (const question of questions) {
      asked.push({ item: await ask(question, source, options), question: question.question });
    }
    return { ...report, questions: asked };
  }

  async function parties(source: ByteSource, by: string): Promise<ImportReport> {
    const file = await readPartyRows(source);
    const company = await kernel.records.find('company', log.company);
    const existing = (await everyRecord('party')).map(({ id, archived, fields }) => ({
      id,
      archived,
      fields: fields as never, // the record store validated them by the party's schema
    }));
    const plan = planPartyImport(file, {
      existing,
      newId,
      ...(company ? { currency: String(company.fields.currency) } : {}),
    });
    await kernel.change(plan.commands, { by, label: LABEL });
    return { ...withStep(empty(), { ...plan, notices: [], questions: [] }), questions: [] };
  }

  async function existingFor(queries: readonly FoldQuery[]): Promise<ExistingRecords> {
    const { reader } = kernel.records;
    const entries = (await Promise.all(queries.map((query) => allRows(reader, query)))).flat();
    const known = await everyRecord('party');
    const projects = await everyRecord('project');
    return {
      entries: entries.map(({ id, archived, fields }) => ({
        id,
        archived,
        fields: fields as never,
      })),
      parties: known
        .filter(({ fields }) => !isErased(fields.name ?? null))
        .map(({ id, archived, fields }) => ({
          id,
          archived,
          name: String(fields.name),
          ...(typeof fields.legalName === 'string' ? { legalName: fields.legalName } : {}),
        })),
      projects: projects.map(({ id, archived, fields }) => ({
        id,
        archived,
        party: String(fields.party),
        name: String(fields.name),
        ...(typeof fields.code === 'string' ? { code: fields.code } : {}),
      })),
    };
  }

  function everyRecord(type: string): Promise<readonly RecordState[]> {
    return allRows(kernel.records.reader, { equals: `${type}/` });
  }

  async function answersTo(
    questions: readonly ImportQuestion[],
  ): Promise<{ readonly [id: string]: string }> {
    const answers: Record<string, string> = {};
    for (const question of questions) {
      const [found] = await items.list({
        index: 'topic',
        equals: topicOf(question),
        descending: true,
        limit: 1,
      });
      const answer = found?.row.answer;
      if (isJsonObject(answer ?? null) && typeof (answer as JsonObject).choice === 'string') {
        const choice = String((answer as JsonObject).choice);
        const option = question.options.find(
          ({ label, value }) => label === choice || value === choice,
        );
        if (option) answers[question.id] = option.value;
      }
    }
    return answers;
  }

  /** One item per question, however often the file is imported. */
  async function ask(
    question: ImportQuestion,
    source: ByteSource,
    options: TimeImportOptions,
  ): Promise<Id> {
    const topic = topicOf(question);
    const [known] = await items.list({ index: 'topic', equals: topic, limit: 1 });
    if (known && known.row.status !== 'closed') return known.row.id;
    const item = newId();
    const kept = await keep(source);
    const form: Json = {
      fields: [
        {
          name: 'choice',
          kind: 'choice',
          label: question.question,
          required: true,
          choices: question.options.map(({ value }) => value),
          help: question.options.map(({ value, label }) => `${value}: ${label}`).join('\n'),
        },
      ],
    };
    const body: Json = {
      topic,
      import: {
        blob: kept ?? null,
        format: options.format ?? 'auto',
        dateOrder: options.dateOrder ?? null,
      },
      options: question.options.map(({ value, label }) => ({ value, label })),
      recommendation: kept
        ? 'Your answer is enough: the row goes in by itself.'
        : 'Answer, then import the file again.',
    };
    await log.append([
      {
        stream: `item/${item}`,
        expectedVersion: 0,
        events: [
          fact(
            'item.opened',
            { kind: 'question', title: question.question, effects: [], risk: 'low', form, body },
            { by: options.by },
          ),
        ],
      },
    ]);
    return item;
  }

  async function keep(source: ByteSource): Promise<string | undefined> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of source()) {
      bytes += part.byteLength;
      if (bytes > KEPT_BYTES) return undefined;
      parts.push(part);
    }
    return blobs.put(Buffer.concat(parts));
  }

  return {
    time,
    parties,
    answered: async (item) => {
      const body = isJsonObject(item.body) ? item.body : {};
      const kept = isJsonObject(body.import ?? null) ? (body.import as JsonObject) : undefined;
      if (typeof kept?.blob !== 'string') return;
      const bytes = await blobs.get(kept.blob);
      await time(
        async function* () {
          yield bytes;
        },
        {
          by: 'kernel',
          ...(typeof kept.format === 'string'
            ? { format: kept.format as TimeLayoutName | 'auto' }
            : {}),
          ...(kept.dateOrder === 'day-month' || kept.dateOrder === 'month-day'
            ? { dateOrder: kept.dateOrder }
            : {}),
        },
      );
    },
  };
}

function topicOf(question: ImportQuestion): string {
  return `import/${question.id}`;
}

function empty(): ImportReport {
  return { ...NO_COUNTS, refused: [], notices: [], questions: [], more: 0 };
}

function withStep(
  report: ImportReport,
  step: {
    readonly counts: ImportCounts;
    readonly refused: readonly RowRemark[];
    readonly notices: readonly RowRemark[];
    readonly questions: readonly unknown[];
  },
): ImportReport {
  const room = (list: readonly RowRemark[], more: readonly RowRemark[]) => [
    ...list,
    ...more.slice(0, Math.max(0, REMARKS - list.length)),
  ];
  const refused = room(report.refused, step.refused);
  const notices = room(report.notices, step.notices);
  const dropped =
    step.refused.length +
    step.notices.length -
    (refused.length - report.refused.length) -
    (notices.length - report.notices.length);
  return {
    ...addCounts(report, step.counts),
    refused,
    notices,
    questions: report.questions,
    more: report.more + dropped,
  };
}

async function allRows(
  reader: FoldReader<RecordState>,
  query: FoldQuery,
): Promise<readonly RecordState[]> {
  const found: RecordState[] = [];
  for await (const { row } of reader.every(query)) found.push(row);
  return found;
}

async function digestOf(source: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of source()) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

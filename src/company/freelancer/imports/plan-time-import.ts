import type { Id, Json } from '../../../base/index.ts';
import type { FoldQuery } from '../../../log/index.ts';
import { BILLED_ELSEWHERE, type RecordCommand, type TimeEntry } from '../../../records/index.ts';
import {
  changedFields,
  type EntryOwner,
  entryFields,
  isEdited,
  withOwner,
} from './entry-fields.ts';
import { type EntryKey, keyPrefix, readKey } from './entry-key.ts';
import {
  answerTo,
  type ImportAnswers,
  type ImportCounts,
  type ImportQuestion,
  type RowRemark,
} from './import-outcome.ts';
import {
  createNameBook,
  type NameBook,
  type NamedParty,
  type NamedProject,
  type Resolution,
} from './name-book.ts';
import type { PlacedRow, TimeBatch } from './read-time-rows.ts';
import {
  billedQuestion,
  correctionQuestion,
  editedQuestion,
  sameStartQuestion,
  twinQuestion,
} from './row-questions.ts';
import { contentKey, type TimeSurvey } from './survey-time-file.ts';

/** A time entry as it is in the records, archived ones included. */
export interface ExistingEntry {
  readonly id: Id;
  readonly archived: boolean;
  readonly fields: TimeEntry;
}

/** What a batch is compared with. Load it after the batch before was appended. */
export interface ExistingRecords {
  /** all time entries that `entryQueries(batch, survey)` find, archived ones included */
  readonly entries: readonly ExistingEntry[];
  /** all parties and projects, archived ones included */
  readonly parties: readonly NamedParty[];
  readonly projects: readonly NamedProject[];
}

export interface TimeImportContext {
  readonly survey: TimeSurvey;
  readonly existing: ExistingRecords;
  readonly answers: ImportAnswers;
  readonly newId: () => Id;
}

/** What one batch comes to. `commands` are in order: later ones name records of earlier ones. */
export interface ImportStep {
  readonly commands: readonly RecordCommand[];
  readonly counts: ImportCounts;
  readonly refused: readonly RowRemark[];
  readonly notices: readonly RowRemark[];
  readonly questions: readonly ImportQuestion[];
}

/** days around a row in which the entry it corrects is looked for, when its date was wrong */
const MOVED_DAYS = 7;

/**
 * The time entries a batch is compared with, as queries of the records' fold: those of the same person
 * on its days and some around them, as far as the file reaches. A query may have several pages.
 */
export function entryQueries(batch: TimeBatch, survey: TimeSurvey): readonly FoldQuery[] {
  const people = Map.groupBy(batch.rows, ({ base }) => personOf(base));
  return [...people].map(([person, rows]) => {
    const days = rows.map(({ day }) => day).sort();
    const first = addDays(days[0] ?? survey.firstDay, -MOVED_DAYS);
    const last = addDays(days.at(-1) ?? survey.lastDay, MOVED_DAYS);
    const [, from] = [first, survey.firstDay].sort();
    const [to] = [last, survey.lastDay].sort();
    const start = `time-entry/${survey.layout}/${person}`;
    // `~` sorts behind every character of a key.
    return { index: 'external', from: `${start}/${from}/`, to: `${start}/${to}/~` };
  });
}

/**
 * Decides what each row of a batch does; does nothing. A row that is there already does nothing again,
 * a corrected one becomes a change where its key is certain, and a question where it is not. Rows with
 * an open question are left out until `answers` holds one.
 */
export function planTimeImport(batch: TimeBatch, context: TimeImportContext): ImportStep {
  const { survey, existing, answers, newId } = context;
  const plan: Plan = {
    survey,
    answers,
    newId,
    names: createNameBook(existing, answers, newId),
    entries: new Map(),
    gone: new Map(),
    commands: [],
    questions: new Map(),
    refused: [...batch.refused],
    tally: { added: 0, changed: 0, unchanged: 0, duplicates: 0, asked: 0 },
  };
  for (const entry of existing.entries) {
    if (entry.fields.source?.layout === survey.layout) note(plan, entry);
  }
  for (const row of batch.rows) {
    const outcome = planRow(plan, row);
    if (outcome !== 'refused') plan.tally[outcome]++;
  }
  const { commands, questions, refused, tally } = plan;
  const refusedLines = new Set(refused.map(({ line }) => line));
  return {
    commands,
    counts: { read: batch.read, ...tally },
    refused,
    notices: batch.notices.filter(({ line }) => !refusedLines.has(line)),
    questions: [...questions.values()],
  };
}

type Outcome = 'added' | 'changed' | 'unchanged' | 'duplicates' | 'asked' | 'refused';

type KeyedEntry = ExistingEntry & {
  readonly key: EntryKey;
  /** whether the file has a row with this key, and one with this key and content */
  readonly inFile: { readonly base: boolean; readonly content: boolean };
};

interface Plan {
  readonly survey: TimeSurvey;
  readonly answers: ImportAnswers;
  readonly newId: () => Id;
  readonly names: NameBook;
  /** by person and day, then by id; kept up with what this batch does */
  readonly entries: Map<string, Map<Id, KeyedEntry>>;
  /** live ones whose key the file does not have, although it covers their day */
  readonly gone: Map<Id, KeyedEntry>;
  readonly commands: RecordCommand[];
  readonly questions: Map<string, ImportQuestion>;
  readonly refused: RowRemark[];
  readonly tally: Record<Exclude<Outcome, 'refused'>, number>;
}

function planRow(plan: Plan, row: PlacedRow): Outcome {
  const group = sameDay(plan, row).filter(({ key }) => key.base === row.base);
  const equal = group.filter(({ key }) => key.content === row.content);
  if (row.copy <= equal.length) return 'unchanged';
  if (row.copy > 1) {
    if (row.layout !== 'harvest') return 'duplicates';
    const answer = ask(plan, twinQuestion(row));
    if (answer === 'add') return addEntry(plan, row, group);
    return answer === 'leave' ? 'duplicates' : 'asked';
  }
  if (group.length === 0) return planNewKey(plan, row);

  const live = group.filter(({ archived }) => !archived);
  const contents = plan.survey.keys.countOf(row.base);
  if (live.length === 0 && contents === 1) return 'unchanged'; // archived on purpose: it stays so
  const gone = live.filter(({ inFile }) => !inFile.content);
  const [only] = gone;
  if (only && live.length === 1 && contents === 1) return correctEntry(plan, row, only);
  if (gone.length > 0) return askCorrection(plan, row, gone, group);
  return addBeside(plan, row, group);
}

/** No entry has this key: a new one, unless it looks like one whose key the file has no more. */
function planNewKey(plan: Plan, row: PlacedRow): Outcome {
  const gone = [...plan.gone.values()].filter(
    ({ key, fields }) => personOf(key.base) === personOf(row.base) && isAlike(plan, row, fields),
  );
  if (gone.length > 0) return askCorrection(plan, row, gone, []);
  return row.firstLine === row.line ? addEntry(plan, row, []) : addBeside(plan, row, []);
}

/** Another row has the same key with other content. Nobody works twice from the same moment on. */
function addBeside(plan: Plan, row: PlacedRow, group: readonly KeyedEntry[]): Outcome {
  if (row.layout === 'harvest') return addEntry(plan, row, group);
  const answer = ask(plan, sameStartQuestion(row));
  if (answer === 'add') return addEntry(plan, row, group);
  return answer === 'leave' ? 'unchanged' : 'asked';
}

function askCorrection(
  plan: Plan,
  row: PlacedRow,
  gone: readonly KeyedEntry[],
  group: readonly KeyedEntry[],
): Outcome {
  const answer = ask(plan, correctionQuestion(row, gone));
  if (answer === undefined) return 'asked';
  if (answer === 'leave') return 'unchanged';
  const target = gone.find(({ id }) => answer === `change ${id}`);
  return target ? writeChange(plan, row, target) : addEntry(plan, row, group);
}

/** The file has one row and we have one entry under this key, and the row is not what it was. */
function correctEntry(plan: Plan, row: PlacedRow, entry: KeyedEntry): Outcome {
  const fields = resolveFields(plan, row, entry.key.number, lookUpId);
  if (typeof fields === 'string') return fields;
  const { set, unset } = changedFields(entry.fields, fields);
  const changes = [...Object.keys(set), ...unset].filter((path) => path !== 'source');
  const nowInvoiced = row.invoiced && row.billable && entry.fields.billedBy === undefined;
  const noMoreInvoiced = !row.invoiced && entry.fields.billedBy === BILLED_ELSEWHERE;
  if (changes.length === 0 && !nowInvoiced && !noMoreInvoiced) return 'unchanged';
  if (entry.fields.billedBy !== undefined) {
    return ask(plan, billedQuestion(row, entry, changes)) === 'leave' ? 'unchanged' : 'asked';
  }
  if (changes.length > 0 && isEdited(entry.fields, entry.key)) {
    const answer = ask(plan, editedQuestion(row, entry, changes));
    if (answer !== 'file') return answer === 'leave' ? 'unchanged' : 'asked';
  }
  return writeChange(plan, row, entry);
}

function writeChange(plan: Plan, row: PlacedRow, entry: KeyedEntry): Outcome {
  const number = entry.key.base === row.base ? entry.key.number : 1;
  const fields = resolveFields(plan, row, number, makeId);
  if (typeof fields === 'string') return fields;
  const { id } = entry;
  const { set, unset } = changedFields(entry.fields, fields);
  plan.commands.push({ type: 'change', record: 'time-entry', id, set, unset });
  const bills = fields.billedBy !== undefined && entry.fields.billedBy === undefined;
  if (bills) {
    plan.commands.push({ type: 'bill', record: 'time-entry', id, invoice: BILLED_ELSEWHERE });
  }
  plan.entries.get(entry.key.prefix)?.delete(id);
  note(plan, { ...entry, fields });
  return 'changed';
}

function addEntry(plan: Plan, row: PlacedRow, group: readonly KeyedEntry[]): Outcome {
  const number = Math.max(0, ...group.map(({ key }) => key.number)) + 1;
  const fields = resolveFields(plan, row, number, makeId);
  if (typeof fields === 'string') return fields;
  const id = plan.newId();
  // Its schema holds nothing but JSON.
  const set = fields as unknown as { readonly [path: string]: Json };
  plan.commands.push({ type: 'create', record: 'time-entry', id, set });
  note(plan, { id, archived: false, fields });
  return 'added';
}

/** The entry that a row means; else why there is none. `idOf` finds its client and project. */
function resolveFields(
  plan: Plan,
  row: PlacedRow,
  number: number,
  idOf: typeof makeId,
): TimeEntry | 'asked' | 'refused' {
  const client = row.client === undefined ? undefined : plan.names.party(row.client);
  if (client?.status === 'question') {
    plan.questions.set(client.question.id, client.question);
    return 'asked';
  }
  // Checked before anything is made: a row that is refused must not leave a new client behind.
  const reading = entryFields(row);
  if (reading.status === 'refused') return refuse(plan, row, reading.field, reading.reason);
  return withOwner(reading.fields, ownerOf(plan, row, client, idOf), row, number);
}

function ownerOf(
  plan: Plan,
  row: PlacedRow,
  client: Resolution | undefined,
  idOf: typeof makeId,
): EntryOwner {
  const { client: clientName, project: name, projectCode: code } = row;
  if (!client || clientName === undefined) return {};
  const party = idOf(plan, client, () => plan.names.createParty(clientName));
  if (name === undefined) return { party };
  const project = idOf(plan, plan.names.project(party, name, code), () =>
    plan.names.createProject(party, name, code),
  );
  return { party, project };
}

type Make = () => { readonly id: Id; readonly command: RecordCommand };

function makeId(plan: Plan, found: Resolution, make: Make): Id {
  if (found.status === 'found') return found.id;
  const { id, command } = make();
  plan.commands.push(command);
  return id;
}

/** For comparisons: nothing is made, and what is missing differs from all that is there. */
function lookUpId(_: Plan, found: Resolution, __: Make): Id {
  return found.status === 'found' ? found.id : 'missing';
}

function refuse(
  plan: Plan,
  row: PlacedRow,
  field: keyof TimeSurvey['table']['header']['columns'],
  reason: string,
): 'refused' {
  const { columns, names } = plan.survey.table.header;
  const index = columns[field];
  const column = index === undefined ? '' : (names[index] ?? '');
  plan.refused.push({ line: row.line, column, reason });
  return 'refused';
}

/**
 * Could be the same work before a correction: on the same day for the same client and project or in the
 * same words; on another day, all of that and as long.
 */
function isAlike(plan: Plan, row: PlacedRow, entry: TimeEntry): boolean {
  const sameText = entry.text === row.text;
  const sameOwner = isOwner(plan, row, entry);
  if (entry.day !== row.day) return sameText && sameOwner && entry.seconds === row.seconds;
  return (sameText && row.text !== '') || (sameOwner && row.client !== undefined);
}

function isOwner(plan: Plan, row: PlacedRow, entry: TimeEntry): boolean {
  if (row.client === undefined) return entry.party === undefined;
  const party = plan.names.party(row.client);
  if (party.status !== 'found' || party.id !== entry.party) return false;
  if (row.project === undefined) return entry.project === undefined;
  const project = plan.names.project(party.id, row.project, row.projectCode);
  return project.status === 'found' && project.id === entry.project;
}

/** The answer, or undefined after the question was noted. */
function ask(plan: Plan, question: ImportQuestion): string | undefined {
  const answer = answerTo(question, plan.answers);
  if (answer === undefined) plan.questions.set(question.id, question);
  return answer;
}

function sameDay(plan: Plan, row: PlacedRow): readonly KeyedEntry[] {
  return [...(plan.entries.get(keyPrefix(row.base))?.values() ?? [])];
}

function note(plan: Plan, entry: ExistingEntry): void {
  const key = readKey(entry.fields.source?.key ?? '');
  if (!key) return;
  const ofDay = plan.entries.get(key.prefix) ?? new Map<Id, KeyedEntry>();
  const { keys } = plan.survey;
  const inFile = { base: keys.has(key.base), content: keys.has(contentKey(key)) };
  const known = { ...entry, key, inFile };
  ofDay.set(entry.id, known);
  plan.entries.set(key.prefix, ofDay);
  if (!inFile.base && !entry.archived) plan.gone.set(entry.id, known);
  else plan.gone.delete(entry.id);
}

function personOf(base: string): string {
  return base.slice(0, base.indexOf('/'));
}

function addDays(day: string, days: number): string {
  return Temporal.PlainDate.from(day).add({ days }).toString();
}

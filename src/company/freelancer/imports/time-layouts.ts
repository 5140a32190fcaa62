import { failure } from '../../../contract/index.ts';
import { oneLine } from './import-values.ts';

export const TIME_LAYOUTS = ['toggl', 'clockify', 'harvest'] as const;
export type TimeLayoutName = (typeof TIME_LAYOUTS)[number];

/** How an entry is found again, since none of the exports carries an id. Shown in the docs. */
export const KEY_RULES: { readonly [Name in TimeLayoutName]: string } = {
  toggl:
    'Person (e-mail, else name), start date and start time as written. A corrected text, client, project, duration or rate becomes a change; a corrected start, or a date that moved by up to a week, is asked about, and so is a second entry that starts at the same moment.',
  clockify:
    'Person (e-mail, else name), start date and start time as written. A corrected text, client, project, duration or rate becomes a change; a corrected start, or a date that moved by up to a week, is asked about, and so is a second entry that starts at the same moment.',
  harvest:
    'Person, date, client, project, task and notes: there is no start time. Corrected hours or rates become a change where only one entry has that key; corrected notes, client, project or task, or a date that moved by up to a week, are asked about, and so are rows that are equal in everything.',
};

export type TimeField =
  | 'email'
  | 'person'
  | 'lastName'
  | 'client'
  | 'project'
  | 'projectCode'
  | 'task'
  | 'text'
  | 'billable'
  | 'invoiced'
  | 'startDay'
  | 'startTime'
  | 'endDay'
  | 'endTime'
  | 'duration'
  | 'durationDecimal'
  | 'tags'
  | 'rate'
  | 'amount'
  | 'currency';

interface TimeLayout {
  readonly title: string;
  /** header names in lower case, without a currency in brackets or a question mark; first wins */
  readonly columns: { readonly [Field in TimeField]?: readonly string[] };
  /** at least one field of each group must be there */
  readonly required: readonly (readonly TimeField[])[];
}

const STARTED = {
  email: ['email', 'e-mail'],
  client: ['client'],
  project: ['project'],
  task: ['task'],
  text: ['description'],
  billable: ['billable'],
  startDay: ['start date'],
  startTime: ['start time'],
  endDay: ['end date', 'stop date'],
  endTime: ['end time', 'stop time'],
  tags: ['tags'],
} as const;

const LAYOUTS: { readonly [Name in TimeLayoutName]: TimeLayout } = {
  toggl: {
    title: 'Toggl Track (detailed report)',
    columns: {
      ...STARTED,
      person: ['user', 'member'],
      duration: ['duration'],
      amount: ['amount'],
    },
    required: [['startDay'], ['startTime'], ['duration'], ['email', 'person']],
  },
  clockify: {
    title: 'Clockify (detailed report)',
    columns: {
      ...STARTED,
      person: ['user'],
      duration: ['duration (h)'],
      durationDecimal: ['duration (decimal)'],
      rate: ['billable rate'],
    },
    required: [['startDay'], ['startTime'], ['duration', 'durationDecimal'], ['email', 'person']],
  },
  harvest: {
    title: 'Harvest (detailed time report)',
    columns: {
      startDay: ['date'],
      client: ['client'],
      project: ['project'],
      projectCode: ['project code'],
      task: ['task'],
      text: ['notes'],
      duration: ['hours'],
      billable: ['billable'],
      invoiced: ['invoiced'],
      person: ['first name'],
      lastName: ['last name'],
      rate: ['billable rate'],
      currency: ['currency'],
    },
    required: [['startDay'], ['client'], ['project'], ['task'], ['duration'], ['person']],
  },
};

/** A money column of one currency; several may stand side by side, one filled per row. */
export interface MoneyColumn {
  readonly index: number;
  readonly currency?: string;
}

/** What a file's header says: where each field is. */
export interface TimeHeader {
  readonly layout: TimeLayoutName;
  /** as written, for messages */
  readonly names: readonly string[];
  readonly columns: { readonly [Field in TimeField]?: number };
  readonly money: readonly MoneyColumn[];
}

/**
 * Finds the layout by the columns that must be there, in any order, among any others. `format` skips
 * the guess. Undefined when no layout fits.
 */
export function recogniseHeader(
  cells: readonly string[],
  format: TimeLayoutName | 'auto',
): TimeHeader | undefined {
  const candidates = format === 'auto' ? TIME_LAYOUTS : [format];
  const fitting = candidates.filter((name) => missingColumns(cells, name).length === 0);
  const [layout] = fitting;
  return layout !== undefined && fitting.length === 1 ? readHeader(cells, layout) : undefined;
}

/** `unknown_layout`, with the columns that the nearest (or named) layout misses. */
export function unknownLayout(cells: readonly string[], format: TimeLayoutName | 'auto') {
  const names = cells.map(oneLine).slice(0, 40);
  const candidates = format === 'auto' ? TIME_LAYOUTS : [format];
  const nearest = candidates
    .map((layout) => ({ layout, missing: missingColumns(cells, layout) }))
    .sort((a, b) => a.missing.length - b.missing.length)[0];
  if (!nearest || (format === 'auto' && nearest.missing.length > 3)) {
    return failure(
      'unknown_layout',
      'This is not a detailed export of Toggl Track, Clockify or Harvest.',
      { found: names },
    );
  }
  const { title } = LAYOUTS[nearest.layout];
  return failure(
    'unknown_layout',
    nearest.missing.length === 0
      ? 'The columns fit more than one time tracker.'
      : `For ${title} these columns are missing or there twice: ${nearest.missing.join(', ')}.`,
    { layout: nearest.layout, missing: nearest.missing, found: names },
  );
}

function missingColumns(cells: readonly string[], name: TimeLayoutName): string[] {
  const { columns, required } = LAYOUTS[name];
  const folded = cells.map((cell) => foldHeader(cell).name);
  const isThere = (field: TimeField) =>
    (columns[field] ?? []).some((alias) => folded.filter((found) => found === alias).length === 1);
  return required
    .filter((group) => !group.some(isThere))
    .map((group) => columns[group[0] ?? 'startDay']?.[0] ?? 'a column');
}

function readHeader(cells: readonly string[], layout: TimeLayoutName): TimeHeader {
  const definition = LAYOUTS[layout].columns;
  const folded = cells.map(foldHeader);
  const columns: { [Field in TimeField]?: number } = {};
  for (const [field, aliases] of Object.entries(definition)) {
    const index = aliases.map((alias) => folded.findIndex(({ name }) => name === alias));
    const found = index.find((at) => at >= 0);
    // Object.entries loses the key's type; `definition` has no other keys.
    if (found !== undefined) columns[field as TimeField] = found;
  }
  const moneyNames = [...(definition.rate ?? []), ...(definition.amount ?? [])];
  const money = folded.flatMap(({ name, currency }, index) =>
    moneyNames.includes(name) ? [currency === undefined ? { index } : { index, currency }] : [],
  );
  return { layout, names: cells.map(oneLine), columns, money };
}

function foldHeader(cell: string): { readonly name: string; readonly currency?: string } {
  const text = oneLine(cell);
  const money = /^(.*?)\s*\(([A-Z]{3})\)$/.exec(text);
  const name = (money?.[1] ?? text).toLowerCase().replace(/\?$/, '');
  return money?.[2] === undefined ? { name } : { name, currency: money[2] };
}

import type { Id } from '../../../base/index.ts';
import type { TimeEntry } from '../../../records/index.ts';
import { fingerprint } from './entry-key.ts';
import type { ImportQuestion, QuestionKind } from './import-outcome.ts';
import { writeDay } from './import-values.ts';
import type { PlacedRow } from './read-time-rows.ts';

// Every question about a row, in one place, so that they speak with one voice.

interface AskedEntry {
  readonly id: Id;
  readonly fields: TimeEntry;
}

const ADD = { value: 'add', label: 'Add it as an entry of its own' } as const;
const LEAVE = { value: 'leave', label: 'Leave it out' } as const;
/** Candidates offered in one question: a day with more alike entries is better sorted by hand. */
const MOST_CANDIDATES = 6;

export function twinQuestion(row: PlacedRow): ImportQuestion {
  return {
    ...about('twin', row),
    question: `Line ${row.line} is equal to an earlier row of this file (${rowText(row)}). Was this worked twice?`,
    options: [
      { value: 'add', label: 'Yes, count both' },
      { value: 'leave', label: 'No, count it once' },
    ],
  };
}

export function sameStartQuestion(row: PlacedRow): ImportQuestion {
  const other = row.firstLine === row.line ? 'an entry you have' : `line ${row.firstLine}`;
  return {
    ...about('same-start', row),
    question: `Line ${row.line} (${rowText(row)}) starts at the same time as ${other}. Does it count too?`,
    options: [ADD, LEAVE],
  };
}

/** `gone`: entries that look like it and are no longer in the file. Billed ones cannot be changed. */
export function correctionQuestion(row: PlacedRow, gone: readonly AskedEntry[]): ImportQuestion {
  const changes = gone
    .filter(({ fields }) => fields.billedBy === undefined)
    .slice(0, MOST_CANDIDATES)
    .map(({ id, fields }) => ({
      value: `change ${id}`,
      label: `It corrects: ${entryText(fields)}`,
    }));
  const [first] = gone;
  const like =
    first === undefined ? '' : `, like ${entryText(first.fields)}, which the file has no more`;
  return {
    ...about('correction', row),
    question: `Line ${row.line} (${rowText(row)}) looks like a correction${like}. What is it?`,
    options: [...changes, ADD, LEAVE],
  };
}

export function billedQuestion(
  row: PlacedRow,
  entry: AskedEntry,
  changes: readonly string[],
): ImportQuestion {
  const what = changes.length === 0 ? 'whether it was billed' : plainPaths(changes);
  return {
    ...about('billed', row),
    question: `Line ${row.line} corrects time that was billed (${entryText(entry.fields)}): ${what}. Billed time stays as it was billed. To change it, credit or void the invoice, then import again.`,
    options: [{ value: 'leave', label: 'Keep it as it was billed' }],
  };
}

export function editedQuestion(
  row: PlacedRow,
  entry: AskedEntry,
  changes: readonly string[],
): ImportQuestion {
  return {
    ...about('edited', row),
    question: `You changed this entry by hand (${entryText(entry.fields)}), and line ${row.line} now says otherwise: ${plainPaths(changes)}. Which one counts?`,
    options: [
      { value: 'file', label: `The file: ${rowText(row)}` },
      { value: 'leave', label: 'Mine' },
    ],
  };
}

function about(kind: QuestionKind, row: PlacedRow) {
  const id = `${kind}-${fingerprint([row.layout, row.base, row.content, row.copy], 16)}`;
  return { id, kind, line: row.line };
}

function rowText(row: PlacedRow): string {
  return entryText({ ...row, text: row.text || row.task || row.project || '' });
}

function entryText(entry: {
  readonly day: string;
  readonly seconds: number;
  readonly text: string;
}) {
  const text = entry.text.length > 60 ? `${entry.text.slice(0, 57)}...` : entry.text;
  const minutes = Math.round(entry.seconds / 60);
  const time = `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')} h`;
  return `${writeDay(entry.day)}, ${time}${text && `, "${text}"`}`;
}

const PLAIN: { readonly [path: string]: string } = {
  party: 'client',
  seconds: 'duration',
  rateHint: 'rate',
  billable: 'whether it can be billed',
};

function plainPaths(paths: readonly string[]): string {
  return paths.map((path) => PLAIN[path] ?? path).join(', ');
}

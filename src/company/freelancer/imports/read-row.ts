import { type Money, minorDigits } from '../../../contract/index.ts';
import { divideHalfUp, foldName } from '../../../records/index.ts';
import { baseKey, fingerprint } from './entry-key.ts';
import type { RowRemark } from './import-outcome.ts';
import {
  type DateOrder,
  oneLine,
  orderDay,
  readDay,
  readDecimal,
  readDuration,
  readTime,
  readYes,
  toMinor,
} from './import-values.ts';
import type { TimeField, TimeHeader, TimeLayoutName } from './time-layouts.ts';
import { elapsedBetween } from './wall-clock.ts';

/** One row of an export, understood. Times are instants; names are as written, spaces folded. */
export interface TimeRow {
  readonly layout: TimeLayoutName;
  readonly line: number;
  /** see entry-key.ts */
  readonly base: string;
  readonly content: string;
  readonly client?: string;
  readonly project?: string;
  readonly projectCode?: string;
  readonly task?: string;
  readonly text: string;
  /** the start date in the company's zone */
  readonly day: string;
  /** RFC 3339 UTC */
  readonly start?: string;
  readonly end?: string;
  readonly seconds: number;
  readonly billable: boolean;
  /** already charged elsewhere */
  readonly invoiced: boolean;
  readonly rateHint?: Money;
  readonly tags: readonly string[];
}

export type RowReading =
  | { readonly status: 'row'; readonly row: TimeRow; readonly notices: readonly RowRemark[] }
  | { readonly status: 'refused'; readonly refusal: RowRemark };

export interface RowRules {
  /** IANA zone in which the file's times are meant: the company's */
  readonly zone: string;
  readonly dateOrder?: DateOrder;
}

/** seconds by which a duration may differ from end minus start without a word: trackers round */
const SILENT_DIFFERENCE = 60;
/** beyond this no rounding and no summer time explains the difference, so one of them is wrong */
const LARGEST_DIFFERENCE = 3600;
/** seconds of one entry: a timer forgotten for longer is a mistake, not work */
const LONGEST_ENTRY = 7 * 24 * 3600;

/** Reads one row; the first thing that is wrong with it is named. */
export function readTimeRow(
  cells: readonly string[],
  line: number,
  header: TimeHeader,
  rules: RowRules,
): RowReading {
  try {
    return readChecked(cells, line, header, rules);
  } catch (error) {
    if (error instanceof Refusal) return { status: 'refused', refusal: error.remark };
    throw error;
  }
}

/** Base key, content and day of a row, or undefined for one whose date or time cannot be read. */
export function identifyRow(
  cells: readonly string[],
  header: TimeHeader,
  dateOrder: DateOrder | undefined,
): { readonly base: string; readonly content: string; readonly day: string } | undefined {
  const cell = cellReader(cells, header);
  const reading = readDay(cell('startDay'));
  const day = reading && orderDay(reading, dateOrder);
  const startTime = header.layout === 'harvest' ? '' : readTime(cell('startTime'));
  if (day === undefined || startTime === undefined) return undefined;
  const [client, project, task] = [cell('client'), cell('project'), cell('task')];
  const text = cell('text');
  const base = baseKey({
    layout: header.layout,
    person: foldName(cell('email') || oneLine(`${cell('person')} ${cell('lastName')}`)),
    ...{ day, startTime, client, project, task, text },
  });
  const rest: TimeField[] = ['projectCode', 'billable', 'invoiced', 'endDay', 'endTime', 'tags'];
  const content = fingerprint([
    ...[client, project, task, text],
    ...[...rest, 'duration' as const, 'durationDecimal' as const, 'currency' as const].map(cell),
    ...header.money.map(({ index }) => cells[index]?.trim() ?? ''),
  ]);
  return { base, content, day };
}

function readChecked(
  cells: readonly string[],
  line: number,
  header: TimeHeader,
  rules: RowRules,
): RowReading {
  const refuse = (field: TimeField | undefined, reason: string): never => {
    throw new Refusal({ line, column: columnName(header, field), reason });
  };
  checkShape(cells, line, header);
  const cell = cellReader(cells, header);
  const day = readStartDay(cell('startDay'), rules.dateOrder, refuse);
  const seconds = readSeconds(cell('duration') || cell('durationDecimal'), refuse);
  const identity = identifyRow(cells, header, rules.dateOrder);
  if (!identity) return refuse('startTime', `"${cell('startTime')}" is not a time.`);
  const clock = readClock(cell, day, seconds, header, rules, refuse);
  const yes = (field: TimeField, missing: boolean): boolean =>
    header.columns[field] === undefined
      ? missing
      : (readYes(cell(field)) ?? refuse(field, `"${cell(field)}" is neither yes nor no.`));

  const client = cell('client');
  const [project, projectCode, task] = [cell('project'), cell('projectCode'), cell('task')];
  const rateHint = readRate(cells, seconds, header, cell('currency'), refuse);
  const row: TimeRow = {
    layout: header.layout,
    line,
    ...identity,
    ...(client && { client }),
    ...(project && { project }),
    ...(projectCode && { projectCode }),
    ...(task && { task }),
    text: cell('text'),
    day,
    ...clock.times,
    seconds,
    billable: yes('billable', client !== ''),
    invoiced: yes('invoiced', false),
    ...(rateHint && { rateHint }),
    tags: cell('tags').split(',').map(oneLine).filter(Boolean),
  };
  const column = columnName(header, cell('duration') ? 'duration' : 'durationDecimal');
  const notices = clock.notice === undefined ? [] : [{ line, column, reason: clock.notice }];
  return { status: 'row', row, notices };
}

type Refuse = (field: TimeField | undefined, reason: string) => never;
type CellReader = (field: TimeField) => string;

/** Thrown and caught in this file only: a row is left at its first fault. */
class Refusal extends Error {
  readonly remark: RowRemark;
  constructor(remark: RowRemark) {
    super(remark.reason);
    this.remark = remark;
  }
}

function cellReader(cells: readonly string[], header: TimeHeader): CellReader {
  return (field) => {
    const index = header.columns[field];
    const raw = (index === undefined ? undefined : cells[index]) ?? '';
    return field === 'text' ? raw.trim() : oneLine(raw);
  };
}

function columnName(header: TimeHeader, field: TimeField | undefined): string {
  const index = field === undefined ? undefined : header.columns[field];
  return index === undefined ? '' : (header.names[index] ?? '');
}

function checkShape(cells: readonly string[], line: number, header: TimeHeader): void {
  const expected = header.names.length;
  if (cells.length < expected) {
    const reason = `The row has ${cells.length} of ${expected} columns.`;
    throw new Refusal({ line, column: header.names[cells.length] ?? '', reason });
  }
  if (cells.slice(expected).some((cell) => cell.trim() !== '')) {
    const reason = `The row has ${cells.length} columns, the header has ${expected}.`;
    throw new Refusal({ line, column: '', reason });
  }
  const control = cells.findIndex((cell) => /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(cell));
  if (control >= 0) {
    const reason = 'The cell holds characters that are no text.';
    throw new Refusal({ line, column: header.names[control] ?? '', reason });
  }
}

function readStartDay(text: string, order: DateOrder | undefined, refuse: Refuse): string {
  const reading = readDay(text);
  if (!reading) return refuse('startDay', `"${text}" is not a date.`);
  const day = orderDay(reading, order);
  return day ?? refuse('startDay', `There is no day ${text}.`);
}

function readSeconds(text: string, refuse: Refuse): number {
  const seconds = readDuration(text);
  if (seconds === undefined) {
    return refuse(
      'duration',
      text === '' ? 'The duration is missing.' : `"${text}" is not a duration.`,
    );
  }
  if (seconds === 0) return refuse('duration', 'The duration is zero.');
  if (seconds > LONGEST_ENTRY) return refuse('duration', `${text} is longer than a week.`);
  return seconds;
}

function readClock(
  cell: CellReader,
  day: string,
  seconds: number,
  header: TimeHeader,
  rules: RowRules,
  refuse: Refuse,
): { times: { start?: string; end?: string }; notice?: string } {
  if (header.layout === 'harvest') return { times: {} };
  const startTime =
    readTime(cell('startTime')) ?? refuse('startTime', 'The start time is missing.');
  const endText = cell('endTime');
  const endTime = endText === '' ? undefined : readTime(endText);
  if (endText !== '' && endTime === undefined) refuse('endTime', `"${endText}" is not a time.`);
  const endDay = readEndDay(cell('endDay'), day, startTime, endTime, rules, refuse);
  const span = elapsedBetween({ day, startTime, endDay, endTime, seconds, zone: rules.zone });
  if (span.status === 'skipped') {
    const field = span.which === 'start' ? 'startTime' : 'endTime';
    return refuse(field, `In ${rules.zone} the clocks skipped this hour that night.`);
  }
  const times =
    span.end === undefined ? { start: span.start } : { start: span.start, end: span.end };
  if (span.elapsed === undefined) return { times };
  if (span.elapsed < 0) return refuse('endTime', 'The end is before the start.');
  const difference = Math.abs(span.elapsed - seconds);
  if (difference <= SILENT_DIFFERENCE) return { times };
  const said = `From start to end it is ${clockText(span.elapsed)}, but the duration says ${clockText(seconds)}.`;
  if (difference > LARGEST_DIFFERENCE) return refuse('duration', said);
  return { times, notice: `${said} The duration counts.` };
}

function readEndDay(
  text: string,
  day: string,
  startTime: string,
  endTime: string | undefined,
  rules: RowRules,
  refuse: Refuse,
): string | undefined {
  if (endTime === undefined) return undefined;
  if (text !== '') {
    const reading = readDay(text);
    if (!reading) return refuse('endDay', `"${text}" is not a date.`);
    return orderDay(reading, rules.dateOrder) ?? refuse('endDay', `There is no day ${text}.`);
  }
  if (endTime >= startTime) return day;
  return Temporal.PlainDate.from(day).add({ days: 1 }).toString();
}

/**
 * The hourly rate: as the file states it, or its amount divided by the hours where that gives a rate
 * which leads back to the same amount. Zero and empty say nothing.
 */
function readRate(
  cells: readonly string[],
  seconds: number,
  header: TimeHeader,
  currencyText: string,
  refuse: Refuse,
): Money | undefined {
  for (const { index, currency: ofColumn } of header.money) {
    const text = (cells[index] ?? '').trim();
    if (text === '' || /^[0.,]+$/.test(text)) continue;
    const column = header.names[index] ?? '';
    const currency = ofColumn ?? /\b[A-Z]{3}$/.exec(currencyText)?.[0];
    if (currency === undefined) return refuse('currency', `The currency of ${text} is missing.`);
    const decimal = readDecimal(text);
    if (!decimal) return refuse(undefined, `"${text}" in "${column}" is not a clear amount.`);
    const minor = toMinor(decimal, minorDigits(currency));
    if (minor === undefined)
      return refuse(undefined, `${text} in "${column}" is finer than ${currency}.`);
    if (header.layout !== 'toggl') return { minor, currency };
    const rate = divideHalfUp(BigInt(minor) * 3600n, BigInt(seconds));
    const again = divideHalfUp(rate * BigInt(seconds), 3600n);
    return again === BigInt(minor) ? { minor: Number(rate), currency } : undefined;
  }
  return undefined;
}

function clockText(seconds: number): string {
  return `${Math.floor(seconds / 3600)}:${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} h`;
}

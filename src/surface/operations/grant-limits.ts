import type { JsonObject } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { parseMoney } from '../../records/index.ts';

/** What a person writes to bound a grant. */
export interface LimitWords {
  /** `5/day`, `20` */
  readonly count?: string | undefined;
  /** `200.00 EUR/month` */
  readonly sum?: string | undefined;
  /** different destinations: `3/week` */
  readonly distinct?: string | undefined;
  /** seconds between two uses */
  readonly gap?: number | undefined;
}

const PERIODS = ['day', 'week', 'month', 'all'] as const;

/** Limits of a grant from what was written. Fails with `invalid_input`, naming the field. */
export function readLimits({ count, sum, distinct, gap }: LimitWords): readonly JsonObject[] {
  return [
    ...(count === undefined ? [] : [{ type: 'count', ...readNumber('count', count) }]),
    ...(sum === undefined ? [] : [{ type: 'sum', ...readSum(sum) }]),
    ...(distinct === undefined ? [] : [{ type: 'distinct', ...readNumber('distinct', distinct) }]),
    ...(gap === undefined ? [] : [{ type: 'rate', minGapMs: gap * 1_000 }]),
  ];
}

function readNumber(field: string, text: string): JsonObject {
  const { amount, per } = split(field, text, '5/day');
  if (/^\d{1,7}$/.test(amount)) return { max: Number(amount), per };
  throw misread(field, text, '5/day');
}

function readSum(text: string): JsonObject {
  const { amount, per } = split('sum', text, '200.00 EUR/month');
  const max = parseMoney(amount);
  if (max) return { max: { ...max }, per };
  throw misread('sum', text, '200.00 EUR/month');
}

/** Without a period it bounds the whole life of the grant. */
function split(field: string, text: string, example: string) {
  const [amount = '', period = 'all', ...more] = text.split('/').map((part) => part.trim());
  const per = PERIODS.find((known) => known === period);
  if (per === undefined || more.length > 0) throw misread(field, text, example);
  return { amount, per };
}

function misread(field: string, found: string, example: string) {
  return failure(
    'invalid_input',
    `"${found.slice(0, 80)}" is not understood.`,
    { path: field },
    `Write it as ${example}; the period is day, week, month or all.`,
  );
}

import { failure, type Money } from '../contract/index.ts';
import type { Rounding } from './billing-rules.ts';
import { addMoney, divideHalfUp, toSafeInteger } from './decimal.ts';
import type { InvoiceLine, InvoiceTax, InvoiceTotals, Quantity } from './invoice.ts';
import type { VatTreatment } from './vat.ts';

/** Characters of work descriptions kept under one line of an invoice: half a page of text. */
const DETAIL_CHARACTERS = 1_500;
const SECONDS_PER_HOUR = 3_600n;
const SECONDS_PER_MINUTE = 60;

/** A time entry with the rules that were resolved for it. */
export interface BillableEntry {
  readonly id: string;
  /** YYYY-MM-DD in the company's zone */
  readonly day: string;
  readonly seconds: number;
  /** what was done */
  readonly text?: string | undefined;
  readonly task?: string | undefined;
  readonly project?: { readonly id: string; readonly name: string } | undefined;
  readonly rate: Money;
  readonly rounding?: Rounding | undefined;
}

export interface BilledLines {
  readonly lines: InvoiceLine[];
  /** ids of entries that rounding turned into nothing: they stay unbilled */
  readonly skipped: string[];
}

/**
 * One line per project, task and rate, in the order in which the work began. Seconds are summed and
 * rounded first, turned into hours of four digits once, and priced once. Every entry is in exactly
 * one line or in `skipped`.
 */
export function linesFromEntries(
  entries: readonly BillableEntry[],
  options: { readonly vat: InvoiceLine['vat']; readonly language: 'de' | 'en' },
): BilledLines {
  const ordered = [...entries].sort((a, b) => compare(a.day, b.day) || compare(a.id, b.id));
  const groups = Map.groupBy(ordered, (entry) =>
    JSON.stringify([
      entry.project?.id ?? '',
      entry.task ?? '',
      entry.rate.minor,
      entry.rate.currency,
      entry.rounding ?? null,
    ]),
  );
  const lines: InvoiceLine[] = [];
  const skipped: string[] = [];
  for (const group of groups.values()) {
    const [first] = group;
    if (!first) continue;
    const ids = group.map((entry) => entry.id);
    const seconds = billedSeconds(group, first.rounding);
    if (seconds === 0) {
      skipped.push(...ids);
      continue;
    }
    const quantity: Quantity = { tenThousandths: hoursOf(seconds), unit: 'hour' };
    const text = lineText(first, options.language);
    const detail = lineDetail(group, text);
    lines.push({
      text,
      ...(detail ? { detail } : {}),
      quantity,
      unitPrice: first.rate,
      net: lineNet(quantity, first.rate),
      vat: options.vat,
      entries: ids,
    });
  }
  return { lines, skipped };
}

/** Quantity as printed times unit price, half-up once. */
export function lineNet(quantity: Quantity, unitPrice: Money): Money {
  const product = BigInt(quantity.tenThousandths) * BigInt(unitPrice.minor);
  return {
    minor: toSafeInteger(divideHalfUp(product, 10_000n), 'The amount of a line'),
    currency: unitPrice.currency,
  };
}

/**
 * VAT per category and rate on the sum of its lines (EN 16931 BR-CO-17: never line by line), and the
 * totals. Each group takes its words and its law from the treatment that fits it; a line that fits
 * none fails with `invalid_input`.
 */
export function totalInvoice(
  lines: readonly InvoiceLine[],
  currency: string,
  treatments: readonly VatTreatment[],
): { readonly taxes: InvoiceTax[]; readonly totals: InvoiceTotals } {
  const groups = Map.groupBy(lines, (line) => `${line.vat.category} ${line.vat.rateBasisPoints}`);
  const taxes: InvoiceTax[] = [];
  for (const group of groups.values()) {
    const vat = group[0]?.vat;
    if (!vat) continue;
    const treatment = treatments.find(
      (one) => one.vat.category === vat.category && one.vat.rateBasisPoints === vat.rateBasisPoints,
    );
    if (!treatment) {
      throw failure('invalid_input', 'A line carries a VAT rate that no rule explains.', {
        category: vat.category,
        rateBasisPoints: vat.rateBasisPoints,
      });
    }
    const base = addMoney(
      currency,
      group.map((line) => line.net),
    );
    const tax = divideHalfUp(BigInt(base.minor) * BigInt(vat.rateBasisPoints), 10_000n);
    taxes.push({
      ...vat,
      base,
      tax: { minor: toSafeInteger(tax, 'The VAT'), currency },
      ...(treatment.reason ? { reason: treatment.reason } : {}),
      source: treatment.source,
    });
  }
  taxes.sort((a, b) => b.rateBasisPoints - a.rateBasisPoints || compare(a.category, b.category));
  const net = addMoney(
    currency,
    lines.map((line) => line.net),
  );
  const tax = addMoney(
    currency,
    taxes.map((one) => one.tax),
  );
  return { taxes, totals: { net, tax, gross: addMoney(currency, [net, tax]) } };
}

/** Whole steps: up, or to the nearest with halves up. Seconds in, seconds out. */
export function roundSeconds(seconds: number, rounding: Rounding): number {
  const step = rounding.minutes * SECONDS_PER_MINUTE;
  const whole = Math.floor(seconds / step);
  const rest = seconds - whole * step;
  const more = rounding.mode === 'up' ? rest > 0 : 2 * rest >= step;
  return (whole + (more ? 1 : 0)) * step;
}

function billedSeconds(group: readonly BillableEntry[], rounding: Rounding | undefined): number {
  const sum = (list: readonly BillableEntry[]) =>
    list.reduce((all, entry) => all + entry.seconds, 0);
  if (!rounding) return sum(group);
  if (rounding.per === 'invoice') return roundSeconds(sum(group), rounding);
  const parts = Map.groupBy(group, (entry) => (rounding.per === 'day' ? entry.day : entry.id));
  return [...parts.values()].reduce((all, part) => all + roundSeconds(sum(part), rounding), 0);
}

/** Seconds as ten-thousandths of an hour, half-up. */
function hoursOf(seconds: number): number {
  return toSafeInteger(divideHalfUp(BigInt(seconds) * 10_000n, SECONDS_PER_HOUR), 'The hours');
}

function lineText(entry: BillableEntry, language: 'de' | 'en'): string {
  const parts = [entry.project?.name, entry.task].filter((part) => part?.trim());
  if (parts.length > 0) return parts.join(': ');
  return language === 'de' ? 'Leistungen nach Aufwand' : 'Services by time spent';
}

function lineDetail(group: readonly BillableEntry[], text: string): string | undefined {
  const texts = group.map((entry) => entry.text?.trim() ?? '');
  const unique = [...new Set(texts)].filter((one) => one !== '' && one !== text);
  const detail = unique.join('; ');
  if (detail === '') return undefined;
  if (detail.length <= DETAIL_CHARACTERS) return detail;
  const cut = detail.lastIndexOf('; ', DETAIL_CHARACTERS);
  return `${detail.slice(0, cut > 0 ? cut : DETAIL_CHARACTERS).toWellFormed()} …`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

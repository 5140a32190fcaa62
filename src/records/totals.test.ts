import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Rounding } from './billing-rules.ts';
import type { InvoiceLine } from './invoice.ts';
import {
  type BillableEntry,
  lineNet,
  linesFromEntries,
  roundSeconds,
  totalInvoice,
} from './totals.ts';
import type { VatTreatment } from './vat.ts';

const STANDARD: VatTreatment = {
  type: 'domestic',
  vat: { category: 'S', rateBasisPoints: 1900 },
  source: 'UStG par. 12 (1)',
};
const REDUCED: VatTreatment = {
  type: 'ruling',
  vat: { category: 'S', rateBasisPoints: 700 },
  source: 'UStG par. 12 (2)',
};
const OPTIONS = { vat: STANDARD.vat, language: 'en' } as const;

const eur = (minor: number) => ({ minor, currency: 'EUR' });

function entry(id: string, minutes: number, more: Partial<BillableEntry> = {}): BillableEntry {
  return { id, day: '2026-10-05', seconds: minutes * 60, rate: eur(9_000), ...more };
}

function line(net: number, vat = STANDARD.vat): InvoiceLine {
  const quantity = { tenThousandths: 10_000, unit: 'piece' } as const;
  return { text: 'x', quantity, unitPrice: eur(net), net: eur(net), vat, entries: [] };
}

describe('lines from time entries', () => {
  test('one line per project, task and rate, in the order the work began', () => {
    const site = { id: 'p1', name: 'Site' };
    const { lines } = linesFromEntries(
      [
        entry('c', 30, { day: '2026-10-07', project: site, task: 'Design' }),
        entry('a', 60, { project: site, task: 'Build', text: 'Header' }),
        entry('b', 30, { day: '2026-10-06', project: site, task: 'Build', text: 'Footer' }),
        entry('d', 60, { day: '2026-10-08', project: site, task: 'Build', rate: eur(12_000) }),
      ],
      OPTIONS,
    );
    expect(
      lines.map(({ text, detail, net, entries }) => [text, detail, net.minor, entries]),
    ).toEqual([
      ['Site: Build', 'Header; Footer', 13_500, ['a', 'b']],
      ['Site: Design', undefined, 4_500, ['c']],
      ['Site: Build', undefined, 12_000, ['d']],
    ]);
  });

  test('100 minutes at 90.00 are 150.00: hours keep four digits', () => {
    const { lines } = linesFromEntries([entry('a', 100)], OPTIONS);
    expect(lines[0]?.quantity.tenThousandths).toBe(16_667);
    expect(lines[0]?.net.minor).toBe(15_000);
  });

  test.each<[Rounding, number]>([
    [{ minutes: 15, mode: 'up', per: 'entry' }, 15 + 15 + 30],
    [{ minutes: 15, mode: 'up', per: 'day' }, 15 + 30],
    [{ minutes: 15, mode: 'up', per: 'invoice' }, 45],
    [{ minutes: 15, mode: 'nearest', per: 'entry' }, 0 + 15 + 15],
    [{ minutes: 15, mode: 'nearest', per: 'day' }, 15 + 15],
    [{ minutes: 15, mode: 'nearest', per: 'invoice' }, 30],
  ])('%j bills %i minutes of 7, 8 and 20', (rounding, minutes) => {
    const entries = [
      entry('a', 7, { rounding }),
      entry('b', 8, { rounding }),
      entry('c', 20, { rounding, day: '2026-10-06' }),
    ];
    const { lines } = linesFromEntries(entries, OPTIONS);
    expect(lines[0]?.quantity.tenThousandths).toBe((minutes * 10_000) / 60);
  });

  test('what rounds to nothing is not billed and is said', () => {
    const rounding: Rounding = { minutes: 30, mode: 'nearest', per: 'invoice' };
    expect(linesFromEntries([entry('a', 10, { rounding })], OPTIONS)).toEqual({
      lines: [],
      skipped: ['a'],
    });
  });

  test('every entry is in exactly one line or skipped, whatever the order', () => {
    const rounding = fc.option(
      fc.record<Rounding>({
        minutes: fc.integer({ min: 1, max: 60 }),
        mode: fc.constantFrom('up', 'nearest'),
        per: fc.constantFrom('entry', 'day', 'invoice'),
      }),
      { nil: undefined },
    );
    const entries = fc.uniqueArray(
      fc.record({
        id: fc.uuid(),
        day: fc.constantFrom('2026-10-01', '2026-10-02', '2026-10-31'),
        seconds: fc.integer({ min: 1, max: 86_400 }),
        task: fc.constantFrom(undefined, 'A', 'B'),
        rate: fc.constantFrom(eur(9_000), eur(12_345)),
        rounding,
      }),
      { selector: (one) => one.id, maxLength: 30 },
    );
    fc.assert(
      fc.property(entries, (list) => {
        const { lines, skipped } = linesFromEntries(list, OPTIONS);
        const ids = [...lines.flatMap((one) => one.entries), ...skipped].toSorted();
        expect(ids).toEqual(list.map((one) => one.id).toSorted());
        expect(linesFromEntries(list.toReversed(), OPTIONS)).toEqual({ lines, skipped });
      }),
    );
  });

  test('rounding up never bills less than the time, nearest never off by more than half a step', () => {
    const time = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(time, fc.integer({ min: 1, max: 480 }), (seconds, minutes) => {
        const up = roundSeconds(seconds, { minutes, mode: 'up', per: 'entry' });
        expect(up >= seconds && up - seconds < minutes * 60 && up % (minutes * 60) === 0).toBe(
          true,
        );
        const near = roundSeconds(seconds, { minutes, mode: 'nearest', per: 'entry' });
        expect(Math.abs(near - seconds) * 2).toBeLessThanOrEqual(minutes * 60);
      }),
    );
  });
});

describe('totals', () => {
  test('VAT is rounded once per rate, not per line', () => {
    // three times 0.33 at 19 %: by line 3 x 0.06 = 0.18, on the sum 0.19
    const { totals } = totalInvoice([line(33), line(33), line(33)], 'EUR', [STANDARD]);
    expect(totals).toEqual({ net: eur(99), tax: eur(19), gross: eur(118) });
  });

  test('several rates on one invoice are several groups, the highest first', () => {
    const lines = [line(10_000, REDUCED.vat), line(10_000), line(5_000, REDUCED.vat)];
    const { taxes, totals } = totalInvoice(lines, 'EUR', [STANDARD, REDUCED]);
    expect(taxes.map((tax) => [tax.rateBasisPoints, tax.base.minor, tax.tax.minor])).toEqual([
      [1900, 10_000, 1_900],
      [700, 15_000, 1_050],
    ]);
    expect(totals.gross.minor).toBe(27_950);
  });

  test('a line that no rule explains is refused', () => {
    expect(() => totalInvoice([line(1, REDUCED.vat)], 'EUR', [STANDARD])).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });

  test('net is the sum of lines, gross is net plus VAT, and a credit mirrors it to the cent', () => {
    const amounts = fc.array(
      fc.record({ net: fc.integer({ min: 0, max: 10 ** 11 }), reduced: fc.boolean() }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(amounts, (list) => {
        const make = (sign: 1 | -1) =>
          totalInvoice(
            list.map(({ net, reduced }) => line(sign * net, (reduced ? REDUCED : STANDARD).vat)),
            'EUR',
            [STANDARD, REDUCED],
          );
        const { taxes, totals } = make(1);
        expect(totals.net.minor).toBe(list.reduce((all, { net }) => all + net, 0));
        expect(totals.tax.minor).toBe(taxes.reduce((all, { tax }) => all + tax.minor, 0));
        expect(totals.gross.minor).toBe(totals.net.minor + totals.tax.minor);
        const credit = make(-1).totals;
        expect(credit.net.minor + totals.net.minor).toBe(0);
        expect(credit.tax.minor + totals.tax.minor).toBe(0);
        expect(credit.gross.minor + totals.gross.minor).toBe(0);
      }),
    );
  });

  test('the largest amounts stay exact, and beyond the safe range they are refused', () => {
    const price = eur(9_007_199_254_740_991);
    const one = { tenThousandths: 10_000, unit: 'piece' } as const;
    expect(lineNet(one, price)).toEqual(price);
    expect(() => lineNet({ ...one, tenThousandths: 10_001 }, price)).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    );
    // 0.0001 of the largest price: a float would already be off here
    expect(lineNet({ ...one, tenThousandths: 1 }, price).minor).toBe(900_719_925_474);
  });
});

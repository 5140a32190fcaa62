import { describe, expect, test } from 'vitest';
import { type GoalContext, INVOICE_WORDS, matchGoal } from './index.ts';

// These phrasings were written after the matcher was finished, by the person who wrote the matcher, in
// one go and without running it in between. They are held aside: no word list was extended to make
// one of them pass. What the matcher acts on must be right, always. Where it asks although a person
// would have understood, that is a miss; misses are counted below, not hidden.

const context: GoalContext = {
  playbooks: [
    { name: 'invoice-month', version: 2, title: 'Invoice a month', words: INVOICE_WORDS },
  ],
  parties: [
    { id: 'vogel', name: 'Vogel & Partner KG', aliases: ['Vogel'] },
    { id: 'lumen', name: 'Lumen Lighting Inc.', aliases: [] },
    { id: 'april', name: 'April Showers AG', aliases: [] },
    { id: 'kron', name: 'Gasthaus Krönner', aliases: ['Krönner'] },
    { id: 'bill', name: 'Bill & Daughters', aliases: [] },
    { id: 'd3', name: 'D3 Studio e.U.', aliases: ['D3'] },
  ],
  today: '2026-02-10',
};

/** What a careful person would do. `ask` for everything that is not certain or not an invoice. */
const CASES: readonly (readonly [words: string, does: string])[] = [
  ['Invoice Vogel for January', 'vogel 2026-01'],
  ['bill vogel & partner for december', 'vogel 2025-12'],
  ['Could you please prepare the January invoice for Lumen Lighting?', 'lumen 2026-01'],
  ['Lumen Lighting invoice, 2026-01', 'lumen 2026-01'],
  ['Send Krönner the invoice for last month', 'kron 2026-01'],
  ['Gasthaus Kroenner für den letzten Monat abrechnen', 'kron 2026-01'],
  ['Rechnung für Krönner, Jänner', 'kron 2026-01'],
  ['Mach die Jännerrechnung für Vogel', 'vogel 2026-01'],
  ['I need to invoice D3 Studio for Nov 2025', 'd3 2025-11'],
  ['d3 invoice for november', 'd3 2025-11'],
  ['invoice April Showers for April', 'april 2025-04'],
  ['April invoice for April Showers AG', 'april 2025-04'],
  ['bill Bill & Daughters for this month', 'bill 2026-02'],
  ['Bill and Daughters: invoice for 01/2026', 'bill 2026-01'],
  ['Issue an invoice to Lumen Lighting Inc. for Dec, net 45', 'lumen 2025-12 45'],
  ['Rechnung an Vogel und Partner für 12/2025, zahlbar innerhalb von 10 Tagen', 'vogel 2025-12 10'],
  ['verrechne D3 den Dezember', 'd3 2025-12'],
  ['Hey Steward, invoice Vogel for January, thanks!', 'vogel 2026-01'],
  ['make a new invoice for Krönner for the month of January', 'kron 2026-01'],
  ['time to invoice Lumen Lighting for January', 'lumen 2026-01'],
  ["let's bill Vogel for January", 'vogel 2026-01'],
  ['Vogel needs an invoice for January', 'vogel 2026-01'],
  ['Bitte Rechnung Vogel Jan 26', 'vogel 2026-01'],
  ['invoice Lumen Lihgting for January', 'lumen 2026-01'],
  ['die Rechnung für Dezember an Gasthaus Krönner schicken', 'kron 2025-12'],
  ['invoice April for January', 'ask'],
  ['invoice Daughters for January', 'ask'],
  ['hold off on the Vogel invoice for January', 'ask'],
  ['why is the January invoice for Vogel so high?', 'ask'],
  ['resend the January invoice to Vogel', 'ask'],
  ['forward the Lumen Lighting invoice for January to my accountant', 'ask'],
  ['invoice Vogel for January minus travel', 'ask'],
  ['invoice Vogel for January excluding the workshop', 'ask'],
  ['invoice Vogel for the first half of January', 'ask'],
  ['invoice Vogel for Q4', 'ask'],
  ['invoice Vogel for 2025', 'ask'],
  ['invoice Vogel for January through March', 'ask'],
  ['invoice Vogel for March', 'vogel 2025-03'],
  ['invoice Vogel for March 2026', 'ask'],
  ['invoice Vogel or Krönner for January', 'ask'],
  ['invoice all clients for January', 'ask'],
  ['undo the Vogel invoice for January', 'ask'],
  ['Vogel hat die Rechnung für Jänner bezahlt', 'ask'],
  ['Ist die Rechnung an Vogel für Jänner schon raus?', 'ask'],
  ['Rechnung an Vogel für Jänner noch nicht schicken', 'ask'],
  ['Gutschrift zur Rechnung an Vogel für Jänner', 'ask'],
  ['Eingangsrechnung von Vogel für Jänner', 'ask'],
  ['Rechnung an Vogel über 500 Euro für Jänner', 'ask'],
  ['I will not invoice Vogel for January', 'ask'],
  ['you may invoice Vogel for January', 'ask'],
  ['should I bill Vogel for January?', 'ask'],
  ['invoice Vogel for January as soon as they sign', 'ask'],
  ['invoice Vogl & Partnr for January', 'ask'],
  ['invoice Vogel GmbH for January', 'ask'],
  ['Vogel', 'ask'],
  ['January', 'ask'],
];

function outcome(words: string): string {
  const match = matchGoal(words, context);
  if (match.status !== 'matched') return 'ask';
  const { party, month, paymentDays } = match.input;
  return [party, month, ...(paymentDays === undefined ? [] : [paymentDays])].join(' ');
}

describe('phrasings that were held aside', () => {
  test.each(CASES)('is right or asks: %s', (words, does) => {
    expect(['ask', does]).toContain(outcome(words));
  });

  test('what is certain is understood, but for the misses counted here', () => {
    const certain = CASES.filter(([, does]) => does !== 'ask');
    const missed = certain.filter(([words]) => outcome(words) === 'ask').map(([words]) => words);
    expect(certain.length).toBe(26);
    expect(missed).toEqual([
      "let's bill Vogel for January",
      'Vogel needs an invoice for January',
      'die Rechnung für Dezember an Gasthaus Krönner schicken',
    ]);
  });
});

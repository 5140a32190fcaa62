import { describe, expect, test } from 'vitest';
import {
  formatAmount,
  formatDay,
  formatIban,
  formatMoney,
  formatPeriod,
  formatQuantity,
  formatRate,
} from './format.ts';
import { invoiceMail } from './invoice-mail.ts';
import { creditPaper, germanPaper, plainPaper, SELLER, smallPaper } from './sample-papers.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('forms', () => {
  test('money', () => {
    const show = (minor: number, currency: string) =>
      (['de', 'en'] as const).map((language) => plain(formatMoney({ minor, currency }, language)));
    expect(show(113_250, 'EUR')).toEqual(['1.132,50 EUR', '1,132.50 EUR']);
    expect(show(-5, 'EUR')).toEqual(['-0,05 EUR', '-0.05 EUR']);
    expect(show(1_234_567, 'JPY')).toEqual(['1.234.567 JPY', '1,234,567 JPY']);
    expect(formatAmount({ minor: 9_007_199_254_740_991, currency: 'EUR' }, 'de')).toBe(
      '90.071.992.547.409,91',
    );
  });

  test('days and periods', () => {
    const october = { from: '2026-10-01', to: '2026-10-31' };
    expect(formatDay('2026-10-31', 'de')).toBe('31.10.2026');
    expect(plain(formatDay('2026-10-01', 'en'))).toBe('1 October 2026');
    expect(plain(formatPeriod(october, 'de'))).toBe('01.10.2026 – 31.10.2026');
    expect(plain(formatPeriod(october, 'en'))).toBe('1–31 October 2026');
    expect(plain(formatPeriod({ ...october, to: '2026-11-02' }, 'en'))).toBe(
      '1 October 2026 – 2 November 2026',
    );
    expect(formatPeriod({ from: '2026-10-05', to: '2026-10-05' }, 'de')).toBe('05.10.2026');
  });

  test('quantities show every digit that was charged', () => {
    const show = (tenThousandths: number, unit: 'hour' | 'day' | 'piece') =>
      (['de', 'en'] as const).map((language) =>
        plain(formatQuantity({ tenThousandths, unit }, language)),
      );
    expect(show(16_667, 'hour')).toEqual(['1,6667 Std.', '1.6667 h']);
    expect(show(125_000, 'hour')).toEqual(['12,50 Std.', '12.50 h']);
    expect(show(10_000, 'day')).toEqual(['1 Tag', '1 day']);
    expect(show(25_000, 'day')).toEqual(['2,5 Tage', '2.5 days']);
    expect(show(30_000, 'piece')).toEqual(['3 Stk.', '3 pcs']);
  });

  test('rates and IBANs', () => {
    expect([plain(formatRate(1900, 'de')), formatRate(2550, 'en')]).toEqual(['19 %', '25.5%']);
    expect(formatRate(1000, 'en')).toBe('10%');
    expect(plain(formatIban('de89 3704 0044 0532 013000'))).toBe('DE89 3704 0044 0532 0130 00');
  });
});

describe('the mail', () => {
  test('says what is attached, how much, by when, and who writes', () => {
    expect(invoiceMail(germanPaper(), 'de', 'invoice')).toEqual({
      subject: 'Rechnung 2026-0042 von Studio Jürgen Möller',
      text: [
        'Guten Tag Frau Dr. Annegret Schönfeld-Baumgartner,',
        '',
        'anbei erhalten Sie die Rechnung 2026-0042 über 9.601,97 EUR für den Zeitraum 01.10.2026 – 31.10.2026.',
        '',
        'Bitte überweisen Sie den Betrag bis zum 14.11.2026. Die Bankverbindung steht auf der Rechnung.',
        '',
        'Vielen Dank für die Zusammenarbeit.',
        '',
        'Freundliche Grüße',
        'Jürgen Möller',
        'Studio Jürgen Möller',
        '',
      ].join('\n'),
    });
  });

  test('of a credit note names the invoice and asks for nothing', () => {
    const { text } = invoiceMail(creditPaper(), 'en', 'credit-note');
    expect(text).toContain(
      'please find attached credit note 2026-0045 for 1,132.50 EUR, which corrects invoice 2026-0042.',
    );
    expect(text).not.toContain('pay');
  });

  test('signs a company that bears its owner’s name once', () => {
    expect(invoiceMail(smallPaper()).text.match(/Mara Vogt/g)).toHaveLength(1);
  });

  test('a name cannot add header lines or fill in places', () => {
    const seller = { ...SELLER, name: 'Eve\r\nBcc: all@example.com', owner: '{amount}' };
    const { subject, text } = invoiceMail({ ...plainPaper(), seller });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(text).toContain('\n{amount}\n');
  });
});

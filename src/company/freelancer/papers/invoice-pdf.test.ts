import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { epcPayload } from './epc-qr.ts';
import { loadPaperFonts, type PaperFonts } from './fonts.ts';
import { renderInvoicePdf } from './invoice-pdf.ts';
import type { Paper } from './paper.ts';
import {
  austrianPaper,
  britishPaper,
  creditPaper,
  germanPaper,
  plainPaper,
  SELLER,
  sampleLogo,
  smallPaper,
} from './sample-papers.ts';

let fonts: PaperFonts;
let folder: string;
beforeAll(async () => {
  fonts = await loadPaperFonts();
  folder = mkdtempSync(join(tmpdir(), 'papers-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A test that is skipped, with the reason in its name, where a tool is missing; in CI it fails. */
function needs(...tools: readonly string[]) {
  const missing = tools.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
  return (name: string, check: () => Promise<void>) =>
    missing.length > 0 && !process.env.CI
      ? test.skip(`${name} (not installed: ${missing.join(', ')})`, check)
      : test(name, check);
}

function render(paper: Paper, more: { logo?: Uint8Array; sandbox?: boolean } = {}) {
  return renderInvoicePdf(paper, { sandbox: false, fonts, ...more });
}

function tool(name: string, args: readonly string[], pdf: Uint8Array, file = 'paper.pdf'): string {
  writeFileSync(join(folder, file), pdf);
  const result = spawnSync(name, [...args], { cwd: folder, encoding: 'utf8' });
  if (result.error) throw result.error;
  return result.stdout;
}

function textOf(pdf: Uint8Array): string {
  return tool('pdftotext', ['-layout', 'paper.pdf', '-'], pdf);
}

/** One printed line after another, blanks evened out. */
function flat(pdf: Uint8Array): string {
  return textOf(pdf).replace(/\s+/g, ' ');
}

describe('the file', () => {
  test('equal input gives equal bytes', async () => {
    for (const paper of [germanPaper(), britishPaper(), creditPaper()]) {
      const options = { logo: sampleLogo(), sandbox: true };
      const [first, second] = [await render(paper, options), await render(paper, options)];
      expect(Buffer.compare(first, second)).toBe(0);
    }
  });

  test('another amount gives other bytes', async () => {
    const paper = plainPaper();
    const other = { ...paper, number: '2026-0099' };
    expect(Buffer.compare(await render(paper), await render(other))).not.toBe(0);
  });

  needs('pdfinfo')(
    'it has title, author, language and the issue date, and nothing of ours',
    async () => {
      const pdf = await render(plainPaper());
      const info = tool('pdfinfo', ['-isodates', 'paper.pdf'], pdf);
      expect(info).toMatch(/Title:\s+Rechnung 2026-0042/);
      expect(info).toMatch(/Author:\s+Studio Jürgen Möller/);
      expect(info).toMatch(/CreationDate:\s+2026-10-31T00:00:00Z/);
      expect(info).toMatch(/Page size:\s+595\.28 x 841\.89/);
      expect(Buffer.from(pdf).toString('latin1')).toContain('/Lang (de)');
      expect(info).not.toMatch(/steward/i);
    },
  );

  needs('pdffonts')('fonts are embedded and subset', async () => {
    const rows = tool('pdffonts', ['paper.pdf'], await render(plainPaper()))
      .split('\n')
      .slice(2);
    const named = rows.filter((row) => row.trim() !== '');
    expect(named).toHaveLength(2);
    for (const row of named) expect(row).toMatch(/^[A-Z]{6}\+Inter.*\byes yes yes\b/);
  });

  needs('qpdf')('it is a sound PDF', async () => {
    expect(tool('qpdf', ['--check', 'paper.pdf'], await render(germanPaper()))).toContain(
      'No syntax or stream encoding errors found',
    );
  });

  test('a logo that is no picture is refused with the way out', async () => {
    const pretender = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);
    for (const logo of [new TextEncoder().encode('<svg/>'), pretender]) {
      await expect(render(plainPaper(), { logo })).rejects.toMatchObject({
        code: 'invalid_input',
        remedy: expect.stringContaining('PNG or JPEG'),
      });
    }
  });
});

describe('what stands on it', () => {
  needs('pdftotext')('a German invoice says what the law asks, in German forms', async () => {
    const text = flat(await render(plainPaper()));
    for (const words of [
      'Rechnung 2026-0042',
      'Studio Jürgen Möller',
      'Lindenallee 12',
      '20259 Hamburg',
      'Acme Küchentechnik GmbH & Co. KG',
      'Große Elbstraße 145',
      '31.10.2026',
      '01.10.2026 – 31.10.2026',
      '10,00 Std.',
      '0,5168 Std.',
      'Umsatzsteuer 19 % auf 951,68 180,82',
      'Gesamtbetrag 1.132,50 EUR',
      'Bitte überweisen Sie 1.132,50 EUR bis zum 14.11.2026.',
      'DE89 3704 0044 0532 0130 00',
      'USt-IdNr. DE123456789',
      'Steuernummer 42/123/04567',
      '1/1',
    ]) {
      expect(text).toContain(words);
    }
  });

  needs('pdftotext')(
    'an English one in pounds says why there is no VAT and shows none',
    async () => {
      const text = flat(await render(britishPaper()));
      expect(text).toContain('Total 3,959.89 GBP');
      expect(text).toContain('31 October 2026');
      expect(text).toContain('United Kingdom');
      expect(text).toContain('Not subject to German VAT');
      expect(text).toContain('DE89 3704 0044 0532 0130 00');
      expect(text).not.toMatch(/0(\.00)? ?%|Net amount|Scan with/);
    },
  );

  needs('pdftotext')('reverse charge shows both VAT ids and its sentence', async () => {
    const text = flat(await render(austrianPaper()));
    expect(text).toContain('Reverse charge: the recipient of the service owes the VAT');
    expect(text).toContain('ATU12345678');
    expect(text).toContain('DE123456789');
  });

  needs('pdftotext')('a small business shows its sentence and no VAT', async () => {
    const text = flat(await render(smallPaper()));
    expect(text).toContain('Steuerbefreiung für Kleinunternehmer nach § 19 UStG');
    expect(text).not.toContain('19 %');
    expect(text).toContain('Leistungsdatum');
  });

  needs('pdftotext')('a credit note names its invoice and asks for no money', async () => {
    const text = flat(await render(creditPaper()));
    expect(text).toContain('Rechnungskorrektur 2026-0045');
    expect(text).toContain('zu Rechnung 2026-0042 vom 31.10.2026: falscher Stundensatz');
    expect(text).toContain('Gutschriftbetrag 1.132,50 EUR');
    expect(text).not.toMatch(/überweisen|IBAN/);
  });

  needs('pdftotext')('every page of a sandbox paper says that it is not real', async () => {
    const pages = textOf(await render(germanPaper(), { sandbox: true }))
      .split('\f')
      .slice(0, -1);
    expect(pages).toHaveLength(2);
    for (const page of pages) expect(page).toContain('Sandbox: keine echte Rechnung');
    expect(textOf(await render(germanPaper()))).not.toContain('Sandbox');
    expect(textOf(await render(britishPaper(), { sandbox: true }))).toContain(
      'Sandbox: not a real invoice',
    );
  });

  needs('pdftotext')('two pages repeat the table head and count themselves', async () => {
    const pages = textOf(await render(germanPaper(), { logo: sampleLogo() })).split('\f');
    expect(pages[0]).toContain('1/2');
    expect(pages[1]).toContain('2/2');
    for (const page of pages.slice(0, 2)) expect(page).toMatch(/Leistung\s+Menge\s+Preis\s+USt/);
    expect(pages[1]).toContain('Rechnung 2026-0042');
  });

  needs('pdftotext')('totals and payment are never split, wherever the table ends', async () => {
    const [line] = plainPaper().lines;
    if (!line) throw new Error('the sample has a line');
    for (let count = 8; count <= 24; count++) {
      const pdf = await render({
        ...plainPaper(),
        lines: Array.from({ length: count }, () => line),
      });
      const pages = textOf(pdf).split('\f');
      const holds = (words: string) => pages.findIndex((page) => page.includes(words));
      expect(holds('Nettobetrag')).toBe(holds('Gesamtbetrag'));
      expect(holds('Bitte überweisen')).toBe(holds('Verwendungszweck'));
      expect(holds('Gesamtbetrag')).toBe(holds('Bitte überweisen'));
    }
  });

  needs('pdftotext')('a description of many pages is printed to its last word', async () => {
    const paper = plainPaper();
    const words = Array.from({ length: 1_200 }, (_, index) => `Wort${index}`);
    const [first, ...rest] = paper.lines;
    if (!first) throw new Error('the sample has a line');
    const pdf = await render({ ...paper, lines: [{ ...first, detail: words.join(' ') }, ...rest] });
    const printed = new Set(textOf(pdf).match(/Wort\d+/g));
    expect(printed.size).toBe(1_200);
  });

  needs('pdftotext')(
    'a word longer than the line is cut, not lost, and stays in its column',
    async () => {
      const paper = plainPaper();
      const [first] = paper.lines;
      if (!first) throw new Error('the sample has a line');
      const long = 'Donaudampfschifffahrt'.repeat(12);
      const text = textOf(await render({ ...paper, lines: [{ ...first, text: long }] }));
      const column = text.split('\n').map((row) => row.slice(0, 75).trim());
      expect(column.join('').replaceAll(/\s/g, '')).toContain(long.slice(0, 40));
      expect(text.replaceAll(/\s/g, '').replaceAll(/10,00Std\.|90,00|900,00/g, '')).toContain(long);
    },
  );

  needs('pdftotext')('a long name leaves nothing of the seller out', async () => {
    const name = 'Ingenieurbüro für Softwareentwicklung und Prozessberatung Möller & Partner';
    const website = `${'softwareentwicklung-'.repeat(4)}moeller.example`;
    const pdf = await render({ ...plainPaper(), seller: { ...SELLER, name, website } });
    const text = tool('pdftotext', ['paper.pdf', '-'], pdf).replace(/\s+/g, ' ');
    expect(text).toContain(name);
    expect(text).toContain(`${name} · Lindenallee 12 · 20259 Hamburg`);
    expect(text.replaceAll(' ', '')).toContain(website);
    expect(text.match(/20259 Hamburg/g)).toHaveLength(2);
  });

  needs('pdftotext')('invisible and turning characters are not printed', async () => {
    const paper = { ...plainPaper(), note: 'Konto\u202e321\u0000\u200b neu' };
    expect(flat(await render(paper))).toContain('Konto321 neu');
  });

  needs('pdftotext')('the largest amounts fit beside each other', async () => {
    const paper = plainPaper();
    const [first] = paper.lines;
    if (!first) throw new Error('the sample has a line');
    const huge = { minor: 9_007_199_254_740_991, currency: 'EUR' };
    const text = flat(
      await render({ ...paper, lines: [{ ...first, unitPrice: huge, net: huge }] }),
    );
    expect(text).toContain('90.071.992.547.409,91 90.071.992.547.409,91');
  });
});

describe('the payment code', () => {
  needs('pdftoppm', 'zbarimg')('a reader decodes it from the page', async () => {
    for (const paper of [plainPaper(), germanPaper(), austrianPaper()]) {
      tool('pdftoppm', ['-r', '150', '-png', 'paper.pdf', paper.number], await render(paper));
      const result = spawnSync('sh', ['-c', `zbarimg -q --raw --nodbus ${paper.number}-*.png`], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(result.stdout.trimEnd()).toBe(epcPayload(paper));
    }
  });

  test('it holds payee, account, amount and reference of a SEPA transfer', () => {
    expect(epcPayload(plainPaper())?.split('\n')).toEqual([
      'BCD',
      '002',
      '1',
      'SCT',
      'COBADEFFXXX',
      'Studio Juergen Moeller',
      'DE89370400440532013000',
      'EUR1132.50',
      '',
      '',
      'Rechnung 2026-0042',
    ]);
  });

  test('a name with line ends cannot add fields, and long ones are cut to the limit', () => {
    const seller = { ...SELLER, name: `Eve\nDE00EVIL\r\n${'x'.repeat(200)}` };
    const lines = epcPayload({ ...plainPaper(), seller })?.split('\n');
    expect(lines).toHaveLength(11);
    expect(lines?.[5]).toHaveLength(70);
  });

  test('there is none without an IBAN, in another currency, for a credit note or for nothing', () => {
    const { iban: _, ...noIban } = SELLER;
    const paper = plainPaper();
    const nothing = { ...paper.totals, gross: { minor: 0, currency: 'EUR' } };
    expect([
      epcPayload({ ...paper, seller: noIban }),
      epcPayload(britishPaper()),
      epcPayload(creditPaper()),
      epcPayload({ ...paper, totals: nothing }),
    ]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

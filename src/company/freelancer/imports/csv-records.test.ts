import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IMPORT_LIMITS } from './byte-source.ts';
import { type CsvRecord, type CsvShape, readCsv } from './csv-records.ts';

async function* pieces(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function read(text: string, shape: CsvShape = { delimiter: ',' }, size = 50_000) {
  const all: CsvRecord[] = [];
  for await (const records of readCsv(pieces(text, size), shape)) all.push(...records);
  return all;
}

const cellsOf = (records: readonly CsvRecord[]) =>
  records.map((record) => (record.status === 'cells' ? record.cells : record.fault));

describe('sound files', () => {
  test('well-formed CSV reads as csv-parse reads it, however it is cut into chunks', async () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', 'ö', '"', ',', ';', '\n', '\r', ' ', '='),
    });
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1 });
    const quote = (value: string) =>
      /["\r\n,;]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 9 }),
        async (data, eol, size) => {
          const text = data.map((row) => row.map(quote).join(',')).join(eol) + eol;
          const oracle: unknown = parse(text, {
            relax_column_count: true,
            record_delimiter: eol,
            skip_empty_lines: false,
          });
          const ours = cellsOf(await read(text, { delimiter: ',' }, size));
          expect(ours).toEqual(oracle);
          expect(ours).toEqual(data);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a row names the line it begins on, also after cells over several lines', async () => {
    const records = await read('a,b\n"1\r\n2\n3",x\r\n\nlast,y');
    expect(records.map(({ line }) => line)).toEqual([1, 2, 5, 6]);
  });

  test('line ends of old Macs, a missing last line end and a last empty cell are read', async () => {
    expect(cellsOf(await read('a,b\rc,d\re,'))).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e', ''],
    ]);
  });

  test('a quote inside an unquoted cell is an inch sign', async () => {
    expect(cellsOf(await read('5" pipe,x\n'))).toEqual([['5" pipe', 'x']]);
  });
});

describe('broken files', () => {
  test('a quote that never closes costs its own line only', async () => {
    const text = 'a,b\n"open,1\nc,2\nd,3\n';
    for (const size of [1, 3, 1_000]) {
      const records = await read(text, { delimiter: ',' }, size);
      expect(cellsOf(records)).toEqual([['a', 'b'], 'open_quote', ['c', '2'], ['d', '3']]);
      expect(records.map(({ line }) => line)).toEqual([1, 2, 3, 4]);
    }
  });

  test('a quote that closes in a later row is noticed by the stray text or by the cell count', async () => {
    expect(cellsOf(await read('x,"open,1\nc,"two"\n'))).toEqual(['stray_quote', ['c', 'two']]);
    expect(cellsOf(await read('x,"open,1\nc,", two"\n', { delimiter: ',', columns: 2 }))).toEqual([
      'open_quote',
      ['c', ', two'],
    ]);
  });

  test('a field of ten megabytes is refused without being held, and reading goes on', async () => {
    const huge = 'x'.repeat(10 * 1024 * 1024);
    expect(cellsOf(await read(`a,b\n1,${huge}\nc,d\n`))).toEqual([
      ['a', 'b'],
      'too_long',
      ['c', 'd'],
    ]);
    expect(cellsOf(await read(`a,b\n1,"${huge}"\nc,d\n`))).toEqual([
      ['a', 'b'],
      'open_quote',
      ['c', 'd'],
    ]);
  });

  test('a file of nothing but open quotes is given up', async () => {
    const text = '"open\n'.repeat(IMPORT_LIMITS.faults + 1);
    await expect(read(text)).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

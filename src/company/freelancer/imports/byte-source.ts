import { failure } from '../../../contract/index.ts';

/** A file that can be read from its beginning as often as needed. Each call starts anew. */
export type ByteSource = () => AsyncIterable<Uint8Array>;

/** What an import takes on. Beyond these the file is refused before anything is written. */
export const IMPORT_LIMITS = {
  /** bytes of a file: ten years of a busy team's time, and three passes stay under some minutes */
  fileBytes: 1024 * 1024 * 1024,
  /** rows of a file: their keys fit in 80 bytes each, so memory stays under 200 MB */
  rows: 2_000_000,
  /** characters of one row: the longest note a tracker takes, several times over */
  recordChars: 64 * 1024,
  /** unreadable rows (a quote that never closes): each costs one more look at up to one row's length */
  faults: 1_000,
  /** rows planned at once: they become one append */
  batchRows: 500,
} as const;

/**
 * The text of a UTF-8 file, without its byte order mark, in chunks. Bounded memory.
 * Fails with `wrong_encoding` (UTF-16, Windows-1252, a spreadsheet) or `too_large`.
 */
export async function* readText(source: ByteSource): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  let lines = 1;
  for await (const chunk of atLeast(source(), 4)) {
    if (bytes === 0) refuseOtherFormats(chunk);
    bytes += chunk.byteLength;
    if (bytes > IMPORT_LIMITS.fileBytes) throw tooLarge('bytes', IMPORT_LIMITS.fileBytes);
    let text: string;
    try {
      text = decoder.decode(chunk, { stream: true });
    } catch {
      throw notUtf8(lines + newlinesBeforeFault(chunk));
    }
    lines += newlinesIn(text);
    if (text !== '') yield text;
  }
  try {
    decoder.decode();
  } catch {
    throw notUtf8(lines);
  }
}

/** `too_large`, naming the limit. */
export function tooLarge(unit: 'bytes' | 'rows', limit: number) {
  const shown = limit.toLocaleString('en');
  return failure(
    'too_large',
    `This file has more than ${shown} ${unit}.`,
    { unit, limit },
    'Export a shorter period and import the parts one after the other.',
  );
}

/** The first chunk has at least `minimum` bytes, so that its first bytes can be judged. */
async function* atLeast(chunks: AsyncIterable<Uint8Array>, minimum: number) {
  let head: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (!head) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.byteLength < minimum) continue;
    yield head;
    head = undefined;
  }
  if (head && head.byteLength > 0) yield head;
}

function refuseOtherFormats(head: Uint8Array): void {
  const [a, b, c, d] = head;
  if (a === 0x50 && b === 0x4b && c === 0x03 && d === 0x04) {
    throw failure(
      'wrong_encoding',
      'This is a spreadsheet or a zip file, not a CSV file.',
      { encoding: 'zip' },
      'Open it, save it as CSV (UTF-8) and import that.',
    );
  }
  const byteOrderMark = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
  // Latin letters in UTF-16 or UTF-32 have a zero as every second byte.
  if (byteOrderMark || a === 0 || b === 0) throw wrongEncoding('UTF-16', 1);
}

function notUtf8(line: number) {
  return wrongEncoding('Windows-1252 or another old one', line);
}

function wrongEncoding(encoding: string, line: number) {
  return failure(
    'wrong_encoding',
    `This file is not UTF-8 (it looks like ${encoding}), first seen on line ${line}.`,
    { encoding, line },
    'Save it as "CSV UTF-8" and import it again. Nothing was written.',
  );
}

function newlinesBeforeFault(chunk: Uint8Array): number {
  const lenient = new TextDecoder().decode(chunk);
  const fault = lenient.indexOf('\uFFFD', lenient.startsWith('\uFFFD') ? 1 : 0);
  return newlinesIn(fault < 0 ? '' : lenient.slice(0, fault));
}

function newlinesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

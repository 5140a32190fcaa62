import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PROCESS_COMMANDS } from '../cli/process-commands.ts';
import { OPERATIONS } from './table.ts';

const SRC = fileURLToPath(new URL('../../', import.meta.url));
/** shell code, and words that people say to Steward */
const NOT_SENTENCES = /(surface\/cli\/completion|kernel\/words\/phrases)\.ts$/;

test('every command that a sentence of ours names exists', () => {
  const commands = [...OPERATIONS, ...PROCESS_COMMANDS].flatMap(({ cli }) =>
    cli ? [cli.words] : [],
  );
  const named = sources().flatMap(({ path, text }) =>
    [...withoutComments(text).matchAll(/\bsteward ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/g)].map(
      ([, first = '', second = '']) => ({ path, first, second }),
    ),
  );
  expect(named.length).toBeGreaterThan(100);
  const unknown = named.filter(
    ({ first, second }) =>
      !commands.some(([word, next]) => word === first && (next === undefined || next === second)),
  );
  expect(unknown).toEqual([]);
});

function sources(): readonly { readonly path: string; readonly text: string }[] {
  return readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\.ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !NOT_SENTENCES.test(path))
    .map((path) => ({ path: path.slice(SRC.length), text: readFileSync(path, 'utf8') }));
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}

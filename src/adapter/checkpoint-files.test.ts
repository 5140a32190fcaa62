import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createCheckpointFiles } from './checkpoint-files.ts';

const home = mkdtempSync(join(tmpdir(), 'steward-checkpoints-'));
afterEach(() => rmSync(home, { recursive: true, force: true }));

test('notes are private files that sort by their seq, the newest also as `latest`', async () => {
  const directory = join(home, 'checkpoints');
  const files = createCheckpointFiles(directory);
  expect(await files.latest()).toBeUndefined();
  await files.write('note of 256\n', 256);
  await files.write('note of 1024\n', 1_024);
  expect(readdirSync(directory).sort()).toEqual([
    '000000000000256.checkpoint',
    '000000000001024.checkpoint',
    'latest',
  ]);
  expect(await files.latest()).toBe('note of 1024\n');
  for (const name of readdirSync(directory)) {
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  }
});

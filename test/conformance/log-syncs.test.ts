import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingTool } from './tools.ts';

const BARRIERS = 12;
const reason = missingTool('strace');

describe.skipIf(reason)(`what is synced to disk${reason ? ` (${reason})` : ''}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'steward-syncs-'));
  let phases: readonly Phase[] = [];

  beforeAll(() => {
    const trace = join(directory, 'trace');
    const child = join(import.meta.dirname, 'log-syncs.child.ts');
    const { status, stderr } = spawnSync(
      'strace',
      [
        ...['-f', '-y', '-s', '64', '-o', trace, '-e', 'trace=fsync,fdatasync,write,pwrite64'],
        ...[process.execPath, child, directory, String(BARRIERS)],
      ],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    phases = readPhases(readFileSync(trace, 'utf8'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const named = (name: string) => phases.filter((phase) => phase.name === name);

  test('every barrier syncs the journal after it wrote to it', () => {
    expect(named('barrier')).toHaveLength(BARRIERS);
    for (const { calls } of [...named('barrier'), ...named('barrier-after-normal')]) {
      expect(calls).toContain('write wal');
      expect(calls.at(-1)).toBe('sync wal');
    }
  });

  test('commits without a barrier write and sync nothing', () => {
    const [normal] = named('normal');
    expect(normal?.calls.filter((call) => call === 'write wal').length).toBeGreaterThanOrEqual(20);
    expect(normal?.calls.filter((call) => call.startsWith('sync'))).toEqual([]);
  });

  test('a barrier that has nothing to append still syncs', () => {
    expect(named('empty-barrier')[0]?.calls).toContain('sync wal');
  });

  test('a dirty tail is synced by itself, and an idle log does nothing', () => {
    expect(named('tail')[0]?.calls).toContain('sync wal');
    expect(named('idle')[0]?.calls).toEqual([]);
  });

  test('closing syncs the tail and moves the journal into the database', () => {
    const calls = named('close')[0]?.calls ?? [];
    expect(calls).toContain('sync wal');
    expect(calls).toContain('sync db');
  });
});

interface Phase {
  readonly name: string;
  /** `write` or `sync`, and which of the two files */
  readonly calls: readonly string[];
}

/** Cuts the trace at the marks that the child wrote. */
function readPhases(trace: string): readonly Phase[] {
  const phases: { name: string; calls: string[] }[] = [];
  for (const line of trace.split('\n')) {
    const mark = /write\(\d+<[^>]*\/marks>, "MARK ([^"]*)"/.exec(line)?.[1];
    if (mark !== undefined) phases.push({ name: mark, calls: [] });
    const [, call, journal] =
      /(f(?:data)?sync|pwrite64)\(\d+<[^>]*steward\.db(-wal)?>/.exec(line) ?? [];
    if (call === undefined) continue;
    const what = call === 'pwrite64' ? 'write' : 'sync';
    phases.at(-1)?.calls.push(`${what} ${journal ? 'wal' : 'db'}`);
  }
  return phases;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acquireHomeLock } from './home-lock.ts';

const LOCK_MODULE = new URL('./home-lock.ts', import.meta.url).href;

describe('home lock', () => {
  let home: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'home-'));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  /** Another process that holds the lock when this is fulfilled. */
  async function holder(): Promise<ChildProcess> {
    const script = `
      const { acquireHomeLock } = await import(process.argv[1]);
      const lock = acquireHomeLock(process.argv[2]);
      process.on('SIGTERM', () => { lock.release(); process.exit(0); });
      console.log('held');
      setInterval(() => {}, 60_000);`;
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', script, LOCK_MODULE, home],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    const [first] = await once(child.stdout ?? child, 'data');
    expect(String(first)).toBe('held\n');
    return child;
  }

  const refusal = () => {
    try {
      acquireHomeLock(home).release();
      return 'acquired';
    } catch (error) {
      return error;
    }
  };

  test('a home that another process holds is refused with its pid and start', async () => {
    const child = await holder();
    expect(refusal()).toMatchObject({
      code: 'home_busy',
      facts: { pid: child.pid, started: expect.stringMatching(/^\d{4}-.*Z$/) },
    });
  });

  test('kill -9 frees the home', async () => {
    const child = await holder();
    expect(refusal()).toMatchObject({ code: 'home_busy' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(refusal()).toBe('acquired');
  });

  test('a release frees the home for another process and leaves no note', async () => {
    const lock = acquireHomeLock(home);
    lock.release();
    const child = await holder();
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(readdirSync(home)).toEqual(['home.lock']);
    expect(refusal()).toBe('acquired');
  });

  test('the same process cannot take it twice', () => {
    const lock = acquireHomeLock(home);
    expect(refusal()).toMatchObject({ code: 'home_busy', facts: { pid: process.pid } });
    lock.release();
    expect(refusal()).toBe('acquired');
  });

  test('releasing twice does not take the lock from the next holder', () => {
    const first = acquireHomeLock(home);
    first.release();
    const second = acquireHomeLock(home);
    first.release();
    expect(refusal()).toMatchObject({ code: 'home_busy', facts: { pid: process.pid } });
    second.release();
  });

  test('an unreadable note still refuses, without facts about the holder', () => {
    const lock = acquireHomeLock(home);
    writeFileSync(join(home, 'home.lock.holder'), '{"pid":');
    expect(refusal()).toMatchObject({ code: 'home_busy', facts: { home } });
    lock.release();
  });

  test('the lock files are private', () => {
    const lock = acquireHomeLock(home);
    for (const name of readdirSync(home)) {
      expect(statSync(join(home, name)).mode & 0o777, name).toBe(0o600);
    }
    lock.release();
  });

  test('a home that does not exist is not made', () => {
    rmSync(home, { recursive: true });
    expect(refusal()).toMatchObject({ code: 'not_found' });
    expect(existsSync(home)).toBe(false);
  });

  test('a lock file that is no database is named, not overwritten', () => {
    writeFileSync(join(home, 'home.lock'), 'not a database, but long enough to look at'.repeat(99));
    expect(refusal()).toMatchObject({ code: 'store_broken' });
  });
});

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a server may take to answer its first question, how often it is asked, and how long it may take to stop. */
const START_MS = 20_000;
const PROBE_MS = 100;
const STOP_MS = 5_000;
/** How much of what a child said is kept, to say why it failed. */
const LAST_WORDS_CHARACTERS = 600;

/** What a child may know of our environment: where programs are, and nothing secret. */
export const BARE_ENV = { PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C' } as const;

/** A server that a measuring program talks to. It and its files are gone with its scope. */
export interface PeerServer extends AsyncDisposable {
  /** The environment that lets the measuring program connect: unlike arguments, no other user can read it. */
  readonly connection: Readonly<Record<string, string>>;
  /** As the server says: `PostgreSQL 15.18`. */
  readonly version: string;
  /** The settings that decide whether a step is on disk when it counts as done, as the server says. */
  readonly durability: string;
  /** How often it has synced its log so far. Right once the measuring program has ended. */
  readonly syncs: () => Promise<number>;
}

/** A child process that ends with its scope: `await using child = startChild(...)`. */
export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Resolves with how it ended (`exit code 0`, a signal, why it never started). */
  readonly ended: Promise<string>;
  /** The end of its output. */
  readonly lastWords: () => string;
}

/** How to ask a child to stop, and how to stop it when there is no time left to ask. */
export interface StopSignals {
  readonly politely: NodeJS.Signals;
  readonly atOnce: NodeJS.Signals;
}

const USUAL_SIGNALS: StopSignals = { politely: 'SIGTERM', atOnce: 'SIGKILL' };

/** Starts a program. It is stopped with its scope, and at the latest when this process exits. */
export function startChild(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
  signals = USUAL_SIGNALS,
): Child {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: BARE_ENV,
    ...options,
  });
  const stopAtOnce = (): void => void child.kill(signals.atOnce);
  process.once('exit', stopAtOnce);
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      words = (words + chunk).slice(-LAST_WORDS_CHARACTERS);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  }).finally(() => process.removeListener('exit', stopAtOnce));
  return {
    process: child,
    ended,
    lastWords: () => words.trim(),
    async [Symbol.asyncDispose]() {
      child.kill(signals.politely);
      const late = setTimeout(stopAtOnce, STOP_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

/** Runs a program to its end and resolves with its output. Rejects, with its last words, unless it ends well. */
export async function runProgram(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  options: SpawnOptions = {},
): Promise<string> {
  await using child = startChild(command, args, options);
  let output = '';
  child.process.stdout?.on('data', (chunk: string) => {
    output += chunk;
  });
  await endsWell(child, command, signal);
  return output.trim();
}

/** Resolves when the child ends with code 0; rejects with its last words when it does not, or when `signal` aborts. */
export async function endsWell(child: Child, name: string, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', abort);
  try {
    const end = await Promise.race([child.ended, aborted.promise]);
    if (end !== 'exit code 0') throw new Error(`${name}: ${end}. ${child.lastWords()}`);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Repeats `probe` until it succeeds. Rejects when the server ends, takes too long, or `signal` aborts. */
export async function whenReady<T>(
  server: Child,
  probe: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const deadlineMs = performance.now() + START_MS;
  let end: string | undefined;
  void server.ended.then((how) => {
    end = how;
  });
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      signal.throwIfAborted();
      if (end !== undefined) throw new Error(`it did not start: ${end}. ${server.lastWords()}`);
      if (performance.now() > deadlineMs) throw new Error(`it was not ready in time: ${error}`);
      await sleep(PROBE_MS);
    }
  }
}

/** Whom a server runs as, where we are root and it refuses to be. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A new directory for its owner's eyes only. It is gone with its scope, and at the latest when this process exits. */
export function createScratch(
  parent: string,
  owner?: Account,
): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(parent, 'steward-bench-'));
  // A server stopped in a hurry may still be writing: hence the retries.
  const remove = (): void =>
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  process.once('exit', remove);
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  return {
    path,
    [Symbol.dispose]() {
      process.removeListener('exit', remove);
      remove();
    },
  };
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no loopback port is free');
  return address.port;
}

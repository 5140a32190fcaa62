import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BARE_ENV, type Child, startChild } from './peers/server.ts';

/** A server that is not ready after this long will not be. */
const READY_LIMIT_MS = 60_000;
const ROOT = join(import.meta.dirname, '..');
/** The command as people run it; without its launcher where that is not there. */
const LAUNCHER = join(ROOT, 'steward');
const MAIN = join(ROOT, 'src', 'main.ts');
/** the unit of CPU times in /proc, on every Linux */
const TICKS_PER_SECOND = 100;
const MIB = 2 ** 20;

/** A Steward of its own process that serves a home; it ends with its scope. */
export interface Server extends AsyncDisposable {
  /** from the start of the process to its `ready` line */
  readonly readyMs: number;
  /** resident memory, in MiB */
  readonly memory: () => number;
  /** CPU time used so far, in ms */
  readonly cpuMs: () => number;
}

/** Why a server cannot be measured here; undefined when it can. */
export function whyNoServer(): string | undefined {
  if (!existsSync(LAUNCHER) && !existsSync(MAIN)) return 'there is nothing to start';
  return existsSync('/proc/self/statm')
    ? undefined
    : 'only Linux tells memory and CPU of a process';
}

/** Serves a home that exists, on any free port, with nothing of this user's environment. */
export async function startServer(home: string): Promise<Server> {
  const startMs = performance.now();
  const [command, ...args] = existsSync(LAUNCHER) ? [LAUNCHER] : [process.execPath, MAIN];
  const child = startChild(command ?? LAUNCHER, [...args, 'up'], {
    env: {
      ...BARE_ENV,
      HOME: home,
      XDG_CONFIG_HOME: `${home}-config`,
      XDG_CACHE_HOME: `${home}-cache`,
      STEWARD_HOME: home,
      STEWARD_PORT: '0',
    },
  });
  try {
    await readyLine(child);
    const readyMs = performance.now() - startMs;
    const pid = child.process.pid ?? 0;
    return {
      readyMs,
      memory: () => residentMib(pid),
      cpuMs: () => cpuMs(pid),
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

async function readyLine(child: Child): Promise<void> {
  const late = setTimeout(() => child.process.kill('SIGTERM'), READY_LIMIT_MS);
  const { stdout } = child.process;
  if (!stdout) throw new Error('its output is not read');
  try {
    for await (const line of createInterface({ input: stdout })) {
      if (line.startsWith('ready ')) return;
    }
    throw new Error(`it never got ready: ${await child.ended}. ${child.lastWords()}`);
  } finally {
    clearTimeout(late);
    stdout.resume(); // what it says later must not fill the pipe
  }
}

function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kib) * 1_024) / MIB;
}

function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // the name in brackets may hold spaces; after it, utime and stime are the 12th and 13th
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

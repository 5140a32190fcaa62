import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface CommandEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** the one JSON document, of commands with --json */
  readonly json: () => { ok: boolean; data?: unknown; error?: { code: string } };
}

export interface Workshop {
  readonly home: string;
  readonly directory: string;
  readonly run: (args: readonly string[], env?: Record<string, string>) => Promise<CommandEnd>;
  /** Starts a server; resolved when it says that it is ready. */
  readonly serve: (args?: readonly string[], env?: Record<string, string>) => Promise<Served>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export interface Served {
  readonly url: string;
  readonly signIn: string;
  readonly line: string;
  readonly process: ChildProcess;
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** A directory with a home and a device key of its own, and the real program to work in it. */
export async function createWorkshop(name: string): Promise<Workshop> {
  const directory = await mkdtemp(join(tmpdir(), `steward-${name}-`));
  const home = join(directory, 'home');
  const children = new Set<ChildProcess>();
  const start = (args: readonly string[], env: Record<string, string>): ChildProcess => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: directory,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: directory,
        STEWARD_HOME: home,
        STEWARD_PORT: '0',
        XDG_CONFIG_HOME: join(directory, 'config'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    child.once('close', () => children.delete(child));
    return child;
  };

  return {
    home,
    directory,
    run: async (args, env = {}) => {
      const child = start(args, env);
      const [out, err] = [collect(child.stdout), collect(child.stderr)];
      await once(child, 'close');
      const text = out();
      return { code: child.exitCode, out: text, err: err(), json: () => JSON.parse(text) };
    },
    serve: async (args = ['up'], env = {}) => {
      const child = start(args, env);
      const [out, err] = [collect(child.stdout), collect(child.stderr)];
      await new Promise<void>((resolve, reject) => {
        child.stdout?.on('data', () => out().includes('\n') && resolve());
        child.once('close', () => reject(new Error(`it did not start: ${err()}`)));
      });
      const line = out().trim();
      const [, url = '', signIn = ''] = /^ready (\S+) home=.* sign-in=(\S+)$/.exec(line) ?? [];
      const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
        if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
        const closed = once(child, 'close');
        child.kill(signal);
        await closed;
        return child.exitCode;
      };
      return { url, signIn, line, process: child, stop };
    },
    [Symbol.asyncDispose]: async () => {
      // one that still writes would put a file into the folder that is being removed
      const closed = [...children].map((child) => once(child, 'close'));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(closed);
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly text: string;
  readonly json: () => Record<string, unknown>;
}

/** A request exactly as written, with any Host and Origin: what a hostile page could cause. */
export function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false }, (incoming) => {
      const text = collect(incoming);
      incoming.once('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: text(),
          json: () => JSON.parse(text()),
        }),
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const parts: Buffer[] = [];
  stream?.on('data', (part: Buffer) => parts.push(part));
  return () => Buffer.concat(parts).toString('utf8');
}

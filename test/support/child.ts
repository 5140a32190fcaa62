import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ChildEnd {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  /** told when the first output comes; gets the process to stop, continue or kill it, and what it said */
  readonly onReady?: (
    child: { readonly kill: (signal: NodeJS.Signals) => boolean },
    said: string,
  ) => void;
  /** a child that takes longer hangs, and is killed with SIGTERM */
  readonly timeoutMs?: number;
}

/** Runs a program of the tests in a process of its own, on the Node that runs the tests. */
export async function runChild(
  file: string,
  args: readonly string[],
  { onReady, timeoutMs = 300_000 }: ChildOptions = {},
): Promise<ChildEnd> {
  const child = spawn(process.execPath, [file, ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    if (stdout === '') onReady?.(child, String(text));
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const timer = setTimeout(() => child.kill('SIGTERM'), timeoutMs);
  await once(child, 'close');
  clearTimeout(timer);
  return { signal: child.signalCode, code: child.exitCode, stdout, stderr };
}

/** Runs `work` for every item, a few at the same time: a shared machine has two cores. */
export async function inParallel<Item>(
  items: readonly Item[],
  workers: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}

import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Measured } from './figure.ts';
import { createScratch, endsWell, startChild } from './peers/server.ts';

/** What the product starts Node with, read from its launcher: the same speed for the same memory. */
const PRODUCT_FLAGS =
  readFileSync(join(import.meta.dirname, '..', 'steward'), 'utf8')
    .match(/^exec "\$node" (.*) "\$root/m)?.[1]
    ?.split(' ') ?? [];

/** A measuring program that takes longer than this hangs. */
const LIMIT_MS = 120_000;

/**
 * Runs a program of this folder in a process of its own, with a directory of its own, and resolves
 * with what it sent: one measurement's memory and compiled code never help or hurt the next.
 */
export async function measureInChild(file: string, ...args: readonly string[]): Promise<Measured> {
  using scratch = createScratch(tmpdir());
  return await receive<Measured>(file, [scratch.path, ...args]);
}

/** Runs a program to its end and resolves with the one message it sent. Rejects with its last words. */
export async function receive<Message>(file: string, args: readonly string[]): Promise<Message> {
  await using child = startChild(process.execPath, [...PRODUCT_FLAGS, file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let message: Message | undefined;
  child.process.once('message', (sent) => {
    message = sent as Message; // our own program sends what it says it does
  });
  await endsWell(child, file, AbortSignal.timeout(LIMIT_MS));
  if (message === undefined) throw new Error(`${file} ended without figures`);
  return message;
}

/** Hands a message to the process that started this one; prints it when a person did. */
export async function send(message: object): Promise<void> {
  if (!process.connected) {
    process.stdout.write(`${JSON.stringify(message, null, 2)}\n`);
    return;
  }
  await new Promise<void>((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
  process.disconnect?.();
}

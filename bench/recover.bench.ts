import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineAgent } from '../src/agent/index.ts';
import type { JsonObject } from '../src/base/index.ts';
import { send } from './child.ts';
import { contractOf, openBenchCompany } from './company.ts';
import { figure, type Measured } from './figure.ts';
import { createScratch, startChild } from './peers/server.ts';

const RUNS = 10_000;
/** runs that are submitted at the same time */
const IN_FLIGHT = 200;
/** all runs must be under way again within so long, or the figure says that they are not */
const ALL_LIMIT_MS = 60_000;
const CRASH_LIMIT_MS = 120_000;
const LOOK_MS = 20;

/** What a restarted process says, in ms since it was asked for. */
interface Restarted {
  readonly firstMs: number;
  readonly allMs: number | undefined;
  readonly runs: number;
}

/**
 * 10,000 runs in the middle of a step, `kill -9`, and a new process: the time from its start to the
 * first step that runs again, and until all of them do.
 */
export async function measureRecover(): Promise<Measured> {
  using scratch = createScratch(tmpdir());
  await crash(scratch.path);
  const { firstMs, allMs, runs } = await restart(scratch.path);
  const first = figure('recover.10k', firstMs, 'ms');
  if (allMs !== undefined) {
    return { figures: [first, figure('recover.10k.all', allMs, 'ms')], notes: [] };
  }
  const note = `recover.10k.all: only ${runs} of ${RUNS} runs went on within ${ALL_LIMIT_MS} ms`;
  return { figures: [first], notes: [note] };
}

/** A process that dies in the middle of all its runs. */
async function crash(home: string): Promise<void> {
  await using child = startChild(process.execPath, [import.meta.filename, home, 'crash']);
  const late = setTimeout(() => child.process.kill('SIGTERM'), CRASH_LIMIT_MS);
  const end = await child.ended;
  clearTimeout(late);
  if (end !== 'SIGKILL')
    throw new Error(`it should have been killed: ${end}. ${child.lastWords()}`);
}

async function restart(home: string): Promise<Restarted> {
  const startedMs = Date.now();
  await using child = startChild(
    process.execPath,
    [import.meta.filename, home, 'restart', String(startedMs)],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  return await new Promise((resolve, reject) => {
    child.process.once('message', (message) => resolve(message as Restarted)); // sent below
    child.ended.then((end) =>
      reject(new Error(`it did not recover: ${end}. ${child.lastWords()}`)),
    );
  });
}

/** One step that never ends by itself. */
function hangingAgent(onCall: () => void) {
  return defineAgent(
    {
      ...contractOf('bench.hang', 'Hang'),
      effect: 'read',
      input: z.strictObject({}),
      output: z.strictObject({}),
    },
    () => {
      onCall();
      return new Promise<never>(() => undefined);
    },
  );
}

const PLAYBOOK: JsonObject = {
  name: 'hang',
  version: 1,
  title: 'Hang',
  autonomy: 'auto',
  input: { fields: [] },
  plan: { steps: [{ id: 'hang', call: 'bench.hang@1', with: {} }] },
};

async function startAndDie(home: string): Promise<void> {
  let calls = 0;
  const agents = [hangingAgent(() => (calls += 1))];
  const { kernel, log } = await openBenchCompany({ home, agents, playbooks: [PLAYBOOK] });
  let submitted = 0;
  const lane = async (): Promise<void> => {
    while (submitted < RUNS) {
      submitted += 1;
      await kernel.submit({ words: 'hang', playbook: 'hang', by: 'operator:bench', again: true });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  while (calls < RUNS || log.durableSeq() < log.head().seq) await sleep(LOOK_MS);
  process.kill(process.pid, 'SIGKILL');
}

async function goOn(home: string, startedMs: number): Promise<void> {
  let calls = 0;
  let firstMs: number | undefined;
  const agents = [
    hangingAgent(() => {
      calls += 1;
      firstMs ??= Date.now() - startedMs;
    }),
  ];
  await openBenchCompany({ home, agents, playbooks: [PLAYBOOK] });
  const giveUpMs = performance.now() + ALL_LIMIT_MS;
  while (calls < RUNS && performance.now() < giveUpMs) await sleep(LOOK_MS);
  if (firstMs === undefined) throw new Error('no step ran again');
  const allMs = calls < RUNS ? undefined : Date.now() - startedMs;
  await send({ firstMs, allMs, runs: calls } satisfies Restarted);
  process.exit();
}

if (import.meta.main) {
  const [home = '', task, startedMs] = process.argv.slice(2);
  await (task === 'crash' ? startAndDie(home) : goOn(home, Number(startedMs)));
}

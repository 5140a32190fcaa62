import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOME } from '../src/adapter/home-directory.ts';
import { createKeyVaultFile } from '../src/adapter/key-vault-file.ts';
import { openSqliteStore } from '../src/adapter/sqlite-store.ts';
import { createIds, type JsonObject } from '../src/base/index.ts';
import type { NewEvent, StoredEvent } from '../src/contract/index.ts';
import { foundExample } from '../src/found-home.ts';
import { publishPlaybooks } from '../src/kernel/index.ts';
import { createLog } from '../src/log/index.ts';
import { openHome } from '../src/open-home.ts';
import { COMPANY_FOLDS } from '../test/support/compose-kernel.ts';
import { measureInChild, send } from './child.ts';
import { figure, type Measured } from './figure.ts';
import { createScratch } from './peers/server.ts';
import { startServer, whyNoServer } from './server.ts';

const WAITING = 100_000;
/** runs in one append */
const TOGETHER = 500;
const SETTLE_MS = 5_000;
const WATCHED_MS = 10_000;
const VERSION = '0.1.0';
const clock = { now: () => Date.now() };

/** What 100,000 runs cost that wait for weeks: memory after a start, CPU while nothing happens. */
export async function measureWaiting(): Promise<Measured> {
  const reason = whyNoServer();
  if (reason !== undefined) return { figures: [], notes: [`waiting.100k: ${reason}`] };
  using scratch = createScratch(tmpdir());
  const home = join(scratch.path, 'home');
  const filled = await measureInChild(import.meta.filename, home);
  await using server = await startServer(home);
  await sleep(SETTLE_MS);
  const memory = server.memory();
  const beforeMs = server.cpuMs();
  await sleep(WATCHED_MS);
  const cpu = ((server.cpuMs() - beforeMs) / WATCHED_MS) * 100;
  return {
    figures: [
      figure('waiting.100k.memory', memory, 'MB'),
      figure('waiting.100k.cpu', cpu, 'percent'),
      figure('waiting.100k.start', server.readyMs, 'ms'),
    ],
    notes: filled.notes,
  };
}

/** A year's wait that an event may end: the kind that every invoice sits in. */
const PLAYBOOK: JsonObject = {
  name: 'bench-wait',
  version: 1,
  title: 'Wait',
  autonomy: 'auto',
  input: { fields: [] },
  plan: { steps: [{ id: 'paid', wait: { event: 'payment.received', for: 'P365D' } }] },
};

/** One run comes to its wait through the kernel; the others get the same facts, through the log. */
async function fill(home: string): Promise<Measured> {
  await foundExample({ home, clock, version: VERSION });
  const facts = await oneWaitingRun(home);
  const vault = createKeyVaultFile(join(home, HOME.keys));
  const store = openSqliteStore({ file: join(home, HOME.database) });
  const newId = createIds(clock.now);
  const log = createLog({ store, vault, clock, newId, folds: COMPANY_FOLDS, engine: VERSION });
  for (let count = 1; count < WAITING; count += TOGETHER) {
    const runs = Array.from({ length: Math.min(TOGETHER, WAITING - count) }, newId);
    await log.append(
      runs.map((run) => ({
        stream: `run/${run}`,
        expectedVersion: 0,
        events: facts.map((event) => again(event, run)),
      })),
    );
  }
  await log.close();
  vault.close();
  return { figures: [], notes: [] };
}

async function oneWaitingRun(home: string): Promise<readonly StoredEvent[]> {
  const house = await openHome({
    ...{ home, clock, version: VERSION, isTestClock: false, patienceMs: 0 },
    origins: () => [],
    report: (problem) => process.stderr.write(`${problem.code}: ${problem.message}\n`),
    onFatal: (reason) => {
      throw reason;
    },
  });
  const { kernel, log } = house.services;
  await publishPlaybooks(log, [PLAYBOOK], 'Measured.');
  await kernel.playbooks.refresh();
  const { run } = await kernel.submit({
    words: 'wait',
    playbook: 'bench-wait',
    by: 'operator:bench',
  });
  const { status } = await kernel.rest(run);
  if (status !== 'waiting') throw new Error(`it should wait, and is ${status}`);
  const facts = await log.readStream(`run/${run}`);
  await house.close();
  return facts;
}

function again({ type, by, label, fieldLabels, data }: StoredEvent, run: string): NewEvent {
  return { type, by, label, run, data, ...(fieldLabels === undefined ? {} : { fieldLabels }) };
}

if (import.meta.main) {
  const [, home = ''] = process.argv.slice(2);
  await send(await fill(home));
}

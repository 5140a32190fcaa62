import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { effectsFold, runsFold } from '../../src/kernel/index.ts';
import { chainOf, digestsOf } from '../support/audit.ts';
import { inParallel, runChild } from '../support/child.ts';
import {
  driveInvoice,
  issuedNumbers,
  messagesIn,
  openInvoiceHome,
  seriesOf,
} from '../support/invoice-flow.ts';

const CHILD = join(import.meta.dirname, 'flow.child.ts');
const WORKERS = 2;

let place = '';
let template = '';
let boundaries: readonly string[] = [];
let homes = 0;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'steward-flow-'));
  template = join(place, 'template');
  cpSync(mkdtempSync(join(place, 'empty-')), template, { recursive: true });
  const composed = await openInvoiceHome({ home: template });
  await composed.close();
  boundaries = await boundariesOf(newHome());
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

test('the dry run passes every kind of boundary of the flow', () => {
  expect(boundaries.length).toBeGreaterThan(40);
  for (const kind of ['append', 'finalise', 'commit', 'rename blob', 'link message']) {
    expect(boundaries.filter((name) => name.includes(kind)).length).toBeGreaterThan(0);
  }
});

test('killed at any boundary, the invoice is sent once under one number after a restart', async () => {
  const found: string[] = [];
  await inParallel([...boundaries.keys()], WORKERS, async (index) => {
    const home = newHome();
    await killAt(home, index + 1);
    found.push(
      ...(await faultsAfterRestart(home)).map((fault) => `${boundaries[index]}: ${fault}`),
    );
  });
  expect(found).toEqual([]);
}, 1_800_000); // a process for each of its boundaries, and more for what comes after

test('killed again while it recovers from the middle of a commit, it is still sent once', async () => {
  const middle = boundaries.indexOf('after link message') + 1;
  const killed = newHome();
  await killAt(killed, middle);
  const recovery = await boundariesOf(newHome(killed));
  expect(recovery.some((name) => name.includes('mail.probe'))).toBe(true);
  const found: string[] = [];
  await inParallel([...recovery.keys()], WORKERS, async (index) => {
    const home = newHome(killed);
    await killAt(home, index + 1);
    found.push(...(await faultsAfterRestart(home)).map((fault) => `${recovery[index]}: ${fault}`));
  });
  expect(found).toEqual([]);
});

function newHome(source = template): string {
  homes += 1;
  const home = join(place, `home-${homes}`);
  cpSync(source, home, { recursive: true });
  return home;
}

async function boundariesOf(home: string): Promise<readonly string[]> {
  const { stdout, stderr, code } = await runChild(CHILD, [home, '0']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { status, passed } = JSON.parse(stdout);
  expect(status).toBe('done');
  return passed;
}

async function killAt(home: string, boundary: number): Promise<void> {
  const { signal, stderr } = await runChild(CHILD, [home, String(boundary)]);
  expect({ boundary, signal, stderr }).toEqual({ boundary, signal: 'SIGKILL', stderr: '' });
}

/** Opens the home again, lets it come to its end, and names everything that is not as it must be. */
async function faultsAfterRestart(home: string): Promise<readonly string[]> {
  const composed = await openInvoiceHome({ home });
  const faults: string[] = [];
  const check = (what: string, is: unknown, wanted: unknown): void => {
    if (JSON.stringify(is) !== JSON.stringify(wanted)) {
      faults.push(`${what} is ${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`);
    }
  };
  try {
    const run = await driveInvoice(composed);
    check('run', run.status, 'done');
    check('runs', (await composed.log.fold(runsFold).list()).length, 1);
    check('messages', messagesIn(home).length, 1);
    check('numbers', await issuedNumbers(composed), ['2026-0001']);
    const { next, free, reserved, used } = (await seriesOf(composed)) ?? {};
    check('series', { next, free, reserved, used }, { next: 2, free: [], reserved: [], used: 1 });
    const effects = await composed.log.fold(effectsFold).list();
    check(
      'effects',
      effects.map(({ row }) => row.status),
      ['committed', 'committed'],
    );
    check('invoices', (await composed.kernel.records.list('invoice')).length, 1);
    check('sent', (await composed.kernel.records.list('message')).length, 1);
    check('open items', (await composed.kernel.items.list()).length, 0);
    check(
      'problems',
      composed.problems.map(({ message }) => message),
      [],
    );
    const digests = await digestsOf(composed);
    check('folds', digests.kept, digests.rebuilt);
  } catch (error) {
    faults.push(String(error));
  } finally {
    await composed.close();
  }
  check('chain', chainOf(home).status, 'intact');
  rmSync(home, { recursive: true, force: true });
  return faults;
}

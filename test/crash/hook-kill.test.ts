import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { standardWebhooks } from '../../src/adapter/standard-webhooks.ts';
import { digestsOf } from '../support/audit.ts';
import { inParallel, runChild } from '../support/child.ts';
import { composeKernel } from '../support/compose-kernel.ts';
import { addHook, HOOK_SECRET, handleDelivery, hookHome } from '../support/hook-home.ts';

const CHILD = join(import.meta.dirname, 'hook.child.ts');
const hooks = { scheme: standardWebhooks, secretOf: async () => HOOK_SECRET };

let place = '';
let boundaries: readonly string[] = [];
let homes = 0;

function newHome(): string {
  homes += 1;
  const home = join(place, `home-${homes}`);
  cpSync(join(place, 'template'), home, { recursive: true });
  return home;
}

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'steward-hook-kill-'));
  const template = join(place, 'template');
  cpSync(mkdtempSync(join(place, 'empty-')), template, { recursive: true });
  const composed = await composeKernel({ ...hookHome(template), hooks });
  await addHook(composed);
  await composed.close();
  const { stdout, stderr, code } = await runChild(CHILD, [newHome(), '0']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  boundaries = JSON.parse(stdout);
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

test('killed on either side of any append, a delivery that is sent again is one event and one run', async () => {
  expect(boundaries).toContain('before append hook.received');
  expect(boundaries).toContain('after append hook.received');
  const found: string[] = [];
  await inParallel([...boundaries.keys()], 2, async (index) => {
    const home = newHome();
    const { signal } = await runChild(CHILD, [home, String(index + 1)]);
    const composed = await composeKernel({ ...hookHome(home), hooks });
    await handleDelivery(composed, 'msg_1');
    const types = ['hook.received', 'hook.started', 'intent.recorded'];
    const events = await composed.log.read({ after: 0, limit: 1_000, types });
    const { kept, rebuilt } = await digestsOf(composed);
    const faults = [
      ...(signal === 'SIGKILL' ? [] : ['it was not killed']),
      ...types.filter((type) => events.filter((event) => event.type === type).length !== 1),
      ...(JSON.stringify(kept) === JSON.stringify(rebuilt) ? [] : ['folds differ']),
      ...composed.problems.map(({ message }) => message),
    ];
    await composed.close();
    found.push(...faults.map((fault) => `${boundaries[index]}: ${fault}`));
  });
  expect(found).toEqual([]);
});

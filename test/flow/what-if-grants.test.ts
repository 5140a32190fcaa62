import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import type { WhatIf } from '../../src/kernel/index.ts';
import { act, ask, grantDraft, openTrustWorld, type TrustWorld } from './trust-kit.ts';

const ZOE: JsonObject = { to: ['zoe@example.org'], text: 'Hello' };

let home: string;
let world: TrustWorld;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-what-if-'));
  world = await openTrustWorld({ home });
});
afterEach(async () => {
  await world.kernel.close();
  rmSync(home, { recursive: true, force: true });
});

/** The playbook with other text in it, over the last two days. */
async function changed(from: string, to: string): Promise<WhatIf> {
  const { kernel, clock } = world;
  const text = JSON.stringify({ ...kernel.playbooks.get('send@1'), version: 2 });
  expect(text).toContain(from);
  const playbook: JsonObject = JSON.parse(text.replace(from, to));
  const [since, until] = [clock.now() - 86_400_000, clock.now() + 86_400_000];
  return kernel.past.whatIf({ playbook, from: since, to: until });
}

const TO = '{"$expr":"input.to"}';

test('what a grant covered asks nobody, and what it would not cover asks you', async () => {
  const draft = grantDraft(world);
  await act(world, 'grant', { grant: draft });
  await ask(world, 'send', ZOE);
  await act(world, 'revoke', { grant: draft.id, because: 'Enough.' });
  expect((await changed(TO, TO)).approvals).toEqual({ before: 0, after: 0 });
  // never prepared, but within the grant of that time
  const other = await changed('{"$expr":"input.text"}', '"Other words"');
  expect([other.changed.length, other.approvals]).toEqual([1, { before: 0, after: 0 }]);
  const elsewhere = await changed(TO, '["ann@example.org"]');
  expect(elsewhere.approvals).toEqual({ before: 0, after: 1 });
});

test('a grant that was written since covers nothing of before', async () => {
  await ask(world, 'send', ZOE);
  await act(world, 'grant', { grant: grantDraft(world) });
  const other = await changed('{"$expr":"input.text"}', '"Other words"');
  expect(other.approvals).toEqual({ before: 1, after: 1 });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { DEFAULT_POLICY, sealPolicy } from '../../src/policy/index.ts';
import { DAY_MS } from '../support/hand-clock.ts';
import { typedBy } from '../support/operator.ts';
import {
  act,
  approve,
  ask,
  cardOf,
  grantDraft,
  openTrustWorld,
  type TrustWorld,
} from './trust-kit.ts';

const ZOE: JsonObject = { to: ['zoe@example.org'], text: 'Hello' };
/** types of events that the log does not tell of any more */
const hidden = new Set<string>();

let home: string;
let world: TrustWorld;

beforeEach(async () => {
  hidden.clear();
  home = mkdtempSync(join(tmpdir(), 'steward-verdicts-'));
  world = await openTrustWorld({
    home,
    wrapLog: (log) => ({
      ...log,
      read: async (options) => (await log.read(options)).filter(({ type }) => !hidden.has(type)),
    }),
  });
});
afterEach(async () => {
  await world.kernel.close();
  rmSync(home, { recursive: true, force: true });
});

async function grant(): Promise<string> {
  const draft = grantDraft(world);
  await act(world, 'grant', { grant: draft });
  return draft.id;
}

test('what a grant allowed replays as allowed, also after the grant was ended', async () => {
  const id = await grant();
  const { id: run } = await ask(world, 'send', ZOE);
  await act(world, 'revoke', { grant: id, because: 'Enough.' });
  expect((await world.kernel.past.replay(run)).status).toBe('identical');
});

test('what you were asked replays as asked, also after policy and grants have changed', async () => {
  const { id: run } = await ask(world, 'send', ZOE);
  await approve(world, run);
  await grant();
  const { version: _, ...fresh } = DEFAULT_POLICY;
  const because = 'No more letters.';
  const rule = JSON.parse(
    `{"id": "none", "when": "true", "then": "deny", "because": "${because}"}`,
  );
  const policy = sealPolicy({ ...fresh, rules: [rule] });
  await act(world, 'policy', { policy: JSON.parse(JSON.stringify(policy)), because });
  expect((await world.kernel.past.replay(run)).status).toBe('identical');
});

test('an allowance that no grant of that time gives is the divergence, with both sides', async () => {
  await grant();
  const { id: run } = await ask(world, 'send', ZOE);
  hidden.add('grant.written');
  const { status, divergence } = await world.kernel.past.replay(run);
  expect(status).toBe('diverged');
  expect(divergence).toMatchObject({
    said: 'By what held then, policy says ask now.',
    expected: { verdict: 'allow' },
    found: { verdict: 'ask' },
  });
});

test('an effect that was prepared again is judged again, by what held then', async () => {
  const { id: run } = await ask(world, 'send', ZOE);
  await grant();
  world.clock.advance(DAY_MS + 1_000);
  // the card is older than a day: opening it prepares it anew, and by now a grant covers it
  const { item } = await cardOf(world, run);
  await world.kernel.items.open(item.id);
  expect((await world.kernel.rest(run)).status).toBe('done');
  expect((await world.kernel.past.replay(run)).status).toBe('identical');
  hidden.add('grant.written');
  expect((await world.kernel.past.replay(run)).divergence).toMatchObject({
    expected: { verdict: 'allow' },
    found: { verdict: 'ask' },
  });
});

test('an effect that was edited onto an address of a grant was asked, and replays as asked', async () => {
  await grant();
  const { id: run } = await ask(world, 'send', { ...ZOE, to: ['ann@example.org'] });
  const { item } = await cardOf(world, run);
  await world.kernel.items.edit(item.id, { to: ZOE.to ?? [] }, typedBy('operator:test'));
  await approve(world, run);
  expect(world.sent.map(({ to }) => to)).toEqual([ZOE.to]);
  expect((await world.kernel.past.replay(run)).status).toBe('identical');
});

test('an edit into what policy forbids is refused, and the card stays as it was', async () => {
  const { version: _, ...fresh } = DEFAULT_POLICY;
  const because = 'Never to Bob.';
  const rule = JSON.parse(
    `{"id": "no-bob", "when": "\\"bob@example.org\\" in to", "then": "deny", "because": "${because}"}`,
  );
  const policy = sealPolicy({ ...fresh, rules: [rule] });
  await act(world, 'policy', { policy: JSON.parse(JSON.stringify(policy)), because });
  const { id: run } = await ask(world, 'send', ZOE);
  const { item, effects } = await cardOf(world, run);
  const edit = world.kernel.items.edit(
    item.id,
    { to: ['bob@example.org'] },
    typedBy('operator:test'),
  );
  await expect(edit).rejects.toMatchObject({
    code: 'denied',
    message: expect.stringContaining(because),
  });
  expect((await cardOf(world, run)).effects[0]?.hash).toBe(effects[0]?.hash);
});

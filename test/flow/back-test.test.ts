import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { DEFAULT_POLICY, type PolicyContent, sealPolicy } from '../../src/policy/index.ts';
import { act, approve, ask, grantDraft, openTrustWorld, type TrustWorld } from './trust-kit.ts';

const ZOE: JsonObject = { to: ['zoe@example.org'], text: 'Hello' };

let home: string;
let world: TrustWorld;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-back-test-'));
  world = await openTrustWorld({ home });
});
afterEach(async () => {
  await world.kernel.close();
  rmSync(home, { recursive: true, force: true });
});

describe('a back-test judges each effect by what was known when it was proposed', () => {
  test('a grant that was ended since still allowed what it allowed', async () => {
    const id = await grant();
    expect((await ask(world, 'send', ZOE)).status).toBe('done');
    await act(world, 'revoke', { grant: id, because: 'Enough.' });
    expect((await judged()).before.verdicts).toEqual({ allow: 1, ask: 0, deny: 0 });
  });

  test('a grant that was written since allowed nothing then', async () => {
    await approve(world, (await ask(world, 'send', ZOE)).id);
    await grant();
    expect((await judged()).before.verdicts).toEqual({ allow: 0, ask: 1, deny: 0 });
  });

  test('a grant that was used up asked for the next one', async () => {
    await grant({ limits: [{ type: 'count', max: 1, per: 'all' }] });
    await ask(world, 'send', ZOE);
    await approve(world, (await ask(world, 'send', ZOE)).id);
    expect((await judged()).before.verdicts).toEqual({ allow: 1, ask: 1, deny: 0 });
  });

  test('what was known before the part that is looked at is known there too', async () => {
    await grant();
    const sinceSeq = world.log.durableSeq();
    await ask(world, 'send', ZOE);
    const result = await world.kernel.trust.backTest(DEFAULT_POLICY, { sinceSeq });
    expect(result.before.verdicts).toEqual({ allow: 1, ask: 0, deny: 0 });
  });

  test('of too many the newest are judged, and it says how many were left out', async () => {
    for (const text of ['one', 'two', 'three']) await ask(world, 'send', { ...ZOE, text });
    const { deeds, earlier } = await world.kernel.trust.backTest(DEFAULT_POLICY, { newest: 2 });
    expect([deeds, earlier]).toEqual([2, 1]);
    expect((await judged()).earlier).toBe(0);
  });

  test('a rate counts the starts of those days, and frees them with time', async () => {
    await grant();
    await ask(world, 'send', ZOE);
    await ask(world, 'send', ZOE);
    world.clock.advance(2 * 86_400_000);
    await ask(world, 'send', ZOE);
    const rates = [{ id: 'slow', capability: 'post.*', starts: 1, perMs: 86_400_000 }];
    const { after, differs } = await judged({ rates });
    expect(after.verdicts).toEqual({ allow: 2, ask: 0, deny: 1 });
    expect(differs).toHaveLength(1);
  });
});

async function grant(more: JsonObject = {}): Promise<string> {
  const draft = grantDraft(world, more);
  await act(world, 'grant', { grant: draft });
  return draft.id;
}

function judged(changes: Partial<PolicyContent> = {}) {
  const { version: _, ...fresh } = DEFAULT_POLICY;
  return world.kernel.trust.backTest(sealPolicy({ ...fresh, ...changes }));
}

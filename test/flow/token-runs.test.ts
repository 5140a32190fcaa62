import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { COUNTERPARTY } from '../../src/contract/index.ts';
import type { Bearer } from '../../src/kernel/index.ts';
import { MINUTE_MS } from '../support/hand-clock.ts';
import { typedBy } from '../support/operator.ts';
import { openTrustWorld, type TrustWorld } from './trust-kit.ts';

/** What a program with a token can do to the company by asking, as often and as cleverly as it likes. */
let home: string;
let world: TrustWorld;

const YOU = 'operator:test';
const ZOE = { to: ['zoe@example.org'], text: 'Hello' };
const scope = { capabilities: ['post.*'], reads: [] };
const bearer = (token: string): Bearer => ({ token, name: token, holder: 'agent', scope });

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-token-runs-'));
  world = await openTrustWorld({ home });
});
afterEach(async () => {
  await world.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

function asks(token: string, more: { readonly again?: boolean; readonly words?: string } = {}) {
  return world.kernel.submit({
    ...{ words: 'write to Zoe', playbook: 'send', input: ZOE, ...more },
    ...{ by: `agent:${token}`, label: COUNTERPARTY, bearer: bearer(token) },
  });
}
const operatorAsks = () =>
  world.kernel.submit({ words: 'write to Zoe', playbook: 'send', input: ZOE, by: YOU });

/** Of so many at once: how many were let in, and what the others were told. */
async function flood(token: string, times: number) {
  const all = await Promise.allSettled(
    Array.from({ length: times }, () => asks(token, { again: true })),
  );
  const runs = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value.run] : []));
  const codes = all.flatMap((one) => (one.status === 'rejected' ? [String(one.reason.code)] : []));
  return { runs, codes: [...new Set(codes)] };
}

describe('a token that asks again and again', () => {
  test('at once and with "again" has twenty runs that are not over, and is told to wait', async () => {
    const { runs, codes } = await flood('greedy', 50);
    expect([runs.length, codes]).toEqual([20, ['rate_limited']]);
    // nobody else waits for it, and it goes on when one of its runs is over
    expect((await flood('modest', 1)).runs).toHaveLength(1);
    expect((await operatorAsks()).joined).toBe(true);
    await world.kernel.cancel(runs[0] ?? '', 'Enough.', YOU);
    await world.kernel.rest(runs[0] ?? '');
    expect((await flood('greedy', 5)).runs).toHaveLength(1);
  });

  test('is held to sixty runs within an hour, however soon they are over', async () => {
    let begun = 0;
    for (let round = 0; round < 8; round++) {
      const { runs } = await flood('busy', 10);
      begun += runs.length;
      for (const run of runs) await world.kernel.cancel(run, 'Enough.', YOU);
      for (const run of runs) await world.kernel.rest(run);
    }
    expect(begun).toBe(60);
    await expect(asks('busy', { again: true })).rejects.toMatchObject({
      ...{ code: 'rate_limited', facts: { retryAfterMs: expect.any(Number) } },
    });
    world.clock.advance(61 * MINUTE_MS);
    expect((await flood('busy', 10)).runs).toHaveLength(10);
  });
});

describe('the same words', () => {
  test('of another party are not joined: the operator is asked whether both are meant', async () => {
    const mine = await operatorAsks();
    await world.kernel.rest(mine.run);
    const theirs = await asks('curious');
    expect(theirs).toMatchObject({ joined: false });
    expect(theirs.run).not.toBe(mine.run);
    await world.kernel.rest(theirs.run);
    const [item] = (await world.kernel.items.list()).filter(({ run }) => run === theirs.run);
    expect(item).toMatchObject({
      kind: 'question',
      title: expect.stringContaining('"curious" asks'),
    });
    await world.kernel.items.answer(item?.id ?? '', { both: 'do this one too' }, typedBy(YOU));
    const run = await world.kernel.rest(theirs.run);
    expect(run.waitingFor).toBe('approval');
  });

  test('of another token are not joined, also before there is a plan', async () => {
    const vague = { words: 'something that nobody knows' };
    const first = await world.kernel.submit({ ...vague, by: YOU });
    const { run } = await world.kernel.submit({
      ...{ ...vague, by: 'agent:curious', label: COUNTERPARTY, bearer: bearer('curious') },
    });
    expect(run).not.toBe(first.run);
  });

  test('of its own are joined', async () => {
    const first = await asks('patient');
    await world.kernel.rest(first.run);
    expect(await asks('patient')).toEqual({ run: first.run, joined: true });
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createIds, randomHex } from '../../base/index.ts';
import { scanForSecrets } from '../../policy/index.ts';
import {
  createTokens,
  refuseBearer,
  requireScope,
  TOKEN_MAX_MS,
  type TokenRow,
  type TokenStore,
  type Tokens,
} from './tokens.ts';

function memoryStore(): TokenStore {
  const rows = new Map<string, TokenRow>();
  return {
    add: (row) => void rows.set(row.id, row),
    find: (hash) => [...rows.values()].find((row) => row.hash === hash),
    remove: (id) => rows.delete(id),
    list: () => [...rows.values()],
  };
}

describe('tokens of workers and agents', () => {
  let now: number;
  let tokens: Tokens;
  const scope = { capabilities: ['time.*', 'page.read@1'], reads: ['time-entry'] };
  const wanted = { name: 'laptop', holder: 'worker', scope, lifeMs: 60_000 } as const;

  beforeEach(() => {
    now = 1_000_000;
    const clock = { now: () => now };
    tokens = createTokens({
      ...{ store: memoryStore(), clock, newId: createIds(clock.now), random: randomHex },
    });
  });

  test('are kept as hashes only', () => {
    const { token, row } = tokens.issue(wanted);
    expect(JSON.stringify([row, tokens.list()])).not.toContain(token.slice(4));
    expect(tokens.check(token)).toMatchObject({ name: 'laptop', holder: 'worker' });
  });

  test('are over at their end', () => {
    const { token } = tokens.issue(wanted);
    now += 60_000;
    expect(() => tokens.check(token)).toThrow(/not valid/);
  });

  test('stop when they are revoked', () => {
    const { token, row } = tokens.issue(wanted);
    expect(tokens.revoke(row.id)).toBe(true);
    expect(() => tokens.check(token)).toThrow(/not valid/);
  });

  test.each(['', 'stw_', 'nonsense', `stw_${'0'.repeat(64)}`])('%j is nobody', (text) => {
    tokens.issue(wanted);
    expect(() => tokens.check(text)).toThrow(/not valid/);
  });

  test('reach what their scope names and nothing else', () => {
    const bearer = tokens.check(tokens.issue(wanted).token);
    requireScope(bearer, { capability: 'time.unbilled@1', record: 'time-entry' });
    requireScope(bearer, { capability: 'page.read@1' });
    expect(() => requireScope(bearer, { capability: 'page.read@2' })).toThrow(/not for this/);
    expect(() => requireScope(bearer, { capability: 'mail.send@1' })).toThrow(/not for this/);
    expect(() => requireScope(bearer, { record: 'party' })).toThrow(/not for this/);
  });

  test('for one run reach no other run', () => {
    const bearer = tokens.check(tokens.issue({ ...wanted, scope: { ...scope, run: 'r1' } }).token);
    requireScope(bearer, { capability: 'time.unbilled@1', run: 'r1' });
    expect(() => requireScope(bearer, { capability: 'time.unbilled@1', run: 'r2' })).toThrow();
    expect(() => requireScope(bearer, { capability: 'time.unbilled@1' })).toThrow();
  });

  test('are refused where only the operator may act, whatever their scope', () => {
    const bearer = tokens.check(tokens.issue(wanted).token);
    expect(() => refuseBearer(bearer)).toThrow(/cannot do what only you may do/);
  });

  test.each([
    { ...wanted, lifeMs: TOKEN_MAX_MS + 1 },
    { ...wanted, lifeMs: Number.NaN },
    { ...wanted, name: ' ' },
    { ...wanted, scope: { ...scope, capabilities: ['*'] } },
  ])('are not made without a name, an end or a scope (%#)', (draft) => {
    expect(() => tokens.issue(draft)).toThrow();
  });

  test('that were pasted into a text are found there', () => {
    const { token } = tokens.issue(wanted);
    expect(scanForSecrets(`use ${token} please`)).toHaveLength(1);
  });
});

describe('the token database', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'steward-tokens-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('finds after a restart what was issued before, and holds no token in the clear', async () => {
    const { openTokenDatabase } = await import('../../adapter/token-database.ts');
    const path = join(directory, 'tokens.db');
    const clock = { now: () => 5 };
    const ports = { clock, newId: createIds(clock.now), random: randomHex };
    const first = openTokenDatabase(path);
    const { token } = createTokens({ ...ports, store: first }).issue({
      ...{ name: 'a', holder: 'agent', lifeMs: 1_000, scope: { capabilities: [], reads: [] } },
    });
    first.close();
    const second = openTokenDatabase(path);
    expect(createTokens({ ...ports, store: second }).check(token).name).toBe('a');
    second.close();
    expect(readFileSync(path).includes(Buffer.from(token.slice(4)))).toBe(false);
  });
});

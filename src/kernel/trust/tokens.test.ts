import { describe, expect, test } from 'vitest';
import { composeToken, tokenHash } from '../../contract/portable.ts';
import { scanForSecrets } from '../../policy/index.ts';
import { tokenId } from './token-folds.ts';
import { type Bearer, refuseBearer, requireScope } from './tokens.ts';

const scope = { capabilities: ['time.*', 'page.read@1'], reads: ['time-entry', 'party.email'] };
const bearer: Bearer = { token: 't1', name: 'laptop', holder: 'worker', scope };

describe('a token', () => {
  test('reaches what its scope names and nothing else', () => {
    requireScope(bearer, { capability: 'time.unbilled@1', record: 'time-entry' });
    requireScope(bearer, { capability: 'page.read@1' });
    requireScope(bearer, { record: 'party' });
    expect(() => requireScope(bearer, { capability: 'page.read@2' })).toThrow(/not for this/);
    expect(() => requireScope(bearer, { capability: 'mail.send@1' })).toThrow(/not for this/);
    expect(() => requireScope(bearer, { record: 'invoice' })).toThrow(/not for this/);
    expect(() => requireScope(bearer, { record: 'time' })).toThrow(/not for this/);
  });

  test('for one run reaches no other run', () => {
    const one = { ...bearer, scope: { ...scope, run: 'r1' } };
    requireScope(one, { capability: 'time.unbilled@1', run: 'r1' });
    expect(() => requireScope(one, { capability: 'time.unbilled@1', run: 'r2' })).toThrow();
    expect(() => requireScope(one, { capability: 'time.unbilled@1' })).toThrow();
  });

  test('is refused where only the operator may act, whatever its scope', () => {
    expect(() => refuseBearer(bearer)).toThrow(/cannot do what only you may do/);
  });

  test('is 256 bits of chance, found by a scan where it was pasted, and told by its hash', async () => {
    const random = crypto.getRandomValues(new Uint8Array(32));
    const { token, hash } = await composeToken(random);
    expect(scanForSecrets(`use ${token} please`)).toHaveLength(1);
    expect(await tokenHash(token)).toBe(hash);
    expect(hash).not.toContain(token.slice(4));
    expect(tokenId(hash)).toHaveLength(16);
    await expect(composeToken(random.slice(1))).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

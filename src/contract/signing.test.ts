import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, type Json } from '../base/portable.ts';
import type { DecisionStatement } from './approval.ts';
import type { Effect } from './effect.ts';
import {
  actHash,
  blobHash,
  checkParts,
  composeStatement,
  createDeviceKey,
  effectHash,
  effectKey,
  exportPublicKey,
  fromBase64Url,
  signStatement,
  statementBytes,
  statementChallenge,
  toBase64Url,
  verifyStatement,
} from './signing.ts';

const nodeSha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex');
const text = (value: string) => new TextEncoder().encode(value);

const effect: Effect = {
  v: 1,
  company: '0190-c',
  incarnation: 1,
  key: 'k'.repeat(64),
  mode: 'sandbox',
  run: '0190-r',
  step: 'mail',
  item: '',
  revision: 1,
  capability: 'mail.send@1',
  contract: 'c'.repeat(64),
  connector: 'outbox',
  account: 'me@example.org',
  class: 'final',
  summary: 'Send the invoice to Zoë',
  to: ['zoe@example.com'],
  amount: { minor: 120000, currency: 'EUR' },
  arguments: [],
  parts: [
    { name: 'mail', mediaType: 'message/rfc822', blob: nodeSha256('mail'), bytes: 4, use: 'exact' },
    { name: 'pdf', mediaType: 'application/pdf', blob: nodeSha256('pdf'), bytes: 3, use: 'shown' },
  ],
  carries: [],
  numbers: [],
  preconditions: [],
  undo: { possible: false, how: 'A sent mail cannot be taken back.' },
  date: '2026-11-02T09:00:00.000Z',
  expires: '2026-11-03T09:00:00.000Z',
  salt: '00'.repeat(16),
};

const statement: DecisionStatement = {
  company: '0190-c',
  incarnation: 1,
  effects: ['a'.repeat(64), 'b'.repeat(64)],
  decision: 'approve',
  policy: 'p'.repeat(64),
  exp: '2026-11-02T10:00:00.000Z',
  nonce: 'n'.repeat(22),
  device: '0190-d',
};

describe('hashes', () => {
  test('an effect hash is what node:crypto computes over prefix and canonical JSON', async () => {
    const json = canonicalJson(JSON.parse(JSON.stringify(effect)) as Json); // just parsed: it is JSON
    expect(await effectHash(effect)).toBe(nodeSha256(`steward/effect/v1\0${json}`));
  });

  test('the vector stays what it was, whoever computes it', async () => {
    const parts = { company: 'c', incarnation: 1, mode: 'live', run: 'r', step: 's' } as const;
    expect(await effectKey({ ...parts, item: '', revision: 1 })).toBe(
      nodeSha256(
        'steward/key/v1\0{"company":"c","incarnation":1,"item":"","mode":"live","revision":1,"run":"r","step":"s"}',
      ),
    );
    expect(await actHash('grant', { b: 1, a: 'ü' })).toBe(
      nodeSha256('steward/act/v1\0{"body":{"a":"ü","b":1},"kind":"grant"}'),
    );
    expect(await blobHash(text('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  test('members that are no key parts never change an effect key', async () => {
    const parts = { company: 'c', incarnation: 1, mode: 'live', run: 'r', step: 's' } as const;
    const clean = { ...parts, item: '', revision: 1 };
    const withAttempt = { ...clean, attempt: 3 };
    expect(await effectKey(withAttempt)).toBe(await effectKey(clean));
  });

  test('a change of any single field of an effect changes its hash', async () => {
    const original = await effectHash(effect);
    for (const [field, value] of Object.entries(effect)) {
      const changed =
        typeof value === 'string' ? `${value}!` : typeof value === 'number' ? 99 : [7];
      expect(await effectHash({ ...effect, [field]: changed }), field).not.toBe(original);
    }
  });

  test('the order of members does not matter', async () => {
    const reversed = Object.fromEntries(Object.entries(effect).reverse()) as unknown as Effect; // same members
    expect(await effectHash(reversed)).toBe(await effectHash(effect));
  });
});

describe('parts', () => {
  const blobs: Record<string, string> = {
    [nodeSha256('mail')]: 'mail',
    [nodeSha256('pdf')]: 'pdf',
  };
  const fetchFrom = (source: Record<string, string>) => async (blob: string) => {
    const found = source[blob];
    return found === undefined ? undefined : text(found);
  };

  test('untouched parts are intact and come with the bytes that were hashed', async () => {
    const checked = await checkParts(effect, fetchFrom(blobs));
    expect(checked.intact).toBe(true);
    expect(checked.parts.map((part) => part.status === 'intact' && part.bytes)).toEqual([
      text('mail'),
      text('pdf'),
    ]);
  });

  test('one altered or missing part breaks the whole', async () => {
    const altered = await checkParts(effect, fetchFrom({ ...blobs, [nodeSha256('pdf')]: 'pdg' }));
    expect(altered.intact).toBe(false);
    expect(altered.parts.map((part) => part.status)).toEqual(['intact', 'altered']);
    const missing = await checkParts(effect, fetchFrom({ [nodeSha256('pdf')]: 'pdf' }));
    expect(missing.parts.map((part) => part.status)).toEqual(['missing', 'intact']);
  });

  test('a part that lies about its size is altered', async () => {
    const [mail] = effect.parts;
    const lying = { parts: mail ? [{ ...mail, bytes: 5 }] : [] };
    expect((await checkParts(lying, fetchFrom(blobs))).intact).toBe(false);
  });
});

describe('signatures', () => {
  test('a signature made here verifies here and with node:crypto, and the reverse', async () => {
    const device = await createDeviceKey({ extractable: false });
    const publicKey = await exportPublicKey(device.publicKey);
    const signed = await signStatement(statement, device.privateKey);
    expect(await verifyStatement(statement, signed.signature, publicKey)).toBe(true);
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey };
    const nodeKey = createPublicKey({ key: jwk, format: 'jwk' });
    const signature = Buffer.from(signed.signature, 'base64url');
    expect(verify(null, statementBytes(statement), nodeKey, signature)).toBe(true);

    const pair = generateKeyPairSync('ed25519');
    const { x = '' } = pair.publicKey.export({ format: 'jwk' });
    const fromNode = sign(null, statementBytes(statement), pair.privateKey).toString('base64url');
    expect(await verifyStatement(statement, fromNode, x)).toBe(true);
    expect(await verifyStatement(statement, fromNode, publicKey)).toBe(false);
  });

  test('a change of any field of the statement breaks the signature', async () => {
    const device = await createDeviceKey({ extractable: false });
    const publicKey = await exportPublicKey(device.publicKey);
    const { signature } = await signStatement(statement, device.privateKey);
    const changes: Partial<DecisionStatement>[] = [
      { company: 'x' },
      { incarnation: 2 },
      { effects: ['a'.repeat(64)] },
      { effects: ['b'.repeat(64), 'a'.repeat(64)] },
      { decision: 'reject' },
      { policy: 'q' },
      { exp: '2026-11-02T10:00:00.001Z' },
      { nonce: 'm'.repeat(22) },
      { device: '0190-e' },
    ];
    for (const change of changes) {
      expect(await verifyStatement({ ...statement, ...change }, signature, publicKey)).toBe(false);
    }
  });

  test('a malformed key or signature is false, never an error', async () => {
    const device = await createDeviceKey({ extractable: false });
    const publicKey = await exportPublicKey(device.publicKey);
    const { signature } = await signStatement(statement, device.privateKey);
    for (const bad of [
      '',
      'x',
      `${signature}=`,
      signature.slice(1),
      `${signature}AA`,
      '!'.repeat(86),
    ]) {
      expect(await verifyStatement(statement, bad, publicKey), bad).toBe(false);
      expect(await verifyStatement(statement, signature, bad), bad).toBe(false);
    }
  });

  test('an unextractable key cannot be exported', async () => {
    const device = await createDeviceKey({ extractable: false });
    await expect(crypto.subtle.exportKey('pkcs8', device.privateKey)).rejects.toThrow();
  });

  test('a composed statement is sorted, without duplicates and without strange members', () => {
    const loose = { ...statement, effects: ['c', 'a', 'c', 'b'], extra: 1 };
    expect(composeStatement(loose)).toEqual({ ...statement, effects: ['a', 'b', 'c'] });
  });

  test('the challenge of a passkey is the hash of the same bytes', async () => {
    const hash = createHash('sha256').update(statementBytes(statement)).digest('base64url');
    expect(await statementChallenge(statement)).toBe(hash);
  });
});

describe('base64url', () => {
  test('bytes survive the way there and back, and one text names them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
      }),
    );
    for (const other of ['AA==', 'AB', 'A', 'A A', '+/'])
      expect(fromBase64Url(other)).toBe(undefined);
  });
});

test('nothing below the portable door needs node', () => {
  const seen = new Set<string>();
  const queue = [new URL('./portable.ts', import.meta.url)];
  for (let file = queue.pop(); file; file = queue.pop()) {
    if (seen.has(file.href)) continue;
    seen.add(file.href);
    const source = readFileSync(file, 'utf8');
    const runtimeImports = source.matchAll(
      /^(?:import|export)\s(?!type\b)[^;]*?from\s+'([^']+)'/gm,
    );
    for (const [, target = ''] of runtimeImports) {
      expect(target, file.pathname).toMatch(/^\.\.?\//);
      queue.push(new URL(target, file));
    }
  }
  expect(seen.size).toBeGreaterThan(5);
});

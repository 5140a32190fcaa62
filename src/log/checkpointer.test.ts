import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMemoryStore } from '../adapter/memory-store.ts';
import { createIds } from '../base/index.ts';
import { OWN } from '../contract/index.ts';
import { type CheckpointSigner, parseCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { type CheckpointerPorts, createCheckpointer } from './checkpointer.ts';
import { createLog } from './create-log.ts';
import { verifyChain } from './verify.ts';

const MINUTE_MS = 60_000;
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer: CheckpointSigner = {
  name: 'steward-log',
  publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
  sign: (bytes) => sign(null, bytes, privateKey),
};
const clock = { now: () => Date.UTC(2026, 10, 1) };

let store: ReturnType<typeof createMemoryStore>;
let log: ReturnType<typeof createLog>;
let notes: { readonly note: string; readonly seq: number }[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  store = createMemoryStore('company-1');
  const vault = { obtain: () => new Uint8Array(32), find: () => undefined, destroy: () => false };
  log = createLog({ store, vault, clock, newId: createIds(clock.now), folds: [], engine: '0.1.0' });
  notes = [];
});
afterEach(() => {
  vi.useRealTimers();
});

const write: CheckpointerPorts['write'] = async (note, seq) => {
  notes.push({ note, seq });
};
const start = (more: Partial<CheckpointerPorts> = {}) =>
  createCheckpointer({ log, signer, clock, write, ...more });
const put = (count: number, barrier = true) => {
  const event = { type: 'x.one', data: {}, by: 'kernel', label: OWN };
  const events = Array.from({ length: count }, () => event);
  return log.append([{ stream: 'a', expectedVersion: 'any', events }], { barrier });
};
const seqs = () => notes.map(({ seq }) => seq);

test('a note is signed after 256 events, of the event that stood last', async () => {
  start();
  await put(255);
  await vi.advanceTimersByTimeAsync(0);
  expect(seqs()).toEqual([]);
  await put(3);
  await vi.advanceTimersByTimeAsync(0);
  expect(seqs()).toEqual([258]);
  const note = notes[0]?.note ?? '';
  const key = {
    ...signer,
    verify: (bytes: Uint8Array, signature: Uint8Array) => verify(null, bytes, publicKey, signature),
  };
  expect(verifyCheckpoint(note, key)).toBe(true);
  expect(verifyCheckpoint(note.replace('258', '257'), key)).toBe(false);
  const { checkpoint } = parseCheckpoint(note);
  expect(checkpoint).toEqual({
    company: 'company-1',
    seq: 258,
    hash: log.head().hash,
    at: '2026-11-01T00:00:00.000Z',
  });
  const genesis = { seq: 0, hash: '0'.repeat(64) };
  expect(verifyChain(store.events(0, 999), genesis, [checkpoint]).status).toBe('intact');
});

test('a few events get their note five minutes after the first of them', async () => {
  start();
  await put(1);
  await vi.advanceTimersByTimeAsync(4 * MINUTE_MS);
  await put(1);
  expect(seqs()).toEqual([]);
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(seqs()).toEqual([2]);
});

test('an idle log has neither timers nor notes', async () => {
  start();
  expect(vi.getTimerCount()).toBe(0);
  await put(1);
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect(seqs()).toEqual([1]);
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(60 * MINUTE_MS);
  expect(seqs()).toEqual([1]);
});

test('nothing is said of events that are not durable', async () => {
  const checkpointer = start();
  await put(300, false);
  await checkpointer.stop();
  expect(seqs()).toEqual([]);
});

test('what an earlier process left without a note gets one, what has one does not', async () => {
  await put(10);
  const checkpointer = start({ latestSeq: 10 });
  expect(vi.getTimerCount()).toBe(0);
  await checkpointer.stop();
  start({ latestSeq: 4 });
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect(seqs()).toEqual([10]);
});

test('stopping writes the last note, once', async () => {
  const checkpointer = start();
  await put(3);
  await checkpointer.stop();
  await put(300);
  expect(seqs()).toEqual([3]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a note that cannot be kept is reported and tried again', async () => {
  const onError = vi.fn();
  let isFull = true;
  start({
    onError,
    write: async (note, seq) => {
      if (isFull) throw new Error('no space');
      await write(note, seq);
    },
  });
  await put(256);
  await vi.advanceTimersByTimeAsync(0);
  expect(onError).toHaveBeenCalledOnce();
  isFull = false;
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect(seqs()).toEqual([256]);
});

test.each(['', 'steward/checkpoint/v1\nc\n1\n\n', 'steward/checkpoint/v2\nc\n1\nh\nt\n\n'])(
  'a text that is no note is refused: %j',
  (text) => {
    expect(() => parseCheckpoint(text)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  },
);

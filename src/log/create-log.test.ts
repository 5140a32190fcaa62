import { expect, test, vi } from 'vitest';
import { createMemoryStore } from '../adapter/memory-store.ts';
import { createIds } from '../base/index.ts';
import { failure, OWN } from '../contract/index.ts';
import { createLog, type LogPorts } from './create-log.ts';
import type { Store } from './store.ts';

const clock = { now: () => Date.UTC(2026, 10, 1) };
const vault = { obtain: () => new Uint8Array(32), find: () => undefined, destroy: () => false };
const event = { type: 'x.one', data: {}, by: 'kernel', label: OWN };

function open(store: Store, more: Partial<LogPorts> = {}) {
  const newId = createIds(clock.now);
  const log = createLog({ store, vault, clock, newId, folds: [], engine: '0.1.0', ...more });
  const put = (count = 1, barrier = false) =>
    log.append(
      [{ stream: 'a', expectedVersion: 'any', events: Array.from({ length: count }, () => event) }],
      { barrier },
    );
  return { log, put };
}

/** The memory store with a disk that fails at a barrier while `isBroken` says so. */
function onDisk(code: 'sync_failed' | 'disk_full', isBroken: () => boolean) {
  const memory = createMemoryStore('company-1');
  const commits: string[] = [];
  const store: Store = {
    ...memory,
    transact: (sync, work) => {
      if (sync === 'full' && isBroken()) throw failure(code, 'the disk refused');
      commits.push(sync);
      return memory.transact(sync, work);
    },
    syncTail: async () => {
      if (isBroken()) throw failure(code, 'the disk refused');
    },
  };
  return { store, commits };
}

test('after a failed sync nothing goes on: it is reported once, and every append is refused', async () => {
  const { store, commits } = onDisk('sync_failed', () => true);
  const onFatal = vi.fn();
  const { log, put } = open(store, { onFatal });
  await put();
  const before = commits.length;
  const outcomes = await Promise.allSettled([
    put(1, true),
    ...Array.from({ length: 1_500 }, () => put()),
  ]);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'sync_failed' } });
  }
  await expect(put()).rejects.toMatchObject({ code: 'not_ready' });
  await new Promise((resolve) => setTimeout(resolve, 60)); // longer than a tail waits for its barrier
  await log.close();
  expect(onFatal).toHaveBeenCalledOnce();
  expect(commits).toHaveLength(before);
  expect(log.durableSeq()).toBe(0);
});

test('a tail whose sync fails while the log closes is never called durable', async () => {
  const { store: disk } = onDisk('sync_failed', () => false);
  let fail = (): void => undefined;
  let begun = (): void => undefined;
  const syncing = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const syncTail = (): Promise<void> =>
    new Promise((_, reject) => {
      fail = () => reject(failure('sync_failed', 'the disk refused'));
      begun();
    });
  const onFatal = vi.fn();
  const { log, put } = open({ ...disk, syncTail }, { onFatal });
  await put();
  await syncing;
  const closed = log.close();
  fail();
  await closed;
  expect(onFatal).toHaveBeenCalledOnce();
  expect(log.durableSeq()).toBe(0);
});

test('a tail that could not be synced for now is tried again until it is durable', async () => {
  let isFull = true;
  const { store } = onDisk('disk_full', () => isFull);
  const { log, put } = open(store);
  const durable = new Promise((resolve) => log.onDurable(resolve));
  await put();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(log.durableSeq()).toBe(0);
  isFull = false;
  await durable;
  expect(log.durableSeq()).toBe(1);
  await log.close();
});

test('what a killed process left behind is synced before it is called durable', () => {
  const { store, commits } = onDisk('sync_failed', () => false);
  const raw = { stream: 'a', version: 1, seq: 1 };
  store.insertEvent({
    header: {
      ...event,
      ...raw,
      company: 'company-1',
      id: 'id-1',
      at: 0,
      engine: '0.1.0',
      dataHash: '',
    },
    ...{ hash: '', salt: '', data: '{}' },
  });
  expect(open(store).log.durableSeq()).toBe(1);
  expect(commits).toContain('full');
});

import { beforeEach, expect, test } from 'vitest';
import { createMemoryStore } from '../../adapter/memory-store.ts';
import { createIds } from '../../base/index.ts';
import { OWN } from '../../contract/index.ts';
import { createLog, type Log } from '../../log/index.ts';
import { fact } from '../events.ts';
import { itemsFold } from '../folds.ts';
import { createItemWaker, type ItemWaker } from './snooze.ts';

const clock = { now: () => Date.UTC(2026, 10, 1) };
const vault = { obtain: () => new Uint8Array(32), find: () => undefined, destroy: () => false };
const AWAITED = 'payment.created';

let log: Log;
let waker: ItemWaker;
let beside: Promise<void>[];
beforeEach(async () => {
  const store = createMemoryStore('company-1');
  const newId = createIds(clock.now);
  log = createLog({ store, vault, clock, newId, folds: [itemsFold], engine: '0.1.0' });
  beside = [];
  waker = createItemWaker(log, (work) => beside.push(work));
  for (const id of ['first', 'second']) {
    const card = { kind: 'question', title: id, effects: [], risk: 'low' } as const;
    await append(`item/${id}`, fact('item.opened', card));
  }
});

function append(stream: string, event: ReturnType<typeof fact>) {
  return log.append([{ stream, expectedVersion: 'any', events: [event] }], { barrier: true });
}

async function putOff(id: string): Promise<void> {
  await append(`item/${id}`, fact('item.snoozed', { event: AWAITED }));
}

const happen = () => append('payment/1', { type: AWAITED, data: {}, by: 'kernel', label: OWN });

const statusOf = async (id: string) => (await log.fold(itemsFold).get(id))?.status;

test('what happens in the same commit that puts an item off brings it back', async () => {
  await Promise.all([waker.awaitEvent(AWAITED, () => putOff('first')), happen()]);
  await Promise.all(beside);
  expect(await statusOf('first')).toBe('open');
});

test('an item that is put off while the last one is brought back is brought back as well', async () => {
  await waker.awaitEvent(AWAITED, () => putOff('first'));
  await happen();
  const offered = waker.awaitEvent(AWAITED, async () => {
    await Promise.all(beside); // by now nobody waits for it but who is on the way
    await putOff('second');
  });
  await offered;
  expect([await statusOf('first'), await statusOf('second')]).toEqual(['open', 'snoozed']);
  await happen();
  await Promise.all(beside);
  expect(await statusOf('second')).toBe('open');
});

test('nothing is looked for once the waker is closed', async () => {
  await waker.awaitEvent(AWAITED, () => putOff('first'));
  waker.close();
  await happen();
  expect(beside).toEqual([]);
});

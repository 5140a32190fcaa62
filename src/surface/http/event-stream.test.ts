import { expect, test } from 'vitest';
import { createMemoryStore } from '../../adapter/memory-store.ts';
import { createIds } from '../../base/index.ts';
import { OWN } from '../../contract/index.ts';
import { createLog } from '../../log/index.ts';
import { createRedactor } from '../../policy/index.ts';
import { eventStream } from './event-stream.ts';

const clock = { now: () => Date.UTC(2026, 10, 1) };
const vault = { obtain: () => new Uint8Array(32), find: () => undefined, destroy: () => false };
const redactor = createRedactor(() => []);

function open() {
  const newId = createIds(clock.now);
  const store = createMemoryStore('company-1');
  const log = createLog({ store, vault, clock, newId, folds: [], engine: '0.1.0' });
  const event = { type: 'x.one', data: {}, by: 'kernel', label: OWN };
  const put = (count: number) =>
    log.append(
      [{ stream: 'a', expectedVersion: 'any', events: Array.from({ length: count }, () => event) }],
      { barrier: true },
    );
  return { log, put };
}

function readerOf(response: Response) {
  const reader = response.body?.getReader();
  if (!reader) throw new Error('no body');
  const decoder = new TextDecoder();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? undefined : decoder.decode(value);
    },
    close: () => reader.cancel(),
  };
}

/** long enough for whatever would be read without being asked for */
const settle = () => new Promise((resolve) => setTimeout(resolve, 50));

test('a reader that takes nothing more away has no more than one page read for it', async () => {
  const { log, put } = open();
  await put(2_500);
  let reads = 0;
  const counted = {
    ...log,
    read: (...query: Parameters<typeof log.read>) => {
      reads += 1;
      return log.read(...query);
    },
  };
  const { signal } = new AbortController();
  const response = eventStream(
    { log: counted, redactor },
    { after: 0, mayRead: () => true, signal },
  );
  const reader = readerOf(response);
  expect(await reader.next()).toContain('retry');
  await expect.poll(() => reads).toBe(1);
  await settle();
  expect(reads).toBe(1);
  let text = '';
  while (!text.includes('id: 2500\n')) text += (await reader.next()) ?? '';
  expect(text.match(/^id: /gm)).toHaveLength(2_500);
  await put(1);
  expect(await reader.next()).toContain('id: 2501\n');
  await reader.close();
});

test('a session that ended hears no more of the log', async () => {
  const { log, put } = open();
  let isLive = true;
  const { signal } = new AbortController();
  const reader = readerOf(
    eventStream({ log, redactor }, { after: undefined, mayRead: () => isLive, signal }),
  );
  expect(await reader.next()).toContain('retry');
  await put(1);
  expect(await reader.next()).toContain('id: 1\n');
  isLive = false;
  await put(1);
  expect(await reader.next()).toBeUndefined();
});

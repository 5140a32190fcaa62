import { expect, test } from 'vitest';
import { createBacklog } from './backlog.ts';

test('who is waited for goes first, and each queue keeps its order', () => {
  const backlog = createBacklog();
  backlog.add('c1', 'cheap');
  backlog.add('s1', 'soon');
  backlog.add('n1', 'now');
  backlog.add('s2', 'soon');
  const taken = [1, 2, 3, 4, 5].map(() => backlog.take());
  expect(taken).toEqual(['n1', 's1', 's2', 'c1', undefined]);
});

test('a run that waits already keeps its place; one that was taken may come again', () => {
  const backlog = createBacklog();
  backlog.add('a', 'soon');
  backlog.add('b', 'soon');
  backlog.add('a', 'now');
  expect([backlog.take(), backlog.take(), backlog.take()]).toEqual(['a', 'b', undefined]);
  backlog.add('a', 'soon');
  expect(backlog.take()).toBe('a');
});

test('100,000 runs that are woken at once are taken in a moment', () => {
  const backlog = createBacklog();
  const count = 100_000;
  for (let run = 0; run < count; run++) backlog.add(`run-${run}`, 'soon');
  const startMs = process.cpuUsage().user;
  let inOrder = 0;
  for (let run = 0; run < count; run++) if (backlog.take() === `run-${run}`) inOrder += 1;
  expect(inOrder).toBe(count);
  // a walk that begins anew for each take needs minutes
  expect((process.cpuUsage().user - startMs) / 1_000).toBeLessThan(5_000);
});

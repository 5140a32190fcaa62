import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agent/index.ts';
import type { JsonObject } from '../../src/base/index.ts';
import { createKernel } from '../../src/kernel/index.ts';
import { HOUR_MS } from '../support/hand-clock.ts';
import { letters, start, type Travel, travel } from './time-travel-kit.ts';

/** Order in which the slow capability was started. */
const started: string[] = [];

const slow = defineAgent(
  {
    ...{ name: 'web.look', version: 1, title: 'Look', effect: 'fetch' },
    ...{ idempotency: 'idempotent', failures: {}, roles: {}, reads: {}, timeoutMs: 120_000 },
    ...{ cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
    rate: { starts: 1, perMs: 60_000 },
    input: z.strictObject({ who: z.string() }),
    output: z.strictObject({ who: z.string() }),
  },
  ({ who }) => {
    started.push(who);
    return { output: { who } };
  },
);

const look: JsonObject = {
  ...{ name: 'look', version: 1, title: 'Look', autonomy: 'suggest' },
  input: { fields: [{ name: 'who', kind: 'text', required: true }] },
  plan: { steps: [{ id: 'look', call: 'web.look@1', with: { who: { $expr: 'input.who' } } }] },
};

const locked: JsonObject = {
  ...{ name: 'locked', version: 1, title: 'One at a time', autonomy: 'suggest' },
  input: { fields: [{ name: 'who', kind: 'text', required: true }] },
  plan: {
    steps: [
      { id: 'hold', call: 'hand.hold@1', lock: 'one', with: { who: { $expr: 'input.who' } } },
    ],
  },
};

/** A step that lasts until the test lets it go. */
const letGo = new Map<string, () => void>();
const hold = defineAgent(
  {
    ...slow.contract,
    ...{ name: 'hand.hold', effect: 'record', title: 'Hold', timeoutMs: 120_000 },
    rate: { starts: 1_000, perMs: 1 },
    input: z.strictObject({ who: z.string() }),
    output: z.strictObject({ who: z.string() }),
  },
  ({ who }) =>
    new Promise((resolve) => {
      started.push(who);
      letGo.set(who, () => resolve({ output: { who } }));
    }),
);

const options = { playbooks: [look, locked, letters], agents: () => [slow, hold] };

/** What a rate or a lock held back then is believed when it is gone through again. */
async function allIdentical({ kernel }: Travel, runs: readonly string[]): Promise<void> {
  for (const run of runs) {
    const { divergence, status } = await kernel.past.replay(run);
    expect([divergence, status]).toEqual([undefined, 'identical']);
  }
}

async function submit({ kernel }: Travel, who: string, queue: 'now' | 'soon' | 'cheap') {
  const goal = { words: who, playbook: 'look', input: { who }, queue, by: 'operator:test' };
  const { run } = await kernel.submit(goal);
  await kernel.rest(run);
  return run;
}

describe('queues', () => {
  test('under load what somebody waits for starts before the background, and that before cheap', () =>
    travel(async (parts) => {
      started.length = 0;
      const { kernel, clock } = parts;
      const runs = [await submit(parts, 'first', 'now')];
      for (const queue of ['cheap', 'soon', 'now'] as const)
        runs.push(await submit(parts, queue, queue));
      expect(started).toEqual(['first']);
      const reasons = await kernel.reasons();
      expect(reasons.map(({ for: reason }) => reason)).toEqual(['rate', 'rate', 'rate']);
      expect(reasons[0]?.words).toContain('web.look may start 1 times in 60 s');
      for (let minute = 0; minute < 8 && started.length < 4; minute++) {
        clock.advance(61_000);
        for (const run of runs) kernel.runner.wake(run);
        for (const run of runs) await kernel.rest(run);
      }
      expect(started).toEqual(['first', 'now', 'soon', 'cheap']);
      expect(await kernel.reasons()).toEqual([]);
      await allIdentical(parts, runs);
    }, options));

  test('cheap work waits for the low-cost hours, says so, and begins when they come', () =>
    travel(async (parts) => {
      started.length = 0;
      await parts.kernel.close();
      const kernel = await createKernel({
        ...{ log: parts.log, blobs: parts.blobs, clock: parts.clock, newId: parts.newId },
        ...{ registry: parts.registry, worker: 'second', stopped: () => false },
        random: (bytes) => '0'.repeat(bytes * 2),
        verify: () => Promise.reject(new Error('no passkeys here')),
        report: (problem) => parts.problems.push(problem),
        lowCost: { fromHour: 22, toHour: 6 },
      });
      const run = await submit({ ...parts, kernel }, 'late', 'cheap');
      expect(started).toEqual([]);
      const [reason] = await kernel.reasons(run);
      expect(reason).toMatchObject({
        ...{ for: 'window', words: 'Waits for the low-cost hours, from 22:00.', step: 'look' },
        until: '2026-11-24T21:00:00.000Z',
      });
      expect(await submit({ ...parts, kernel }, 'at once', 'now')).toBeDefined();
      parts.clock.advance(12 * HOUR_MS);
      kernel.runner.wake(run);
      expect((await kernel.rest(run)).status).toBe('done');
      expect(started).toEqual(['at once', 'late']);
      await kernel.close();
    }, options));

  test('who waits for a key sees who holds it, and goes on when it is free', () =>
    travel(async (parts) => {
      started.length = 0;
      const { kernel } = parts;
      const runs: string[] = [];
      for (const who of ['a', 'b', 'c']) {
        const goal = { words: who, playbook: 'locked', input: { who }, by: 'operator:test' };
        runs.push((await kernel.submit(goal)).run);
        if (who === 'a') await expect.poll(() => started).toEqual(['a']);
        else await kernel.rest(runs[runs.length - 1] ?? '');
      }
      const [a = '', b = '', c = ''] = runs;
      const reasons = await kernel.reasons();
      expect(reasons.map(({ run, lock }) => [run, lock])).toEqual(
        expect.arrayContaining([
          [b, { key: 'one', holder: { run: a, step: 'hold' }, ahead: 0 }],
          [c, { key: 'one', holder: { run: a, step: 'hold' }, ahead: 1 }],
        ]),
      );
      // another wake does not let anybody in
      kernel.runner.wake(c);
      kernel.runner.wake(b);
      await kernel.rest(c);
      expect(started).toEqual(['a']);
      for (const who of ['a', 'b', 'c']) {
        await expect.poll(() => started.at(-1)).toBe(who);
        letGo.get(who)?.();
      }
      for (const run of runs) expect((await kernel.rest(run)).status).toBe('done');
      expect(started).toEqual(['a', 'b', 'c']);
      await allIdentical(parts, runs);
    }, options));

  test('a run that is over leaves no reason behind', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      const { id } = await start(parts, 'letters', { to: 'ann@example.org', n: 1 });
      expect(await kernel.reasons(id)).toMatchObject([
        { step: 'confirm', for: 'answer', words: 'Send 3 parts?', goal: 'Write letters' },
      ]);
      await kernel.cancel(id, 'no', 'operator:test');
      await kernel.rest(id);
      expect(await kernel.reasons(id)).toEqual([]);
    }, options));
});

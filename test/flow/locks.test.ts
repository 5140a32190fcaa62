import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agent/index.ts';
import type { JsonObject } from '../../src/base/index.ts';
import { failure } from '../../src/contract/index.ts';
import { composeKernel, withHome } from '../support/compose-kernel.ts';
import { decideCard, typedBy } from '../support/operator.ts';
import { type Travel, travel } from './time-travel-kit.ts';

/** A step that lasts until the test lets it go, or fails when it is told to. */
const letGo = new Map<string, () => void>();
const started: string[] = [];
let isBroken = false;
const hold = defineAgent(
  {
    ...{ name: 'hand.hold', version: 1, title: 'Hold', effect: 'record' },
    ...{ idempotency: 'idempotent', roles: {}, reads: {}, timeoutMs: 120_000 },
    failures: { remote_unavailable: { attempts: 3, firstDelayMs: 1_000, maxDelayMs: 1_000 } },
    ...{ cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
    input: z.strictObject({ who: z.string() }),
    output: z.strictObject({ who: z.string() }),
  },
  ({ who }) => {
    started.push(who);
    if (isBroken) throw failure('remote_unavailable', 'Not now.');
    return new Promise((resolve) => letGo.set(who, () => resolve({ output: { who } })));
  },
);

function playbook(name: string, ...steps: JsonObject[]): JsonObject {
  return {
    ...{ name, version: 1, title: name, autonomy: 'suggest', plan: { steps } },
    input: { fields: [{ name: 'who', kind: 'text' }] },
  };
}

const who = { who: { $expr: 'input.who' } };
const form = { fields: [{ name: 'text', kind: 'text', required: true }] };
const amount = { minor: 100, currency: 'EUR' };
const holder = playbook('holder', { id: 'hold', call: 'hand.hold@1', lock: 'one', with: who });
const inner = playbook('inner', { id: 'add', call: 'math.add@1', with: { n: 1 } });

/** One of every kind that is no plain call, each behind the same key. */
const KINDS: { readonly [Kind in string]: JsonObject } = {
  each: { each: { over: ['a'], as: 'one', do: [{ id: 'x', call: 'math.add@1', with: { n: 1 } }] } },
  repeat: {
    repeat: { do: [{ id: 'x', call: 'math.add@1', with: { n: 1 } }], until: 'true', max: 2 },
  },
  play: { play: 'inner@1' },
  expand: {
    expand: {
      plan: { $expr: '{"steps": [{"id": "x", "call": "math.add@1", "with": {"n": 1}}]}' },
    },
  },
  ask: { ask: { title: 'Well?', form } },
  wait: { wait: { for: 'P1D' } },
};
const kinds = Object.entries(KINDS).map(([kind, step]) =>
  playbook(`kind-${kind}`, { id: 'it', lock: 'one', ...step }),
);
const asks = playbook('asks', { id: 'ask', lock: 'one', ask: { title: 'Well?', form } });
const letter = playbook('letter', {
  ...{ id: 'send', call: 'post.send@1', lock: 'one' },
  with: { to: 'ann@example.org', text: 'Hello', amount },
});
const broken = playbook('broken', {
  ...{ id: 'each', lock: 'one' },
  each: { over: 'no list', as: 'one', do: [{ id: 'x', call: 'math.add@1', with: { n: 1 } }] },
});
const nested = (name: string, outside: string, inside: string): JsonObject =>
  playbook(
    name,
    { id: 'ready', call: 'hand.hold@1', with: who },
    {
      ...{ id: 'group', lock: outside, after: [] },
      repeat: {
        ...{ until: 'true', max: 1 },
        do: [
          { id: 'first', call: 'hand.hold@1', with: who },
          { id: 'second', call: 'math.add@1', lock: inside, after: ['first'], with: { n: 1 } },
        ],
      },
    },
  );

const options = {
  agents: () => [hold],
  playbooks: [
    ...[holder, inner, ...kinds, asks, letter, broken],
    ...[nested('left', 'x', 'y'), nested('right', 'y', 'x')],
  ],
};

async function begin({ kernel }: Pick<Travel, 'kernel'>, name: string, by = name): Promise<string> {
  const goal = { words: `${name} ${by}`, playbook: name, input: { who: by }, by: 'operator:test' };
  return (await kernel.submit({ ...goal, again: true })).run;
}

async function holds(parts: Pick<Travel, 'kernel'>): Promise<string> {
  started.length = 0;
  const run = await begin(parts, 'holder');
  await expect.poll(() => started).toEqual(['holder']);
  return run;
}

async function identical({ kernel }: Travel, run: string): Promise<void> {
  const { divergence, status } = await kernel.past.replay(run);
  expect([divergence, status]).toEqual([undefined, 'identical']);
}

describe('a key that is held', () => {
  test.each(
    Object.keys(KINDS).flatMap((kind) => [
      { kind, evictAlways: false },
      { kind, evictAlways: true },
    ]),
  )(
    'holds back a step of the kind $kind, which begins when it is free (memory thrown away: $evictAlways)',
    ({ kind, evictAlways }) =>
      travel(
        async (parts) => {
          const { kernel, clock } = parts;
          const held = await holds(parts);
          const run = await begin(parts, `kind-${kind}`);
          const waiting = await kernel.rest(run);
          expect([waiting.status, waiting.waitingFor]).toEqual(['waiting', 'lock']);
          expect((await kernel.reasons(run))[0]).toMatchObject({
            words: `Waits for one, which run ${held} (hold) holds.`,
            lock: { key: 'one', holder: { run: held, step: 'hold' }, ahead: 0 },
          });
          letGo.get('holder')?.();
          await kernel.rest(held);
          await kernel.rest(run);
          if (kind === 'wait') clock.advance(2 * 86_400_000);
          if (kind === 'ask') {
            const item = (await kernel.items.list()).find((open) => open.run === run);
            await kernel.items.answer(item?.id ?? '', { text: 'yes' }, typedBy('operator:test'));
          }
          kernel.runner.wake(run);
          expect((await kernel.rest(run)).status).toBe('done');
          expect(kernel.locks()).toEqual([]);
          await identical(parts, run);
        },
        { ...options, evictAlways },
      ),
  );

  test('holds back an effect that was approved; it goes out when the key is free', () =>
    travel(async (parts) => {
      const { kernel, world } = parts;
      const held = await holds(parts);
      const run = await begin(parts, 'letter');
      expect((await kernel.rest(run)).waitingFor).toBe('approval');
      const [card] = await kernel.items.list();
      await decideCard(parts, card?.id ?? '');
      expect((await kernel.rest(run)).waitingFor).toBe('lock');
      expect(world.committed).toEqual([]);
      letGo.get('holder')?.();
      await kernel.rest(held);
      expect((await kernel.rest(run)).status).toBe('done');
      expect(world.committed).toHaveLength(1);
      await identical(parts, run);
    }, options));

  test('is not held by a card that waits for a signature', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      expect((await kernel.rest(await begin(parts, 'letter'))).waitingFor).toBe('approval');
      expect(kernel.locks()).toEqual([]);
    }, options));

  test('is given back by a step whose start fails', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      const run = await begin(parts, 'broken');
      expect((await kernel.rest(run)).waitingFor).toBe('answer');
      expect(kernel.locks()).toEqual([]);
      await identical(parts, run);
    }, options));

  test('is given back between two tries, and taken again for the next one', () =>
    travel(async (parts) => {
      const { kernel, clock } = parts;
      started.length = 0;
      isBroken = true;
      const first = await begin(parts, 'holder', 'first');
      expect((await kernel.rest(first)).waitingFor).toBe('retry');
      isBroken = false;
      expect(kernel.locks()).toEqual([]);
      const second = await begin(parts, 'holder', 'second');
      await expect.poll(() => started).toEqual(['first', 'second']);
      clock.advance(5_000);
      kernel.runner.wake(first);
      expect((await kernel.rest(first)).waitingFor).toBe('lock');
      letGo.get('second')?.();
      await kernel.rest(second);
      await expect.poll(() => started).toEqual(['first', 'second', 'first']);
      letGo.get('first')?.();
      expect((await kernel.rest(first)).status).toBe('done');
      await identical(parts, first);
    }, options));

  test('is free again when the run that holds it, or stands in line for it, is cancelled', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      const [first, second, third] = [
        await begin(parts, 'asks', '1'),
        await begin(parts, 'asks', '2'),
        await begin(parts, 'asks', '3'),
      ];
      for (const run of [first, second, third]) await kernel.rest(run);
      await kernel.cancel(second, 'no', 'operator:test');
      await kernel.cancel(first, 'no', 'operator:test');
      await expect.poll(async () => (await kernel.rest(third)).waitingFor).toBe('answer');
      expect(kernel.locks()).toEqual([
        { key: 'one', holder: { run: third, step: 'ask' }, queue: [] },
      ]);
    }, options));

  test('never makes two runs wait for each other: the second one asks', () =>
    travel(async (parts) => {
      const { kernel } = parts;
      started.length = 0;
      const left = await begin(parts, 'left');
      const right = await begin(parts, 'right');
      await expect.poll(() => started.toSorted()).toEqual(['left', 'left', 'right', 'right']);
      letGo.get('left')?.();
      await expect.poll(async () => (await kernel.reasons(left))[0]?.for).toBe('lock');
      letGo.get('right')?.();
      await expect.poll(async () => (await kernel.reasons(right))[0]?.for).toBe('answer');
      const [task] = await kernel.items.list();
      expect(task?.title).toContain('waits for this run');
      await kernel.items.answer(task?.id ?? '', { action: 'skip' }, typedBy('operator:test'));
      await expect.poll(async () => (await kernel.reasons(left))[0]?.for).toBe(undefined);
    }, options));
});

test('a key that a question holds is held after a restart, and whoever stood in line goes on', () =>
  withHome(async (home) => {
    const parts = { home, agents: [hold], playbooks: [asks] };
    const before = await composeKernel(parts);
    const first = await begin(before, 'asks', '1');
    const second = await begin(before, 'asks', '2');
    for (const run of [first, second]) await before.kernel.rest(run);
    await before.close();
    const { kernel, close } = await composeKernel(parts);
    const third = await begin({ kernel }, 'asks', '3');
    expect((await kernel.rest(third)).waitingFor).toBe('lock');
    expect((await kernel.rest(second)).waitingFor).toBe('lock');
    const item = (await kernel.items.list()).find(({ run }) => run === first);
    await kernel.items.answer(item?.id ?? '', { text: 'yes' }, typedBy('operator:test'));
    expect((await kernel.rest(first)).status).toBe('done');
    await expect.poll(() => kernel.locks()[0]?.holder.run).not.toBe(first);
    const next = kernel.locks()[0]?.holder.run ?? '';
    await expect.poll(async () => (await kernel.rest(next)).waitingFor).toBe('answer');
    await close();
  }));

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Agent, defineAgent } from '../../src/agent/index.ts';
import type { JsonObject } from '../../src/base/index.ts';
import { failure } from '../../src/contract/index.ts';
import { pastDeeds } from '../../src/kernel/trust/past-deeds.ts';
import type { Log } from '../../src/log/index.ts';
import {
  DEFAULT_POLICY,
  type PolicyRate,
  type PolicyRule,
  sealPolicy,
} from '../../src/policy/index.ts';
import { typedBy } from '../support/operator.ts';
import { act, ask, cardOf, openTrustWorld, type TrustWorld } from './trust-kit.ts';

let home: string;
let world: TrustWorld;
let computed: string[];
let isFull: boolean;
/** what a use of a rate waits for */
let until: Promise<void>;

/** Takes no use of a rate while its disk is full. */
const onDisk = (log: Log): Log => ({
  ...log,
  append: async (batch, options) => {
    if (batch.some(({ stream }) => stream.startsWith('rate-use/'))) await until;
    if (isFull && batch.some(({ stream }) => stream.startsWith('rate-use/'))) {
      throw failure('disk_full', 'There is no space left.');
    }
    return log.append(batch, options);
  },
});

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-inside-'));
  computed = [];
  isFull = false;
  until = Promise.resolve();
  world = await openTrustWorld({ home, agents: [compute], playbooks, wrapLog: onDisk });
});
afterEach(async () => {
  await world.kernel.close();
  rmSync(home, { recursive: true, force: true });
});

describe('policy has a word about what stays inside too', () => {
  test('with no rule it is done unasked', async () => {
    expect((await ask(world, 'count', { text: 'a' })).status).toBe('done');
    expect(computed).toEqual(['a']);
  });

  test('a rule against it stops it from the next step on, in words of the rule', async () => {
    await put([{ ...deny, when: 'class == "pure"' }]);
    const run = await ask(world, 'count', { text: 'a' });
    expect(run.status).not.toBe('done');
    expect(await said(run.id)).toContain('Not now.');
    expect(computed).toEqual([]);
    await put([]);
    expect((await ask(world, 'count', { text: 'b' })).status).toBe('done');
  });

  test('a rule may name the playbook, the label, and the hour in the company zone', async () => {
    await put([{ ...deny, when: 'playbook == "count@1" && label == "operator" && hour == 10' }]);
    expect((await ask(world, 'other', { text: 'a' })).status).toBe('done');
    expect((await ask(world, 'count', { text: 'b' })).status).not.toBe('done');
    world.clock.advance(3_600_000);
    expect((await ask(world, 'count', { text: 'c' })).status).toBe('done');
    expect(computed).toEqual(['a', 'c']);
  });

  test('a policy that cannot be read stops it, and the way out is said', async () => {
    const broken = { type: 'policy.changed', data: { policy: { rules: 'none' }, because: 'x' } };
    await world.log.append(
      [
        {
          stream: 'policy',
          expectedVersion: 'any',
          events: [
            {
              ...broken,
              by: 'operator:test',
              label: { integrity: 'operator', placement: 'anywhere' },
            },
          ],
        },
      ],
      { barrier: true },
    );
    const run = await ask(world, 'count', { text: 'a' });
    expect(await said(run.id)).toContain('unreadable');
    expect(await said(run.id)).toContain('steward policy rollback');
    expect(computed).toEqual([]);
  });

  test('a rate counts what is only computed, and lets it go on with time', async () => {
    await put([], [{ id: 'slow', capability: 'text.*', starts: 2, perMs: 3_600_000 }]);
    for (const text of ['a', 'b', 'c']) await ask(world, 'count', { text });
    expect(computed).toEqual(['a', 'b']);
    world.clock.advance(3_600_001);
    expect((await ask(world, 'count', { text: 'd' })).status).toBe('done');
  });

  test('of many that begin at once no more than a rate allows do, where two rates count them too', async () => {
    const rate = { id: 'slow', capability: 'text.*', starts: 3, perMs: 3_600_000 };
    await put([], [rate, { ...rate, id: 'slower', capability: '*', starts: 4 }]);
    const texts = Array.from({ length: 12 }, (_, i) => `text ${i}`);
    const runs = await Promise.all(texts.map((text) => ask(world, 'count', { text })));
    expect(computed).toHaveLength(3);
    expect(runs.filter(({ status }) => status === 'done')).toHaveLength(3);
    const [refused] = runs.filter(({ status }) => status !== 'done');
    expect(await said(refused?.id ?? '')).toContain('rate_limited');
    expect(await said(refused?.id ?? '')).toContain('The limit of 3 starts');
  });

  test('a start that cannot be counted fails its step, and neither the process nor the run is lost', async () => {
    await put([], [{ id: 'slow', capability: 'text.*', starts: 2, perMs: 3_600_000 }]);
    isFull = true;
    const run = await ask(world, 'count', { text: 'a' });
    expect([run.status, computed]).toEqual(['waiting', []]);
    expect(await said(run.id)).toContain('disk_full');
    isFull = false;
    const [task] = await world.kernel.items.list();
    await world.kernel.items.answer(task?.id ?? '', { action: 'retry' }, typedBy('operator:test'));
    expect((await world.kernel.rest(run.id)).status).toBe('done');
    expect(computed).toEqual(['a']);
  });

  test('what is cancelled while it is judged does not begin', async () => {
    await put([], [{ id: 'slow', capability: 'text.*', starts: 2, perMs: 3_600_000 }]);
    const judged = Promise.withResolvers<void>();
    until = judged.promise;
    const goal = { words: 'count', playbook: 'count', input: { text: 'a' }, by: 'operator:test' };
    const { run } = await world.kernel.submit(goal);
    await expect.poll(() => world.kernel.runner.busy()).toBe(1);
    await world.kernel.cancel(run, 'No.', 'operator:test');
    judged.resolve();
    await expect.poll(() => world.kernel.runner.busy()).toBe(0);
    expect(computed).toEqual([]);
  });

  test('a look at the past counts what a rate counted when it was judged', async () => {
    const rate = { id: 'all', capability: '*', starts: 9, perMs: 3_600_000 };
    await put([], [rate]);
    await ask(world, 'count', { text: 'a' });
    await ask(world, 'count', { text: 'b' });
    await ask(world, 'send-count-send', { text: 'c' });
    const { deeds } = await pastDeeds({ log: world.log, records: world.kernel.records }, {});
    expect(deeds[0]?.facts.startsOf(rate)).toBe(2);
  });

  test('it is not worked out for a card ahead of time either', async () => {
    await put([{ ...deny, when: 'class == "pure"' }]);
    const run = await ask(world, 'send-count-send', { text: 'a' });
    expect((await cardOf(world, run.id)).effects).toHaveLength(1);
    expect(computed).toEqual([]);
  });
});

const deny: Omit<PolicyRule, 'when'> = {
  id: 'inside',
  // biome-ignore lint/suspicious/noThenProperty: a rule of the policy
  then: 'deny',
  because: 'Not now.',
};

async function put(rules: readonly PolicyRule[], rates: readonly PolicyRate[] = []): Promise<void> {
  const { version: _, ...fresh } = DEFAULT_POLICY;
  await act(world, 'policy', {
    policy: sealPolicy({ ...fresh, rules: [...rules], rates: [...rates] }),
    because: 'x',
  });
}

/** Everything that the steps of a run say of their failure. */
async function said(run: string): Promise<string> {
  const events = await world.log.readStream(`run/${run}`);
  return JSON.stringify(events.map(({ data }) => data.failure ?? null));
}

/** Notes that it ran: what policy denies must not even be computed. */
const compute: Agent = defineAgent(
  {
    ...{ name: 'text.count', version: 1, title: 'Count', effect: 'pure', roles: {}, reads: {} },
    ...{ idempotency: 'idempotent', failures: {}, timeoutMs: 120_000, placement: 'anywhere' },
    cost: { microUsd: 0, latencyMs: 1 },
    input: z.strictObject({ text: z.string() }),
    output: z.strictObject({ text: z.string() }),
  },
  ({ text }) => {
    computed.push(text);
    return { output: { text: `${text}!` } };
  },
);

const count = (id: string, text: string): JsonObject => ({
  ...{ id, call: 'text.count@1', with: { text: { $expr: text } } },
});
const send = (id: string, text: string): JsonObject => ({
  ...{ id, call: 'post.send@1', with: { to: ['zoe@example.org'], text: { $expr: text } } },
});
const plans: readonly (readonly [string, readonly JsonObject[]])[] = [
  ['count', [count('counted', 'input.text')]],
  ['other', [count('counted', 'input.text')]],
  [
    'send-count-send',
    [send('one', 'input.text'), count('counted', 'one.to[0]'), send('two', 'counted.text')],
  ],
];
const playbooks: readonly JsonObject[] = plans.map(([name, steps]) => ({
  ...{ name, version: 1, title: name, autonomy: 'ask', input: { type: 'object' } },
  plan: { steps: [...steps] },
}));

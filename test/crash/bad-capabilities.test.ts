import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Agent, AgentResult } from '../../src/agent/index.ts';
import type { JsonObject } from '../../src/base/index.ts';
import type { CapabilityContract } from '../../src/contract/index.ts';
import { runsFold } from '../../src/kernel/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { typedBy } from '../support/operator.ts';

/** of those that take too long; nobody else is hurried */
const TIMEOUT_MS = 200;
const PLENTY_MS = 120_000;

const contract = (name: string, more: Partial<CapabilityContract> = {}): CapabilityContract => ({
  name: `bad.${name}`,
  version: 1,
  title: `Be ${name}`,
  input: z.strictObject({}),
  output: z.strictObject({ n: z.int() }),
  effect: 'pure',
  roles: {},
  idempotency: 'idempotent',
  failures: {},
  reads: {},
  timeoutMs: PLENTY_MS,
  cost: { microUsd: 0, latencyMs: 1 },
  placement: 'this-machine',
  ...more,
});

const text = z.strictObject({ text: z.string() });
/** What a capability of somebody else may do. The contract says what it promised, not what it does. */
const BAD: { readonly [name: string]: Agent } = {
  throwing: bad('throwing', () => {
    throw new Error('I am broken');
  }),
  rejecting: bad('rejecting', () => Promise.reject(new Error('I am broken later'))),
  'throwing-text': bad('throwing-text', () => {
    throw 'just text'; // what a careless library does
  }),
  'throwing-nothing': bad('throwing-nothing', () => Promise.reject(undefined)),
  'throwing-much': bad('throwing-much', () => {
    throw new Error('x'.repeat(2_000_000));
  }),
  hanging: bad('hanging', () => new Promise<AgentResult>(() => undefined), {
    timeoutMs: TIMEOUT_MS,
  }),
  late: bad('late', () => sleep(TIMEOUT_MS * 3, { output: { n: 1 } }), { timeoutMs: TIMEOUT_MS }),
  'answering-twice': bad('answering-twice', async () => {
    setTimeout(() => undefined, 1);
    return new Promise<AgentResult>((resolve, reject) => {
      resolve({ output: { n: 1 } });
      resolve({ output: { n: 2 } });
      reject(new Error('and a third time'));
    });
  }),
  'wrong-shape': bad('wrong-shape', () => ({ output: { m: 'x' } })),
  'answering-nothing': bad('answering-nothing', () => undefined as unknown as AgentResult), // a promise of types is no promise of code
  'not-json': bad('not-json', () => ({ output: { n: Number.NaN } })),
  huge: bad('huge', async () => ({ output: { text: 'x'.repeat(50_000_000) } }), { output: text }),
  'huge-labels': bad('huge-labels', () => ({
    output: { n: 1 },
    labels: {
      base: { integrity: 'own', placement: 'anywhere' },
      at: Object.fromEntries(
        Array.from({ length: 9_000 }, (_, index) => [
          `n.${index}`,
          { integrity: 'own', placement: 'anywhere' } as const,
        ]),
      ),
    },
  })),
  'changing-records': bad('changing-records', () => ({
    output: { n: 1 },
    commands: [{ type: 'create', record: 'party', id: 'x', set: { name: 'x', kinds: ['lead'] } }],
  })),
  'leaking-memory': bad('leaking-memory', async () => {
    const kept: number[][] = [];
    for (let round = 0; round < 50; round++) kept.push(new Array(100_000).fill(round));
    await sleep(1);
    return { output: { n: kept.length } };
  }),
};

/** Those that do what they promised in the end; all others must be told to a person. */
const HARMLESS = new Set(['answering-twice', 'leaking-memory']);

test.each(Object.keys(BAD))(
  'a capability that is %s harms its own step and no other',
  async (name) => {
    await withBad(async (composed) => {
      const { run } = await composed.kernel.submit(goal(name));
      const good = await composed.kernel.submit(goal('good'));
      const [ended, other] = await Promise.all([run, good.run].map(composed.kernel.rest));
      expect(other?.status).toBe('done');
      expect(composed.problems).toEqual([]);
      if (HARMLESS.has(name)) {
        expect(ended?.status).toBe('done');
        return;
      }
      expect(ended?.status).toBe('waiting');
      const items = await composed.kernel.items.list();
      expect(items.map(({ kind, run: of, step }) => ({ kind, of, step }))).toEqual([
        { kind: 'task', of: run, step: 'bad' },
      ]);
      const title = items[0]?.title ?? '';
      expect(title.length).toBeGreaterThan(20);
      expect(title.length).toBeLessThan(5_000);
      expect(title).not.toMatch(/\[object|failed: undefined/);
      // the plan's other branch went on, and the operator can go on without the bad step
      const events = await composed.log.readStream(`run/${run}`);
      expect(
        events.some(({ type, data }) => type === 'step.completed' && data.step === 'side'),
      ).toBe(true);
      await composed.kernel.items.answer(
        items[0]?.id ?? '',
        { action: 'done', value: name === 'huge' ? '{"text": "7"}' : '{"n": 7}' },
        typedBy('operator:x'),
      );
      expect((await composed.kernel.rest(run)).status).toBe('done');
    });
  },
);

test('an answer that comes after the deadline is not taken for the next try', async () => {
  await withBad(async (composed) => {
    const { run } = await composed.kernel.submit(goal('late'));
    await composed.kernel.rest(run);
    await sleep(TIMEOUT_MS * 4);
    const events = await composed.log.readStream(`run/${run}`);
    expect(
      events.filter(({ type, data }) => type === 'step.completed' && data.step === 'bad'),
    ).toEqual([]);
  });
});

test('a step of a list that fails can be tried again', async () => {
  await withBad(async (composed) => {
    const { run } = await composed.kernel.submit(goal('each'));
    await composed.kernel.rest(run);
    for (let round = 0; round < 2; round++) {
      const [item] = await composed.kernel.items.list();
      expect(item?.step).toBe('all');
      await composed.kernel.items.answer(
        item?.id ?? '',
        { action: 'retry' },
        typedBy('operator:x'),
      );
      expect((await composed.kernel.rest(run)).status).toBe('waiting');
    }
  });
});

test('an answer to a run that is over is refused and changes nothing', async () => {
  await withBad(async (composed) => {
    const { run } = await composed.kernel.submit(goal('throwing'));
    await composed.kernel.rest(run);
    const [item] = await composed.kernel.items.list();
    await composed.kernel.cancel(run, 'enough', 'operator:x');
    const before = await composed.log.streamVersion(`run/${run}`);
    await expect(
      composed.kernel.items.answer(item?.id ?? '', { action: 'retry' }, typedBy('operator:x')),
    ).rejects.toMatchObject({ code: 'already_decided' });
    expect(await composed.log.streamVersion(`run/${run}`)).toBe(before);
    expect((await composed.log.fold(runsFold).get(run))?.status).toBe('cancelled');
  });
});

function bad(name: string, run: Agent['run'], more: Partial<CapabilityContract> = {}): Agent {
  return { contract: contract(name, more), run };
}

function goal(name: string) {
  return { words: name, playbook: `bad-${name}`, by: 'operator:x', again: true };
}

async function withBad(work: (composed: Composed) => Promise<void>): Promise<void> {
  await withHome(async (home) => {
    const good = bad('good', async () => ({ output: { n: 1 } }));
    const composed = await composeKernel({
      home,
      store: 'memory',
      agents: [...Object.values(BAD), good],
      playbooks: [
        ...Object.keys(BAD).map((name) =>
          playbook(name, [
            { id: 'bad', call: `bad.${name}@1` },
            { id: 'side', call: 'bad.good@1' },
            { id: 'after', call: 'bad.good@1', after: ['bad'] },
          ]),
        ),
        playbook('good', [{ id: 'good', call: 'bad.good@1' }]),
        playbook('each', [
          {
            id: 'all',
            each: {
              over: { $expr: 'input.nothing' },
              as: 'one',
              do: [{ id: 'x', call: 'bad.good@1' }],
            },
          },
        ]),
      ],
    });
    try {
      await work(composed);
    } finally {
      await composed.close();
    }
  });
}

function playbook(name: string, steps: readonly JsonObject[]): JsonObject {
  const input = { fields: [{ name: 'nothing', kind: 'text', label: 'Nothing' }] };
  return { name: `bad-${name}`, version: 1, title: name, autonomy: 'auto', input, plan: { steps } };
}

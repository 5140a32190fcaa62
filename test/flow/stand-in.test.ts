import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Agent, defineAgent } from '../../src/agent/index.ts';
import type { Json, JsonObject } from '../../src/base/index.ts';
import { type Failure, failure } from '../../src/contract/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { typedBy } from '../support/operator.ts';

/** What a person puts in the place of a step's output, and what later steps were promised there. */
const YOU = typedBy('operator:test');
const contract = {
  ...({ effect: 'read', idempotency: 'idempotent', placement: 'anywhere' } as const),
  ...{ version: 1, roles: {}, failures: {}, reads: {}, timeoutMs: 60_000 },
  cost: { microUsd: 0, latencyMs: 1 },
};
const stock: Agent = defineAgent(
  {
    ...{ ...contract, name: 'shelf.count', title: 'Count the shelf' },
    input: z.strictObject({ of: z.string() }),
    output: z.strictObject({ count: z.int().min(0), note: z.string().default('none') }),
  },
  () => {
    throw failure('capability_failed', 'The shelf is locked.');
  },
);
const echo: Agent = defineAgent(
  {
    ...{ ...contract, name: 'echo.say', title: 'Say it' },
    input: z.record(z.string(), z.json()),
    output: z.record(z.string(), z.json()),
  },
  (given) => ({ output: given }),
);

const count: JsonObject = { id: 'x', call: 'shelf.count@1', with: { of: 'red' } };
const never: JsonObject = { $expr: 'input.none' };
const broken: { readonly [name: string]: JsonObject } = {
  call: count,
  caught: { ...count, catch: { codes: ['timed_out'], value: { count: 0 } } },
  wait: { id: 'x', wait: { until: never } },
  ask: {
    id: 'x',
    ask: {
      title: never,
      form: {
        fields: [
          { name: 'size', kind: 'integer', required: true, min: 1, default: 3 },
          { name: 'sure', kind: 'boolean' },
        ],
      },
    },
  },
  each: { id: 'x', each: { over: never, as: 'of', do: [{ ...count, id: 'one' }] } },
  play: { id: 'x', play: 'shelf@1', with: { of: never } },
  expand: { id: 'x', expand: { plan: never, allow: ['echo.say@1'] } },
  open: { id: 'x', call: 'echo.say@1', with: { of: never } },
  anything: { id: 'x', play: 'maybe@1', with: { of: never } },
};
const played = (name: string, step: JsonObject): JsonObject => ({
  ...{ name, version: 1, title: name, autonomy: 'ask', plan: { steps: [step] } },
  input: { type: 'object', properties: { of: { type: 'string' } } },
});
const playbooks: readonly JsonObject[] = [
  played('shelf', count),
  played('maybe', { ...count, when: 'input.of == "red"' }),
  ...Object.entries(broken).map(([name, step]) => ({
    ...{ name, version: 1, title: name, autonomy: 'ask' },
    input: { type: 'object', properties: { none: {} } },
    plan: {
      steps: [step, { id: 'then', call: 'echo.say@1', with: { got: { $expr: 'x' } } }],
    },
  })),
  {
    ...{ name: 'unread', version: 1, title: 'Unread', autonomy: 'ask' },
    input: { type: 'object', properties: {} },
    plan: { steps: [count] },
  },
];

async function tasked(home: string, playbook: string) {
  const parts = await composeKernel({ home, agents: [stock, echo], playbooks });
  const goal = { words: `please ${playbook}`, playbook, input: {}, by: 'operator:test' };
  const { run } = await parts.kernel.submit(goal);
  expect((await parts.kernel.rest(run)).waitingFor).toBe('answer');
  const [task] = await parts.kernel.items.list();
  const put = (action: string, value?: Json) =>
    parts.kernel.items.answer(
      task?.id ?? '',
      { action, ...(value === undefined ? {} : { value: JSON.stringify(value) }) },
      YOU,
    );
  return { parts, run, put };
}

async function refusal(work: Promise<unknown>): Promise<Failure> {
  return work.then(
    () => expect.unreachable('it was taken'),
    (error: Failure) => error,
  );
}

async function outputOf({ log }: Composed, run: string, step: string): Promise<unknown> {
  const events = await log.readStream(`run/${run}`);
  const done = events.find(({ type, data }) => type === 'step.completed' && data.step === step);
  return done?.data.output;
}

/** kind of step, a value that does not fit, where it does not, and one that fits */
const cases: readonly (readonly [string, Json, string, Json])[] = [
  ['call', { count: 'three' }, 'value.count', { count: 3, note: 'two broken' }],
  ['call', { count: 3, colour: 'red' }, 'value.colour', { count: 0, note: 'none' }],
  ['caught', { count: -1 }, 'value.count', { count: 1, note: 'none' }],
  ['caught', { count: -1 }, 'value.count', { count: 0, note: 'none' }],
  ['wait', { timedOut: 'no' }, 'value.timedOut', { timedOut: true }],
  ['wait', null, 'value', { timedOut: false, event: { id: 'a' } }],
  ['ask', { size: '3' }, 'value.size', { size: 3 }],
  ['ask', { sure: true }, 'value.size', { size: 3, sure: true }],
  ['ask', { size: 0 }, 'value.size', { size: 1 }],
  ['each', { count: 3 }, 'value', []],
  ['each', [{ count: 'three', note: '' }], 'value.0.count', [{ count: 3, note: 'old' }]],
  ['play', { count: true, note: '' }, 'value.count', { count: 3, note: 'old' }],
  ['expand', ['a'], 'value', { a: 1 }],
];

describe('a value that stands in for what a step leaves', () => {
  for (const action of ['skip', 'done']) {
    test.each(cases)(`is refused (${action}, %s) when it is %j: %s`, (kind, wrong, at, right) =>
      withHome(async (home) => {
        const { parts, run, put } = await tasked(home, kind);
        const head = parts.log.head().seq;
        const refused = await refusal(put(action, wrong));
        expect([refused.code, refused.facts.path]).toEqual(['invalid_input', at]);
        expect(refused.facts.expected).toEqual(expect.stringMatching(/./));
        expect(refused.message).toContain(at);
        expect(refused.remedy).toContain('skip');
        expect(parts.log.head().seq).toBe(head);
        await put(action, right);
        expect((await parts.kernel.rest(run)).status).toBe('done');
        expect(await outputOf(parts, run, 'x')).toEqual(right);
        expect(await outputOf(parts, run, 'then')).toEqual({ got: right });
        const { divergence, status } = await parts.kernel.past.replay(run);
        expect([divergence, status]).toEqual([undefined, 'identical']);
        await parts.close();
      }),
    );
  }

  test.each([
    ['open', { any: ['thing'] }],
    ['anything', 'at all'],
  ] as const)('passes as it is where nothing is known of it (%s)', (kind, value) =>
    withHome(async (home) => {
      const { parts, run, put } = await tasked(home, kind);
      await put('done', value);
      expect((await parts.kernel.rest(run)).status).toBe('done');
      expect(await outputOf(parts, run, 'then')).toEqual({ got: value });
      await parts.close();
    }),
  );

  test('gets what its contract adds, as from the step itself', () =>
    withHome(async (home) => {
      const { parts, run, put } = await tasked(home, 'call');
      await put('done', { count: 3 });
      await parts.kernel.rest(run);
      expect(await outputOf(parts, run, 'then')).toEqual({ got: { count: 3, note: 'none' } });
      await parts.close();
    }));

  test('may be left out of what is done by hand where nothing reads it, and nowhere else', () =>
    withHome(async (home) => {
      const read = await tasked(home, 'call');
      const refused = await refusal(read.put('done'));
      expect(refused.facts).toMatchObject({ path: 'value', found: 'nothing' });
      await read.put('skip');
      expect((await read.parts.kernel.rest(read.run)).status).toBe('done');
      await read.parts.close();
      const unread = await tasked(home, 'unread');
      await unread.put('done');
      expect((await unread.parts.kernel.rest(unread.run)).status).toBe('done');
      await unread.parts.close();
    }));

  test.each([
    ['call', 'An object {of}, such as {"of":"..."}', 'An object {count, note}, such as'],
    ['wait', undefined, 'An object {timedOut, event}, such as {"timedOut":true}'],
    ['each', 'A list, such as ["..."]', 'A list (of an object {count, note}), such as [{"count":1'],
    ['ask', 'An object', 'An object {size, sure}, such as {"size":1}'],
    ['expand', 'An object {steps}, such as {"steps":[{}]}', 'An object'],
    ['anything', 'An object {of}', 'Anything.'],
  ])('is described on the card, with an example (%s)', (kind, input, value) =>
    withHome(async (home) => {
      const { parts } = await tasked(home, kind);
      const [task] = await parts.kernel.items.list();
      const { fields } = (task?.form ?? {}) as { fields: readonly JsonObject[] };
      const help = (name: string) => fields.find((field) => field.name === name)?.help;
      expect(help('value')).toEqual(expect.stringContaining(value));
      expect(help('input')).toEqual(input && expect.stringContaining(input));
      await parts.close();
    }),
  );
});

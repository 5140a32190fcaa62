import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { Failure } from '../contract/index.ts';
import { PLAN_LIMITS } from './limits.ts';
import { parsePlan, parsePlaybook, planJsonSchema, playbookJsonSchema } from './parse.ts';
import { failureOf, invoiceInput, invoicePlan } from './test-kit.ts';

const step = { id: 'a', call: 'text.summarise@1' };

describe('a plan from outside', () => {
  test('the plan of the design is read as it is', () => {
    expect(parsePlan(invoicePlan)).toEqual(invoicePlan);
  });

  test('every kind of step and every member is read', () => {
    const plan = {
      steps: [
        {
          ...step,
          title: 'A',
          when: { $expr: 'true' },
          lock: ['x', { $expr: '"y"' }],
          queue: 'cheap',
          onSkipped: 'run',
          after: [],
        },
        {
          ...step,
          id: 'b',
          retry: {
            attempts: 3,
            firstDelayMs: 10,
            maxDelayMs: 100,
            withinMs: 1000,
            codes: ['timed_out'],
          },
          onFail: 'skip',
        },
        {
          ...step,
          id: 'c',
          catch: {
            codes: ['timed_out'],
            do: [{ ...step, id: 'd' }],
            value: { $expr: 'error.code' },
          },
        },
        {
          id: 'e',
          ask: {
            title: 'Go?',
            help: { $expr: 'a.text' },
            form: { fields: [{ name: 'to', kind: 'choice', choices: ['x'] }] },
          },
          with: { to: 'x' },
        },
        {
          id: 'f',
          wait: {
            event: 'payment.matched',
            where: 'event.x == 1',
            for: 'P14DT2H',
            until: { $expr: 'a.text' },
          },
        },
        { id: 'g', play: 'invoice-month@12', with: {} },
        {
          id: 'h',
          each: {
            over: [1, 2],
            as: 'item',
            do: [{ ...step, id: 'i' }],
            limit: 5,
            parallel: 2,
            output: { $expr: 'i.text' },
          },
        },
        { id: 'j', repeat: { do: [{ ...step, id: 'k' }], until: 'round > 2', max: 3 } },
        { id: 'l', expand: { plan: { $expr: 'a.plan' }, allow: ['mail.send@1'], limit: 10 } },
      ],
    };
    expect(parsePlan(plan)).toEqual(plan);
  });

  test.each<[string, unknown, string, string, string]>([
    ['no steps', {}, 'steps', 'a list', 'nothing'],
    ['an empty plan', { steps: [] }, 'steps', 'at least 1 members', 'a list of 0'],
    [
      'a step of no kind',
      { steps: [{ id: 'a' }] },
      'steps[0]',
      'exactly one of call',
      'an object {id}',
    ],
    [
      'a step of two kinds',
      { steps: [{ ...step, play: 'x@1' }] },
      'steps[0]',
      'exactly one of call',
      'call and play',
    ],
    [
      'a misspelt member',
      { steps: [{ ...step, wehn: 'x' }] },
      'steps[0].wehn',
      'one of id, title, when',
      'wehn',
    ],
    [
      'a misspelt inner member',
      { steps: [{ id: 'a', wait: { fro: 'P1D' } }] },
      'steps[0].wait.fro',
      'one of event',
      'fro',
    ],
    [
      'a capability without its version',
      { steps: [{ id: 'a', call: 'mail.send' }] },
      'steps[0].call',
      'a capability with its version',
      '"mail.send"',
    ],
    [
      'an id with a space',
      { steps: [{ ...step, id: 'a b' }] },
      'steps[0].id',
      'an id such as draftInvoice',
      '"a b"',
    ],
    [
      'a wait for nothing',
      { steps: [{ id: 'a', wait: {} }] },
      'steps[0].wait',
      'an event, a duration',
      'an object {}',
    ],
    [
      'a duration that is none',
      { steps: [{ id: 'a', wait: { for: 'P' } }] },
      'steps[0].wait.for',
      'a duration such as P14D',
      '"P"',
    ],
    [
      'a number where a text belongs',
      { steps: [{ ...step, title: 7 }] },
      'steps[0].title',
      'a text',
      '7',
    ],
    [
      'an unknown failure code',
      { steps: [{ ...step, retry: { codes: ['nope'] } }] },
      'steps[0].retry.codes[0]',
      'one of usage',
      '"nope"',
    ],
    [
      'an expression object with more',
      { steps: [{ ...step, when: { $expr: 'a', b: 1 } }] },
      'steps[0].when.b',
      'no such member',
      'b',
    ],
    [
      'too many rounds',
      { steps: [{ id: 'a', repeat: { do: [step], until: 'true', max: 1e6 } }] },
      'steps[0].repeat.max',
      'at most 1000',
      '1000000',
    ],
    [
      'a function',
      { steps: [{ ...step, with: { a: () => 1 } }] },
      'steps[0].with.a',
      'plain data',
      'a function',
    ],
    [
      'not a number',
      { steps: [{ ...step, with: { a: Number.NaN } }] },
      'steps[0].with.a',
      'plain data',
      'a number',
    ],
    [
      'a reserved name',
      { steps: [{ ...step, with: JSON.parse('{"__proto__": {"x": 1}}') }] },
      'steps[0].with.__proto__',
      'plain data',
      'a reserved name',
    ],
  ])('%s is refused by name', (_what, plan, path, expected, found) => {
    const failed = failureOf(() => parsePlan(plan));
    expect(failed.code).toBe('invalid_plan');
    expect(failed.facts.faults).toContainEqual({
      path,
      expected: expect.stringContaining(expected),
      found: expect.stringContaining(found),
      remedy: expect.stringMatching(/.+/),
    });
  });

  test('every fault is named, not only the first', () => {
    const faults = failureOf(() =>
      parsePlan({
        steps: [
          { id: 'A', call: 'x' },
          { id: 'b', wait: { for: 1 } },
        ],
      }),
    ).facts.faults;
    expect(
      Array.isArray(faults) && faults.map((fault) => (fault as { path: string }).path),
    ).toEqual(['steps[0].id', 'steps[0].call', 'steps[1].wait.for']);
  });

  test('a misspelt member comes with the name that was meant', () => {
    expect(
      failureOf(() => parsePlan({ steps: [{ ...step, wehn: 'x' }] })).facts.faults,
    ).toMatchObject([{ remedy: 'Did you mean when?' }]);
  });

  test.each<[string, () => unknown]>([
    [
      '100,000 levels',
      () => Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], 1),
    ],
    [
      'a circle of objects',
      () => {
        const a: Record<string, unknown> = {};
        a.b = a;
        a.c = a;
        return a;
      },
    ],
    [
      '10,001 steps',
      () =>
        Array.from({ length: PLAN_LIMITS.steps + 1 }, (_, index) => ({ ...step, id: `s${index}` })),
    ],
    [
      'bodies nested too deep',
      () =>
        Array.from({ length: 12 }).reduce<object>(
          (inner, _, index) => ({
            id: `r${index}`,
            repeat: { do: [inner], until: 'true', max: 1 },
          }),
          step,
        ),
    ],
  ])('%s are refused quickly', (_what, make) => {
    const made = make();
    const steps = Array.isArray(made) && made.length > 1 ? made : [made];
    const refuse = () => expect(failureOf(() => parsePlan({ steps })).code).toBe('invalid_plan');
    expect(cpuMs(refuse)).toBeLessThan(1_500);
  });

  test('steps inside bodies count too', () => {
    const body = Array.from({ length: 5_001 }, (_, index) => ({ ...step, id: `i${index}` }));
    const plan = {
      steps: [
        { id: 'x', each: { over: [], as: 'item', do: body } },
        { id: 'y', repeat: { do: body, until: 'true', max: 1 } },
      ],
    };
    expect(failureOf(() => parsePlan(plan)).message).toContain('at most 10000 steps');
  });

  test('anything at all is read or refused as a plan', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.record({ steps: fc.array(fc.anything()) })),
        (value) => {
          try {
            parsePlan(value);
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
          }
        },
      ),
    );
  });
});

describe('a playbook', () => {
  const playbook = {
    name: 'invoice-month',
    version: 1,
    title: 'Invoice a month',
    autonomy: 'suggest',
    input: invoiceInput,
    plan: invoicePlan,
    output: { $expr: 'issue.invoice' },
    words: { en: ['invoice {party}'] },
  };

  test('is read as it is, with a schema or a form for its input', () => {
    expect(parsePlaybook(playbook)).toEqual(playbook);
    const form = { fields: [{ name: 'party', kind: 'record', record: 'party', required: true }] };
    expect(parsePlaybook({ ...playbook, input: form }).input).toEqual(form);
  });

  test('names faults in its plan by their path', () => {
    const faults = failureOf(() =>
      parsePlaybook({ ...playbook, version: 0, plan: { steps: [{ id: 'a' }] } }),
    ).facts.faults;
    expect(faults).toMatchObject([{ path: 'version' }, { path: 'plan.steps[0]' }]);
  });
});

describe('the JSON Schema of the stored form', () => {
  test('is a draft 2020-12 schema that names every kind of step', () => {
    const text = JSON.stringify(planJsonSchema());
    for (const kind of ['call', 'ask', 'wait', 'play', 'each', 'repeat', 'expand'])
      expect(text).toContain(`"${kind}"`);
    expect(planJsonSchema().$schema).toContain('2020-12');
    expect(JSON.stringify(playbookJsonSchema())).toContain('"autonomy"');
  });

  test('accepts what is accepted and refuses what is refused', () => {
    const schema = z.fromJSONSchema(planJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
    expect(schema.safeParse(invoicePlan).success).toBe(true);
    for (const bad of [
      {},
      { steps: [] },
      { steps: [{ id: 'a' }] },
      { steps: [{ ...step, wehn: 'x' }] },
      { steps: [{ id: 'a', call: 'mail.send' }] },
    ]) {
      expect(schema.safeParse(bad).success).toBe(false);
    }
  });
});

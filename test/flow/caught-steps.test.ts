import { describe, expect, test } from 'vitest';
import type { Id, Json, JsonObject } from '../../src/base/index.ts';
import type { StoredEvent } from '../../src/contract/index.ts';
import { type ReplayPorts, replayRun } from '../../src/kernel/replay/index.ts';
import { drive, start, type Travel, travel } from './time-travel-kit.ts';

/** What a `catch` does in the place of its step, and what the step leaves then. */
const add = (id: string, n: Json): JsonObject => ({ id, call: 'math.add@1', with: { n } });
const fails = (steps: JsonObject): JsonObject => ({ id: 'x', ...steps });
const until = fails({ repeat: { max: 3, until: 'sum.n / 0 > 1', do: [add('sum', 1)] } });
const output = { $expr: 'sum.n / 0' };
const words = '"sum.n / 0 > 1": division by zero';
const instead = { do: [add('other', 7)] };

const playbook = (steps: readonly JsonObject[]): JsonObject => ({
  ...{ name: 'caught', version: 1, title: 'Caught', autonomy: 'suggest', input: { fields: [] } },
  plan: { steps: [...steps, { ...add('then', 1), after: ['x'] }] },
});

async function inRun(
  step: JsonObject,
  work: (parts: Travel, run: Id, events: readonly StoredEvent[]) => Promise<void>,
): Promise<void> {
  const options = { playbooks: [playbook([step])], evictAlways: true };
  await travel(async (parts) => {
    const { id } = await start(parts, 'caught', {});
    await work(parts, id, await parts.log.readStream(`run/${id}`));
  }, options);
}

const endOf = (events: readonly StoredEvent[]): JsonObject | undefined =>
  events.find(({ type, data }) => type === 'step.completed' && data.step === 'x')?.data;

describe('a catch', () => {
  test.each<[string, JsonObject, Json]>([
    ['the condition of a repeat, with steps', { ...until, catch: instead }, { n: 8 }],
    ['it with a value', { ...until, catch: { value: { n: 5 } } }, { n: 5 }],
    ['it with the words', { ...until, catch: { value: { $expr: 'error.message' } } }, words],
    [
      'it with steps and a value that sees them',
      { ...until, catch: { ...instead, value: { $expr: '[error.code, string(other.n)]' } } },
      ['expression_failed', '8'],
    ],
    [
      'the output of a repeat',
      fails({
        ...{ repeat: { max: 3, until: 'sum.n > 0', do: [add('sum', 1)], output } },
        catch: instead,
      }),
      { n: 8 },
    ],
    [
      'the output of an each',
      fails({ each: { over: [1, 2], as: 'one', do: [add('sum', 1)], output }, catch: instead }),
      { n: 8 },
    ],
    [
      'an each that has no list',
      fails({
        each: { over: { $expr: '[[1]][3]' }, as: 'one', do: [add('sum', 1)] },
        catch: instead,
      }),
      { n: 8 },
    ],
    [
      'the input of a call',
      { ...add('x', { $expr: '1 / 0' }), catch: { value: { code: { $expr: 'error.code' } } } },
      { code: 'expression_failed' },
    ],
  ])('deals with %s, and nobody is asked', (_what, step, left) =>
    inRun(step, async (parts, run, events) => {
      expect(endOf(events)?.output).toEqual(left);
      expect(events.map(({ type }) => type)).not.toContain('step.waiting');
      expect(events.at(-1)).toMatchObject({ type: 'run.finished', data: { status: 'done' } });
      expect((await parts.kernel.past.replay(run)).status).toBe('identical');
      const fork = await parts.kernel.past.fork(run, 'then', 'operator:test');
      await drive(parts, fork.run);
      expect(endOf(await parts.log.readStream(`run/${fork.run}`))?.output).toEqual(left);
      expect((await parts.kernel.past.replay(fork.run)).status).toBe('identical');
    }),
  );

  test('whose own value or steps fail hands its step to a person', async () => {
    const broken = [{ value: { $expr: '1 / 0' } }, { ...instead, value: { $expr: '1 / 0' } }];
    for (const caught of broken) {
      await inRun({ ...until, catch: caught }, async (parts, run, events) => {
        const failed = events.filter(({ type }) => type === 'step.failed').at(-1);
        expect(failed?.data.failure).toMatchObject({ message: '"1 / 0": division by zero' });
        expect((await parts.kernel.rest(run)).waitingFor).toBe('answer');
        expect((await parts.kernel.past.replay(run)).status).toBe('identical');
      });
    }
  });

  test('does not make the words of a failure, which may quote somebody, worth more', async () => {
    const quoting = { ...add('other', { $expr: 'size(error.message)' }) };
    for (const caught of [{ do: [quoting] }, { value: { $expr: 'error.message' } }]) {
      await inRun({ ...until, catch: caught }, async (_parts, _run, events) => {
        expect(endOf(events)?.labels).toMatchObject({ base: { integrity: 'counterparty' } });
      });
    }
  });
});

describe('a log from before a catch ended its step', () => {
  /** as it was written then: the condition failed once more, and somebody was asked */
  const olderTail = (failed: JsonObject): readonly (readonly [string, JsonObject])[] => [
    ['step.failed', failed],
    ['step.waiting', { for: 'answer', step: 'x', words: `x did not work: ${words}` }],
    ['run.waiting', { for: 'answer', words: `x did not work: ${words}` }],
    ['wait.ended', { how: 'answer', step: 'x' }],
    ['run.resumed', { because: 'You answered.' }],
    ['step.skipped', { because: 'You skipped it.', step: 'x' }],
  ];

  function olderLog(
    { log }: Travel,
    events: readonly StoredEvent[],
    newer: { readonly hasFact: boolean },
  ): ReplayPorts['log'] {
    const caught = events.findIndex(({ data }) => data.step === 'x/catch/other');
    const failed = events.find(({ type }) => type === 'step.failed')?.data ?? {};
    const rest = events.slice(caught + 2); // without the end of `x`
    const head = events.slice(0, caught + 1).map((event) => {
      const { instead: _, labels: __, ...data } = event.data;
      const isOlder = data.catches !== undefined && !newer.hasFact;
      return isOlder ? { ...event, data } : event;
    });
    const [shape] = rest;
    if (!shape) expect.unreachable('the run goes on');
    const tail = olderTail(failed).map(([type, data]) => ({ ...shape, type, data }));
    const all = [...head, ...tail, ...rest].map((event, index) => ({
      ...event,
      ...{ seq: (events[0]?.seq ?? 0) + index, version: index + 1 },
    }));
    return {
      fold: log.fold,
      readStream: async (_stream, options = {}) =>
        all.filter(({ version }) => version > (options.after ?? 0)).slice(0, options.limit),
    };
  }

  test('replays as it happened, and with the new fact in it, it does not', () =>
    inRun({ ...until, catch: instead }, async (parts, run, events) => {
      const ports: Omit<ReplayPorts, 'log'> = {
        ...{ blobs: parts.blobs, registry: parts.registry, playbooks: parts.kernel.playbooks },
        zone: () => 'Europe/Berlin',
      };
      const replayIn = (log: ReplayPorts['log']) => replayRun({ ...ports, log }, run);
      const older = await replayIn(olderLog(parts, events, { hasFact: false }));
      expect(older).toMatchObject({ status: 'identical', events: events.length + 5 });
      const newer = await replayIn(olderLog(parts, events, { hasFact: true }));
      expect(newer.divergence?.step).toBe('x');
    }));
});

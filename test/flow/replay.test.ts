import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRegistry } from '../../src/agent/index.ts';
import type { Id, JsonObject } from '../../src/base/index.ts';
import { OWN } from '../../src/contract/index.ts';
import { type Replay, type ReplayPorts, replayRun } from '../../src/kernel/replay/index.ts';
import { type Composed, withHome } from '../support/compose-kernel.ts';
import { askForInvoice, driveInvoice, openInvoiceHome } from '../support/invoice-flow.ts';
import {
  agentsOf,
  closedRegistry,
  createWorld,
  drive,
  postOf,
  start,
  type Travel,
  travel,
} from './time-travel-kit.ts';

/** Reads only; whoever touches anything else of the log fails the test. */
function portsOf(composed: Composed, registry = composed.registry): ReplayPorts {
  const { log, blobs, kernel } = composed;
  return {
    log: { readStream: log.readStream, fold: log.fold },
    blobs: { get: blobs.get },
    registry,
    playbooks: kernel.playbooks,
    zone: () => 'Europe/Berlin',
  };
}

async function replayed(parts: Travel, run: Id, addend = 1): Promise<Replay> {
  const before = parts.log.head().seq;
  const result = await replayRun(portsOf(parts, closedRegistry(addend)), run);
  expect(parts.log.head().seq).toBe(before);
  return result;
}

const input = { to: 'ann@example.org', n: 1 };

describe('replaying', () => {
  test.each(['answer', 'approval', 'time', undefined])(
    'a run that rests (%s) replays to the same decisions without one live call',
    (until) =>
      travel(async (parts) => {
        const { id } = await start(parts, 'letters', input);
        const row = await drive(parts, id, until);
        const touched = { ...parts.world };
        const replay = await replayed(parts, id);
        expect(replay).toMatchObject({ status: 'identical' });
        const events = await parts.log.readStream(`run/${id}`);
        expect(replay.events).toBe(events.length);
        expect(replay.executed).toBe(4);
        if (until === undefined) expect([row.status, replay.effects]).toEqual(['done', 2]);
        expect(parts.world).toEqual(touched);
      }),
  );

  test('a run whose memory was thrown away after every turn replays the same', () =>
    travel(
      async (parts) => {
        const { id } = await start(parts, 'letters', input);
        await drive(parts, id);
        expect(await replayed(parts, id)).toMatchObject({ status: 'identical' });
      },
      { evictAlways: true },
    ));

  test('changed code of a pure step is the first divergence, with both sides', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id);
      const replay = await replayed(parts, id, 2);
      expect(replay.status).toBe('diverged');
      expect(replay.divergence).toMatchObject({
        step: 'sum',
        expected: { output: { n: 2 } },
        found: { output: { n: 3 } },
      });
      const at = await parts.log.read({ after: (replay.divergence?.seq ?? 0) - 1, limit: 1 });
      expect(at[0]).toMatchObject({ type: 'step.completed', data: { step: 'sum' } });
    }));

  test.each([
    ['a record', 'find'],
    ['a new id', 'newId'],
  ])('a pure step that asks for %s gets none, and that is said', (what, port) =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id);
      const world = createWorld();
      const agents = agentsOf(world).map((agent) =>
        agent.contract.name === 'math.add'
          ? {
              ...agent,
              run: async (...[, context]: Parameters<typeof agent.run>) => {
                if (port === 'newId') context.newId();
                else await context.records.find('party', 'x');
                return { output: { n: 2 } };
              },
            }
          : agent,
      );
      const registry = createRegistry(agents, [postOf(world)]);
      const { divergence } = await replayRun(portsOf(parts, registry), id);
      expect(divergence).toMatchObject({
        found: { failure: { code: 'replay_miss', what } },
      });
    }),
  );

  test('a condition that comes out differently is named, not worked around', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id);
      const forged = forge(parts, id, (event) =>
        event.type === 'step.skipped' && event.data.step === 'big'
          ? { ...event, data: { ...event.data, because: 'No reason.' } }
          : event,
      );
      const replay = await replayRun({ ...portsOf(parts), log: forged }, id);
      expect(replay.divergence).toMatchObject({ step: 'big' });
    }));

  test('a decision that is missing in the log is found', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id, 'time');
      for (const [type, step] of [
        ['step.skipped', 'big'],
        ['step.expanded', 'parts'],
        ['step.waiting', 'confirm'],
        ['step.started', 'parts/1/keep'],
        ['step.started', 'first'],
        ['step.completed', 'parts'],
        ['step.waiting', 'pause'],
      ]) {
        const forged = forge(parts, id, (event) =>
          event.type === type && event.data.step === step ? undefined : event,
        );
        const { status } = await replayRun({ ...portsOf(parts), log: forged }, id);
        expect([type, step, status]).toEqual([type, step, 'diverged']);
      }
    }));

  test('swapped decisions and invented ones are found', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id);
      const swapped = forge(parts, id, (event, events) => {
        const [a, b] = ['parts/0/keep', 'parts/1/keep'].map((path) =>
          events.find(({ type, data }) => type === 'step.started' && data.step === path),
        );
        if (event === a && b) return { ...event, data: b.data };
        return event === b && a ? { ...event, data: a.data } : event;
      });
      expect(await replayRun({ ...portsOf(parts), log: swapped }, id)).toMatchObject({
        divergence: { step: 'parts/1/keep' },
      });
      const invented = forge(parts, id, (event) =>
        event.type === 'step.skipped' && event.data.step === 'big'
          ? { ...event, type: 'step.started', data: { step: 'big', attempt: 1 } }
          : event,
      );
      expect(await replayRun({ ...portsOf(parts), log: invented }, id)).toMatchObject({
        divergence: { step: 'big' },
      });
    }));

  test('a live step and a question that would be given something else now are found', () =>
    travel(
      async (parts) => {
        const { id } = await start(parts, 'given', { n: 1, to: 'ann' });
        await drive(parts, id);
        const withInput = (changed: JsonObject): ReplayPorts['log'] =>
          forge(parts, id, (event) =>
            event.type === 'plan.decided'
              ? { ...event, data: { ...event.data, input: { n: 1, to: 'ann', ...changed } } }
              : event,
          );
        for (const [changed, step] of [
          [{ to: 'bob' }, 'stock'],
          [{ n: 2 }, 'ask'],
        ] as const) {
          const forged = { ...portsOf(parts), log: withInput(changed) };
          expect((await replayRun(forged, id)).divergence).toMatchObject({ step });
        }
        expect((await replayRun({ ...portsOf(parts), log: withInput({}) }, id)).status).toBe(
          'identical',
        );
      },
      { playbooks: [given] },
    ));

  test.each([1, 3])(
    'a try that failed on something else is found, be it the last or not (%s fail)',
    (failing) =>
      travel(
        async (parts) => {
          parts.world.failing = failing;
          const { id } = await start(parts, 'flaky', { n: 1 });
          await drive(parts, id, 'answer');
          expect((await replayRun(portsOf(parts), id)).status).toBe('identical');
          const log = forge(parts, id, (event) =>
            event.type === 'plan.decided'
              ? { ...event, data: { ...event.data, input: { n: 2 } } }
              : event,
          );
          const [failed] = (await parts.log.readStream(`run/${id}`)).filter(
            ({ type }) => type === 'step.failed',
          );
          expect((await replayRun({ ...portsOf(parts), log }, id)).divergence).toMatchObject({
            ...{ step: 'try', seq: failed?.seq, found: { input: { n: 2 } } },
          });
        },
        { playbooks: [flaky] },
      ),
  );

  test('a log from before inputs were noted replays, and is believed', () =>
    travel(
      async (parts) => {
        const { id } = await start(parts, 'given', { n: 1, to: 'ann' });
        await drive(parts, id);
        let noted = 0;
        const old = forge(parts, id, (event) => {
          const { given: print, ...data } = event.data;
          if (print !== undefined) noted += 1;
          return { ...event, data };
        });
        expect((await replayRun({ ...portsOf(parts), log: old }, id)).status).toBe('identical');
        expect(noted).toBe(3);
      },
      { playbooks: [given] },
    ));

  test('a log from before a bound was noted replays, and one that denies it does not', () =>
    travel(
      async (parts) => {
        const { id } = await start(parts, 'rounds', {});
        await drive(parts, id);
        const told = (unmet?: JsonObject) =>
          forge(parts, id, ({ data: { unmet: noted, ...data }, ...event }) => {
            const said = noted === undefined || !unmet ? {} : { unmet };
            return { ...event, data: { ...data, ...said } };
          });
        const replayIn = (log: ReplayPorts['log']) => replayRun({ ...portsOf(parts), log }, id);
        expect((await replayIn(parts.log)).status).toBe('identical');
        expect((await replayIn(told())).status).toBe('identical');
        const denied = await replayIn(told({ rounds: 1, until: 'round > 9' }));
        expect(denied.divergence).toMatchObject({ step: 'rounds' });
      },
      { playbooks: [rounds] },
    ));

  test('an effect whose input would be another one now is found', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id);
      const forged = forge(parts, id, (event) =>
        event.type === 'step.completed' && event.data.step === 'confirm'
          ? { ...event, data: { ...event.data, output: { text: 'something else' } } }
          : event,
      );
      expect(await replayRun({ ...portsOf(parts), log: forged }, id)).toMatchObject({
        divergence: { step: 'first', found: { text: 'something else' } },
      });
    }));

  test('retries, failures that the plan deals with and tasks for a person replay the same', () =>
    travel(
      async (parts) => {
        for (const failing of [0, 1, 2, 9]) {
          parts.world.failing = failing;
          const { id } = await start(parts, 'troubles', { n: failing });
          await drive(parts, id);
          parts.world.failing = 0;
          expect([failing, await replayed(parts, id)]).toEqual([
            failing,
            expect.objectContaining({ status: 'identical' }),
          ]);
        }
      },
      { playbooks: [troubles] },
    ));

  test('a cancelled run replays, and so does one that a restart interrupted', () =>
    withHome(async (home) => {
      const first = await openInvoiceHome({ home });
      const { id } = await askForInvoice(first);
      await first.kernel.close();
      await first.log.close();
      const second = await openInvoiceHome({ home });
      const done = await driveInvoice(second);
      const { divergence, ...replay } = await replayRun(portsOf(second), done.id);
      expect(divergence).toBeUndefined();
      expect(replay).toMatchObject({ run: id, status: 'identical', effects: 2 });
      const other = await askForInvoice(second, 'Linz', { again: true }).catch(() => undefined);
      if (other) await second.kernel.cancel(other.id, 'not this time', 'operator:test');
      if (other)
        expect(await replayRun(portsOf(second), other.id)).toMatchObject({ status: 'identical' });
      await second.close();
    }));

  test('a record that was changed since is read as it was', () =>
    travel(
      async (parts) => {
        const party = parts.newId();
        const by = { by: 'operator:test', label: OWN };
        await parts.kernel.change(
          [
            {
              ...{ type: 'create', record: 'party', id: party },
              set: { kinds: ['customer'], name: 'Acme', email: 'old@acme.example' },
            },
          ],
          by,
        );
        const { id } = await start(parts, 'lookup', { party });
        await parts.kernel.change(
          [{ type: 'change', record: 'party', id: party, set: { email: 'new@acme.example' } }],
          by,
        );
        expect(await replayed(parts, id)).toMatchObject({ status: 'identical', executed: 1 });
      },
      { playbooks: [lookup], agents: () => [] },
    ));

  test('waits for events replay, and a forged one is found', () =>
    travel(
      async (parts) => {
        const { kernel } = parts;
        const party = parts.newId();
        const by = { by: 'operator:test', label: OWN };
        const rename = (name: string) =>
          kernel.change([{ type: 'change', record: 'party', id: party, set: { name } }], by);
        await kernel.change(
          [{ type: 'create', record: 'party', id: party, set: { name: 'A' } }],
          by,
        );
        const { id } = await start(parts, 'listen', { name: 'B' });
        await rename('C');
        await kernel.rest(id);
        expect((await kernel.reasons(id))[0]?.for).toBe('event');
        await rename('B');
        await expect.poll(async () => (await kernel.rest(id)).waitingFor).toBe('time');
        expect(await replayed(parts, id)).toMatchObject({ status: 'identical' });
        const output = { timedOut: false, event: { set: { name: 'X' } } };
        const forged = forge(parts, id, (event) =>
          event.type === 'step.completed' && event.data.step === 'renamed'
            ? { ...event, data: { ...event.data, output } }
            : event,
        );
        expect(await replayRun({ ...portsOf(parts), log: forged }, id)).toMatchObject({
          divergence: { step: 'renamed', said: 'It would not have waited for this event.' },
        });
      },
      { playbooks: [listen] },
    ));

  test('a run that does not exist or still moves is refused', () =>
    travel(async (parts) => {
      await expect(replayRun(portsOf(parts), 'nothing')).rejects.toMatchObject({
        code: 'not_found',
      });
    }));

  test('every run of a generated plan replays to the same decisions', async () => {
    await fc.assert(
      fc.asyncProperty(planOf, fc.integer({ min: 0, max: 3 }), async (steps, failing) => {
        await travel(
          async (parts) => {
            parts.world.failing = failing;
            const { id } = await start(parts, 'generated', { n: 1 });
            await drive(parts, id);
            parts.world.failing = 0;
            const { status, divergence } = await replayed(parts, id);
            expect([divergence, status]).toEqual([undefined, 'identical']);
          },
          { playbooks: [generated(steps)] },
        );
      }),
      { numRuns: 40 },
    );
  });
});

/** A log in which the run's stream reads otherwise than it was written. */
function forge(
  { log }: Composed,
  run: Id,
  change: (
    event: Awaited<ReturnType<Composed['log']['readStream']>>[number],
    all: Awaited<ReturnType<Composed['log']['readStream']>>,
  ) => Awaited<ReturnType<Composed['log']['readStream']>>[number] | undefined,
): ReplayPorts['log'] {
  return {
    fold: log.fold,
    readStream: async (stream, options) => {
      const events = await log.readStream(stream, options);
      if (stream !== `run/${run}`) return events;
      return events.flatMap((event) => change(event, events) ?? []);
    },
  };
}

/** A read, a record and a question, each given a part of the input. */
const given: JsonObject = {
  ...{ name: 'given', version: 1, title: 'Given', autonomy: 'suggest' },
  input: {
    fields: [
      { name: 'n', kind: 'integer', required: true },
      { name: 'to', kind: 'text', required: true },
    ],
  },
  plan: {
    steps: [
      { id: 'stock', call: 'stock.read@1', with: { of: { $expr: 'input.to' } } },
      { id: 'note', call: 'note.keep@1', with: { text: { $expr: 'stock.items[0]' } } },
      {
        ...{ id: 'ask', with: { n: { $expr: 'input.n' } } },
        ask: { title: 'Well?', form: { fields: [{ name: 'text', kind: 'text' }] } },
      },
    ],
  },
};

const rounds: JsonObject = {
  ...{ name: 'rounds', version: 1, title: 'Rounds', autonomy: 'suggest', input: { fields: [] } },
  plan: {
    steps: [
      {
        id: 'rounds',
        repeat: {
          ...{ max: 2, until: 'round > 9' },
          do: [{ id: 'sum', call: 'math.add@1', with: { n: { $expr: 'round' } } }],
        },
      },
    ],
  },
};

const numberInput: JsonObject = { fields: [{ name: 'n', kind: 'integer', required: true }] };

const flaky: JsonObject = {
  ...{ name: 'flaky', version: 1, title: 'Try', autonomy: 'suggest', input: numberInput },
  plan: { steps: [{ id: 'try', call: 'task.flaky@1', with: { n: { $expr: 'input.n' } } }] },
};

const troubles: JsonObject = {
  ...{ name: 'troubles', version: 1, title: 'Troubles', autonomy: 'suggest', input: numberInput },
  plan: {
    steps: [
      { id: 'flaky', call: 'task.flaky@1', with: { n: { $expr: 'input.n' } } },
      {
        id: 'caught',
        call: 'math.add@1',
        with: { n: { $expr: '1 / (input.n - 1)' } },
        catch: { value: { n: -1 } },
      },
      {
        id: 'dealt',
        call: 'math.add@1',
        with: { n: { $expr: '[1, 2][input.n]' } },
        catch: { do: [{ id: 'instead', call: 'math.add@1', with: { n: 7 } }] },
      },
      {
        id: 'left',
        call: 'math.add@1',
        onFail: 'skip',
        with: { n: { $expr: '1 / (input.n - 2)' } },
      },
      { id: 'needs', call: 'math.add@1', with: { n: { $expr: 'left.n' } } },
      { id: 'task', call: 'math.add@1', with: { n: { $expr: '1 / input.n' } } },
      {
        id: 'again',
        repeat: {
          ...{ max: 4, until: 'more.n > 3' },
          do: [{ id: 'more', call: 'math.add@1', with: { n: { $expr: 'round' } } }],
        },
      },
    ],
  },
};

const listen: JsonObject = {
  ...{ name: 'listen', version: 1, title: 'Listen', autonomy: 'suggest' },
  input: { fields: [{ name: 'name', kind: 'text', required: true }] },
  plan: {
    steps: [
      {
        id: 'renamed',
        wait: { event: 'party.changed', where: 'event.set.name == input.name', for: 'P7D' },
      },
      { id: 'then', call: 'math.add@1', when: '!renamed.timedOut', with: { n: 1 } },
      { id: 'pause', wait: { for: 'P1D' } },
    ],
  },
};

const lookup: JsonObject = {
  ...{ name: 'lookup', version: 1, title: 'Look up', autonomy: 'suggest' },
  input: { fields: [{ name: 'party', kind: 'record', record: 'party', required: true }] },
  plan: {
    steps: [
      {
        id: 'mail',
        call: 'stock.read@1',
        with: { of: { $ref: ['party', { $expr: 'input.party' }, 'email'] } },
      },
      {
        id: 'sized',
        call: 'math.add@1',
        with: { n: { $expr: 'size(mail.items)' } },
      },
    ],
  },
};

type StepKind =
  | 'pure'
  | 'read'
  | 'record'
  | 'flaky'
  | 'each'
  | 'repeat'
  | 'ask'
  | 'wait'
  | 'send'
  | 'bad';

const planOf: fc.Arbitrary<
  readonly { readonly kind: StepKind; readonly of: number; readonly when: boolean }[]
> = fc.array(
  fc.record({
    kind: fc.constantFrom<StepKind>(
      ...([
        'pure',
        'read',
        'record',
        'flaky',
        'each',
        'repeat',
        'ask',
        'wait',
        'send',
        'bad',
      ] as const),
    ),
    of: fc.nat({ max: 9 }),
    when: fc.boolean(),
  }),
  { minLength: 1, maxLength: 9 },
);

/** Each step may read a number that an earlier one has made, or the input. */
function generated(
  steps: readonly { readonly kind: StepKind; readonly of: number; readonly when: boolean }[],
): JsonObject {
  const numbers = ['input.n'];
  const made = steps.map(({ kind, of, when }, index): JsonObject => {
    const id = `s${index}`;
    const n = numbers[of % numbers.length] ?? 'input.n';
    if (kind === 'pure' || kind === 'flaky') numbers.push(`${id}.n`);
    return {
      id,
      onFail: of % 2 === 0 ? 'skip' : 'ask',
      ...(when ? { when: `${n} < 3` } : {}),
      ...bodyOf(kind, n),
    };
  });
  return {
    ...{
      name: 'generated',
      version: 1,
      title: 'Generated',
      autonomy: 'suggest',
      input: numberInput,
    },
    plan: { steps: made },
  };
}

function bodyOf(kind: StepKind, n: string): JsonObject {
  const add = { id: 'add', call: 'math.add@1', with: { n: { $expr: n } } };
  switch (kind) {
    case 'pure':
      return { call: 'math.add@1', with: { n: { $expr: n } } };
    case 'read':
      return { call: 'stock.read@1', with: { of: { $expr: `string(${n})` } } };
    case 'record':
      return { call: 'note.keep@1', with: { text: { $expr: `string(${n})` } } };
    case 'flaky':
      return { call: 'task.flaky@1', with: { n: { $expr: n } } };
    case 'each':
      return { each: { over: [1, 2, 3], as: 'item', parallel: 2, do: [{ ...add, id: 'inner' }] } };
    case 'repeat':
      return { repeat: { max: 3, until: 'round > 1', do: [{ ...add, id: 'inner' }] } };
    case 'ask':
      return { ask: { title: 'Well?', form: { fields: [{ name: 'text', kind: 'text' }] } } };
    case 'wait':
      return { wait: { for: 'P1D' } };
    case 'send':
      return {
        call: 'post.send@1',
        with: {
          ...{ to: 'ann@example.org', text: { $expr: `string(${n})` } },
          amount: { minor: { $expr: n }, currency: 'EUR' },
        },
      };
    case 'bad':
      return { call: 'math.add@1', with: { n: { $expr: `1 / (${n} - 1)` } } };
  }
}

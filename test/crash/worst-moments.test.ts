import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agent/index.ts';
import { type JsonObject, LIMITS } from '../../src/base/index.ts';
import type { Connector } from '../../src/connect/index.ts';
import {
  type CapabilityContract,
  type CarriedChange,
  failure,
  PUBLIC,
} from '../../src/contract/index.ts';
import { effectsFold, itemsFold, runsFold } from '../../src/kernel/index.ts';
import { parkRun } from '../../src/kernel/run/park.ts';
import type { Log } from '../../src/log/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { createHandClock } from '../support/hand-clock.ts';
import { decideCard, signEffects, typedBy } from '../support/operator.ts';

const contract: CapabilityContract = {
  ...{ name: 'post.send', version: 1, title: 'Send a letter', effect: 'reversible' },
  ...{ connector: 'post', idempotency: 'keyed', failures: {}, reads: {}, timeoutMs: 120_000 },
  ...{ cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
  input: z.strictObject({ to: z.string() }),
  output: z.looseObject({ letter: z.string() }),
  roles: { to: 'destination' },
};
/** Keeps whoever asks waiting until it is opened. */
function gate() {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}
/** Holds what begins to go out, and says when it is about to. */
function commitGate() {
  const [about, go] = [gate(), gate()];
  const beforeIt = () => {
    about.open();
    return go.passed;
  };
  return { about, go, beforeIt };
}
/** Can take a letter back, and cannot say afterwards whether it took one. */
function post(
  onCommit: () => Promise<void> = async () => undefined,
  carries: readonly CarriedChange[] = [],
) {
  const sent: string[] = [];
  const connector: Connector = {
    ...{ name: 'post', version: 1, contracts: [contract] },
    finalise: async ({ input, key }) => {
      const { to } = contract.input.parse(input.value) as { to: string };
      return {
        ...{ account: 'main', summary: `Send to ${to}`, to: [to], amount: null, parts: [] },
        ...{ carries, undo: { possible: true, how: 'called back' } },
        ...{ preview: { text: to, blobs: [] }, output: { letter: key.slice(0, 8) } },
      };
    },
    undo: (effect) => ({ capability: 'post.send@1', input: { to: `undo-${effect.to[0]}` } }),
    commit: async ({ to: [to = ''] }) => {
      await onCommit();
      sent.push(to);
      return { status: 'committed', receipt: { said: 'sent', provider: {} } };
    },
    probe: async () => ({ status: 'cannot-tell', message: 'It does not keep a list.' }),
  };
  return { sent, connector };
}
/** Breaks when it is let go. */
const broken = (until: Promise<void>) =>
  defineAgent(
    {
      ...{ name: 'hand.break', version: 1, title: 'Break', effect: 'read' },
      ...{ idempotency: 'idempotent', roles: {}, reads: {}, timeoutMs: 120_000, failures: {} },
      ...{ cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
      input: z.strictObject({}),
      output: z.strictObject({}),
    },
    async () => {
      await until;
      throw failure('capability_failed', 'broken');
    },
  );
/** Brings what a page says; the test says what that is. */
let said: { readonly [name: string]: string } = {};
const page = defineAgent(
  {
    ...{ name: 'page.read', version: 1, title: 'Read a page', effect: 'read' },
    ...{ idempotency: 'idempotent', roles: {}, reads: {}, timeoutMs: 120_000, failures: {} },
    ...{ cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
    input: z.strictObject({}),
    output: z.record(z.string(), z.json()),
  },
  () => ({ output: said, labels: { base: PUBLIC } }),
);
const readPage: JsonObject = { id: 'page', call: 'page.read@1', with: {} };
const book = (name: string, ...steps: JsonObject[]): JsonObject => ({
  ...{ name, version: 1, title: name, autonomy: 'suggest', plan: { steps } },
  input: { fields: [] },
});
const send = { id: 'out', call: 'post.send@1', with: { to: 'ann@example.org' } };
const playbooks = [
  book('asks', { id: 'ask', lock: 'one', ask: { title: 'W', form: { fields: [] } } }),
  book('reads', readPage, {
    id: 'ask',
    ask: { title: 'W', form: { fields: [] } },
    after: ['page'],
  }),
  book('picky', {
    id: 'w',
    wait: { event: 'party.created', where: 'event.fields.notes.size() > 3', for: 'P9D' },
  }),
  book('plain', { id: 'w', wait: { event: 'party.created', for: 'P9D' } }),
  book('crowd', send, {
    ...{ id: 'all', after: [] },
    each: {
      over: Array.from({ length: 1_000 }, () => 1),
      as: 'n',
      parallel: 1_000,
      do: [{ ...send, id: 'each' }],
    },
  }),
  book(
    'long',
    send,
    { id: 'many', each: { over: Array.from({ length: 1_000 }, () => 1), as: 'n', do: [readPage] } },
    { id: 'later', wait: { for: 'P1D' } },
  ),
  book('send', send),
  book('send-break', send, { id: 'break', call: 'hand.break@1', with: {}, after: ['out'] }),
  book(
    'send-beside-break',
    send,
    { id: 'later', wait: { for: 'PT1S' }, after: [] },
    { id: 'break', call: 'hand.break@1', with: {}, after: ['later'] },
  ),
  book('send-wait', send, { id: 'later', wait: { for: 'P1D' } }),
  book(
    'send-fail',
    send,
    { id: 'later', wait: { for: 'PT1S' }, after: [] },
    { id: 'break', call: 'hand.break@1', with: {}, after: ['later'], onFail: 'fail' },
  ),
];
async function begin({ kernel }: Pick<Composed, 'kernel'>, name: string): Promise<string> {
  const goal = { words: name, playbook: name, input: {}, by: 'op:x' };
  return (await kernel.submit({ ...goal, again: true })).run;
}
async function effectsOf({ log }: Composed, run: string) {
  const rows = await log.fold(effectsFold).list({ index: 'run', equals: run });
  return rows.map(({ row }) => row);
}
/** Does something before, or instead of, every append with an event of this type. */
const on =
  (type: string, meet: () => Promise<void> | undefined) =>
  (log: Log): Log => ({
    ...log,
    append: async (batch, options) => {
      if (batch.some(({ events }) => events.some((event) => event.type === type))) await meet();
      return log.append(batch, options);
    },
  });

async function signFirst(parts: Composed): Promise<void> {
  await expect.poll(async () => (await parts.kernel.items.list()).length).toBe(1);
  await decideCard(parts, (await parts.kernel.items.list())[0]?.id ?? '');
}

async function statuses(parts: Composed, run: string) {
  return (await effectsOf(parts, run)).map(({ status }) => status);
}

test('a run that never came to be, on a full disk, holds no place in the line for a key', () =>
  withHome(async (home) => {
    let isFull = false;
    const refuse = () =>
      isFull ? Promise.reject(failure('disk_full', 'There is no space left.')) : undefined;
    const parts = await composeKernel({
      ...{ home, store: 'memory', playbooks, wrapLog: on('intent.recorded', refuse) },
    });
    const { kernel } = parts;
    const first = await begin(parts, 'asks');
    await kernel.rest(first);
    isFull = true;
    await expect(begin(parts, 'asks')).rejects.toMatchObject({ code: 'disk_full' });
    isFull = false;
    expect(kernel.locks()[0]?.queue).toEqual([]);
    await kernel.cancel(first, 'no', 'operator:test');
    const next = await begin(parts, 'asks');
    expect((await kernel.rest(next)).waitingFor).toBe('answer');
    expect(kernel.locks()[0]?.holder.run).toBe(next);
    await parts.close();
  }));

test('a run that is cancelled twice is taken back once', () =>
  withHome(async (home) => {
    const { sent, connector } = post();
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks },
    });
    const { kernel, log } = parts;
    const run = await begin(parts, 'send-wait');
    await signFirst(parts);
    await kernel.rest(run);
    expect(sent).toHaveLength(1);
    const cancel = () => kernel.cancel(run, 'no', 'operator:test');
    const both = await Promise.allSettled([cancel(), cancel()]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(cancel()).rejects.toMatchObject({ code: 'already_decided' });
    const rows = await log.fold(runsFold).list({});
    expect(rows.filter(({ row }) => row.compensates === run)).toHaveLength(1);
    await parts.close();
  }));

test.each(['task', 'parked run'])(
  'cancelling by the answer to a %s takes back what was done',
  (what) =>
    withHome(async (home) => {
      const { sent, connector } = post();
      const parts = await composeKernel({
        ...{ home, store: 'memory', connectors: [connector], playbooks },
        agents: [broken(Promise.resolve())],
      });
      const { kernel, log } = parts;
      const run = await begin(parts, what === 'task' ? 'send-break' : 'send-wait');
      await signFirst(parts);
      await kernel.rest(run);
      if (what !== 'task')
        await kernel.runner.within(run, async (turn) => parkRun(turn, 'It stood still.'));
      const [item] = await kernel.items.list();
      const cancel = () =>
        kernel.items.answer(item?.id ?? '', { action: 'cancel' }, typedBy('operator:test'));
      const both = await Promise.allSettled([cancel(), cancel()]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect((await log.fold(runsFold).get(run))?.status).toBe('compensating');
      expect((await log.fold(itemsFold).get(item?.id ?? ''))?.end).toBe('answered');
      await signFirst(parts);
      await expect.poll(async () => (await log.fold(runsFold).get(run))?.status).toBe('cancelled');
      expect(sent).toEqual(['ann@example.org', 'undo-ann@example.org']);
      expect(await statuses(parts, run)).toEqual(['undone']);
      const backs = (await log.fold(runsFold).list({})).filter(
        ({ row }) => row.compensates === run,
      );
      expect(backs).toHaveLength(1);
      await parts.close();
    }),
);

test('what is being taken back by itself is not taken back again when its run is cancelled', () =>
  withHome(async (home) => {
    const { sent, connector } = post();
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks },
    });
    const { kernel, log } = parts;
    const run = await begin(parts, 'send-wait');
    await signFirst(parts);
    await kernel.rest(run);
    const undo = await kernel.undo((await effectsOf(parts, run))[0]?.hash ?? '', 'operator:test');
    await kernel.rest(undo.run);
    await kernel.cancel(run, 'no', 'operator:test');
    const rows = await log.fold(runsFold).list({});
    const backs = rows.filter(({ row }) => row.compensates === run);
    expect(backs.map(({ row }) => row.id)).toEqual([undo.run]);
    expect(await statuses(parts, undo.run)).toEqual(['finalised']);
    await signFirst(parts);
    await kernel.rest(undo.run);
    expect([sent.length, await statuses(parts, run)]).toEqual([2, ['undone']]);
    await parts.close();
  }));

test('what goes out while its run is being cancelled keeps its receipt, and is taken back', () =>
  withHome(async (home) => {
    const [busy, out] = [gate(), gate()];
    const { about, go, beforeIt } = commitGate();
    const { sent, connector } = post(() => out.passed);
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks },
      wrapLog: on('effect.committing', beforeIt),
    });
    const { kernel } = parts;
    const run = await begin(parts, 'send-wait');
    await signFirst(parts);
    await about.passed;
    // the run is at something else while the cancel looks whether anything is on its way
    const occupied = kernel.runner.within(run, () => busy.passed);
    const cancelled = kernel.cancel(run, 'no', 'operator:test');
    await settled();
    go.open();
    await expect.poll(() => statuses(parts, run)).toEqual(['committing']);
    busy.open();
    await occupied;
    await settled();
    out.open();
    await cancelled;
    expect([sent.length, await statuses(parts, run)]).toEqual([1, ['committed']]);
    expect((await parts.log.fold(runsFold).get(run))?.status).toBe('compensating');
    await parts.close();
  }));

test('what begins to go out in the very moment it would be withdrawn is not withdrawn', () =>
  withHome(async (home) => {
    const { about, go, beforeIt } = commitGate();
    const { sent, connector } = post();
    let cancels = false;
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks },
      wrapLog: (log) => {
        const held = on('effect.committing', beforeIt)(log);
        return {
          ...held,
          // the cancel has seen that nothing is on its way, and asks for the version it will build on
          streamVersion: async (stream) => {
            if (cancels && stream.startsWith('effect/')) {
              cancels = false;
              go.open();
              await expect.poll(() => statuses(parts, run)).not.toEqual(['approved']);
            }
            return held.streamVersion(stream);
          },
        };
      },
    });
    const run = await begin(parts, 'send-wait');
    await signFirst(parts);
    await about.passed;
    cancels = true;
    await parts.kernel.cancel(run, 'no', 'operator:test');
    expect([sent.length, await statuses(parts, run)]).toEqual([1, ['committed']]);
    expect((await parts.log.fold(runsFold).get(run))?.status).toBe('compensating');
    await parts.close();
  }));

test('an answer that cancels while something goes out is not lost, and neither is the receipt', () =>
  withHome(async (home) => {
    const [busy, out] = [gate(), gate()];
    const { about, go, beforeIt } = commitGate();
    const { sent, connector } = post(() => out.passed);
    const clock = createHandClock();
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks, clock },
      agents: [broken(Promise.resolve())],
      wrapLog: on('effect.committing', beforeIt),
    });
    const { kernel, log } = parts;
    const run = await begin(parts, 'send-beside-break');
    await signFirst(parts);
    await about.passed;
    clock.advance(2_000);
    kernel.runner.wake(run);
    await expect.poll(async () => (await kernel.items.list())[0]?.kind).toBe('task');
    const task = (await kernel.items.list())[0]?.id ?? '';
    const occupied = kernel.runner.within(run, () => busy.passed);
    const cancelled = kernel.items.answer(task, { action: 'cancel' }, typedBy('operator:test'));
    await settled();
    go.open();
    await expect.poll(() => statuses(parts, run)).toEqual(['committing']);
    busy.open();
    await occupied;
    await settled();
    out.open();
    await cancelled;
    expect([sent.length, await statuses(parts, run)]).toEqual([1, ['committed']]);
    expect((await log.fold(runsFold).get(run))?.status).toBe('compensating');
    expect((await log.fold(itemsFold).get(task))?.end).toBe('answered');
    await parts.close();
  }));

test('what is on its way out when its run is put aside keeps its receipt, and can be taken back', () =>
  withHome(async (home) => {
    const out = gate();
    const { sent, connector } = post(() => out.passed);
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks },
    });
    const { kernel, log } = parts;
    const run = await begin(parts, 'send-wait');
    await signFirst(parts);
    await expect.poll(() => statuses(parts, run)).toEqual(['committing']);
    await kernel.runner.within(run, async (turn) => parkRun(turn, 'It stood still.'));
    out.open();
    await expect.poll(() => statuses(parts, run)).toEqual(['committed']);
    expect((await log.fold(runsFold).get(run))?.status).toBe('parked');
    const [item] = await kernel.items.list();
    await kernel.items.answer(item?.id ?? '', { action: 'cancel' }, typedBy('operator:test'));
    expect((await log.fold(runsFold).get(run))?.status).toBe('compensating');
    expect([sent.length, parts.problems]).toEqual([1, []]);
    await parts.close();
  }));

test('a question about a record that was not there is asked once the record is', () =>
  withHome(async (home) => {
    const id = '01990000-0000-7000-8000-000000000001';
    const about = { who: { $ref: ['party', id, 'name'] } };
    const parts = await composeKernel({
      ...{ home, store: 'memory' },
      playbooks: [
        book('about', { id: 'ask', ask: { title: 'W', form: { fields: [] } }, with: about }),
      ],
    });
    const { kernel } = parts;
    const run = await begin(parts, 'about');
    await kernel.rest(run);
    const [task] = await kernel.items.list();
    expect(task?.kind).toBe('task');
    const party = { type: 'create', record: 'party', id, set: { name: 'Zoe' } } as const;
    await kernel.change([party], { by: 'operator:test' });
    await kernel.items.answer(task?.id ?? '', { action: 'retry' }, typedBy('operator:test'));
    await kernel.rest(run);
    const [question] = await kernel.items.list();
    expect(question).toMatchObject({ kind: 'question', body: { facts: { who: 'Zoe' } } });
    await kernel.items.answer(question?.id ?? '', {}, typedBy('operator:test'));
    expect((await kernel.rest(run)).status).toBe('done');
    expect(await kernel.past.replay(run)).toMatchObject({ status: 'identical' });
    await parts.close();
  }));

test('what is on its way out when its run fails keeps its receipt', () =>
  withHome(async (home) => {
    const [out, breaks] = [gate(), gate()];
    const { sent, connector } = post(() => out.passed);
    const clock = createHandClock();
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks, clock },
      agents: [broken(breaks.passed)],
    });
    const { kernel, log } = parts;
    const run = await begin(parts, 'send-fail');
    await signFirst(parts);
    await expect.poll(() => statuses(parts, run)).toEqual(['committing']);
    clock.advance(2_000);
    breaks.open();
    kernel.runner.wake(run);
    await expect.poll(async () => (await log.fold(runsFold).get(run))?.status).toBe('failed');
    out.open();
    await expect.poll(() => statuses(parts, run)).toEqual(['committed']);
    expect([sent.length, parts.problems]).toEqual([1, []]);
    await parts.close();
  }));

test('what a step read is still known to be of its moment when the log refuses its end once', () =>
  withHome(async (home) => {
    const look = gate();
    const slow = defineAgent(
      { ...page.contract, name: 'page.watch', reads: { party: ['name'] } },
      async () => {
        await look.passed;
        return { output: {} };
      },
    );
    let refusals = 1;
    const refuse = () =>
      refusals-- > 0 ? Promise.reject(failure('version_conflict', 'Not this time.')) : undefined;
    const parts = await composeKernel({
      ...{ home, store: 'memory', agents: [slow], wrapLog: on('step.completed', refuse) },
      playbooks: [book('watch', { id: 'page', call: 'page.watch@1', with: {} })],
    });
    const run = await begin(parts, 'watch');
    look.open();
    expect((await parts.kernel.rest(run)).status).toBe('done');
    expect(refusals).toBeLessThan(1);
    const events = await parts.log.readStream(`run/${run}`);
    expect(events.find(({ type }) => type === 'step.completed')?.data.readAt).toEqual(
      expect.any(Number),
    );
    await parts.close();
  }));

test('a run that could not be put aside on a full disk is put aside once there is space', () =>
  withHome(async (home) => {
    const look = gate();
    const slow = defineAgent({ ...page.contract, name: 'page.watch' }, async () => {
      await look.passed;
      return { output: {} };
    });
    const tooLarge = () => Promise.reject(failure('too_large', 'It does not fit.'));
    let refusals = 1;
    const full = () =>
      refusals-- > 0 ? Promise.reject(failure('disk_full', 'There is no space left.')) : undefined;
    const parts = await composeKernel({
      ...{ home, store: 'memory', agents: [slow] },
      wrapLog: (log) => on('run.parked', full)(on('step.completed', tooLarge)(log)),
      playbooks: [book('watch', { id: 'page', call: 'page.watch@1', with: {} })],
    });
    const { kernel } = parts;
    const run = await begin(parts, 'watch');
    look.open();
    await expect.poll(() => parts.problems.length).toBe(1);
    kernel.runner.wake(run);
    await expect.poll(async () => (await parts.log.fold(runsFold).get(run))?.status).toBe('parked');
    expect((await kernel.items.list()).map(({ kind }) => kind)).toEqual(['escalation']);
    await parts.close();
  }));

test('a run that is over is not begun again under its id, and nothing of it is worked out', () =>
  withHome(async (home) => {
    said = { text: 'read' };
    const parts = await composeKernel({
      ...{ home, store: 'memory', agents: [page], playbooks: [book('page', readPage)] },
      evictAlways: false, // without memory the log refuses it as well, after its beginning was decided
    });
    const { kernel } = parts;
    const run = await begin(parts, 'page');
    expect((await kernel.rest(run)).status).toBe('done');
    const beginAgain = vi.fn();
    await expect(kernel.runner.create(run, beginAgain)).rejects.toMatchObject({
      code: 'version_conflict',
    });
    expect(beginAgain).not.toHaveBeenCalled();
    await parts.close();
  }));

test.each(['version_conflict', 'disk_full'] as const)(
  'a receipt that the log refuses once (%s) is written down, not asked for again',
  (code) =>
    withHome(async (home) => {
      const { sent, connector } = post();
      let refusals = 1;
      const refuse = () =>
        refusals-- > 0 ? Promise.reject(failure(code, 'Not this time.')) : undefined;
      const parts = await composeKernel({
        ...{ home, store: 'memory', connectors: [connector], playbooks },
        wrapLog: on('effect.committed', refuse),
      });
      const { kernel } = parts;
      const run = await begin(parts, 'send');
      await signFirst(parts);
      await expect.poll(() => refusals).toBeLessThan(1);
      kernel.runner.wake(run);
      await expect.poll(() => statuses(parts, run)).toEqual(['committed']);
      expect((await kernel.rest(run)).status).toBe('done');
      expect(sent).toHaveLength(1);
      expect((await kernel.past.replay(run)).status).toBe('identical');
      await parts.close();
    }),
);

test('what went out is done, and you are told, also where your records refuse to say so', () =>
  withHome(async (home) => {
    const command = { type: 'change', set: { notes: 'Written to.' } };
    const { sent, connector } = post(undefined, [
      { when: 'committed', record: 'party', id: 'gone', command },
    ]);
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks },
    });
    const { kernel } = parts;
    const run = await begin(parts, 'send');
    await signFirst(parts);
    expect((await kernel.rest(run)).status).toBe('done');
    expect([sent.length, await statuses(parts, run)]).toEqual([1, ['committed']]);
    expect((await kernel.past.replay(run)).status).toBe('identical');
    const [told] = await kernel.items.list();
    expect(told?.title).toContain('Send to ann@example.org');
    await kernel.items.answer(told?.id ?? '', { seen: true }, typedBy('operator:test'));
    expect(await kernel.items.list()).toEqual([]);
    expect(parts.problems).toEqual([]);
    await parts.close();
  }));

test('a long run that was being cancelled when the process ended is taken back at the next start', () =>
  withHome(async (home) => {
    const { connector } = post();
    let isFull = false;
    const refuse = () =>
      isFull ? Promise.reject(failure('disk_full', 'There is no space left.')) : undefined;
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks, agents: [page] },
      wrapLog: on('intent.recorded', refuse),
    });
    const { kernel, log } = parts;
    const run = await begin(parts, 'long');
    await signFirst(parts);
    expect((await kernel.rest(run)).waitingFor).toBe('time');
    expect(await log.streamVersion(`run/${run}`)).toBeGreaterThan(LIMITS.pageRows);
    isFull = true; // the run that takes back cannot begin
    await expect(kernel.cancel(run, 'no', 'operator:test')).rejects.toMatchObject({
      code: 'disk_full',
    });
    isFull = false;
    await kernel.recover();
    await expect.poll(async () => (await kernel.items.list()).length).toBe(1);
    await parts.close();
  }));

test('a run with more effects than a page of them prepares each once, and comes to rest', () =>
  withHome(async (home) => {
    const { connector } = post();
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks },
    });
    const { kernel, log } = parts;
    const run = await begin(parts, 'crowd');
    expect((await kernel.rest(run)).waitingFor).toBe('approval');
    const [card] = await kernel.items.list();
    expect(card?.effects).toHaveLength(1_001);
    const prepared = await log.read({ after: 0, limit: 5_000, types: ['effect.finalised'] });
    expect(prepared).toHaveLength(1_001);
    await parts.close();
  }));

test('cancelling after a thousand effects takes back as many as one run can show, and names the way for the rest', () =>
  withHome(async (home) => {
    const { sent, connector } = post();
    const parts = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector], playbooks },
    });
    const { kernel, log } = parts;
    const run = await begin(parts, 'crowd');
    await kernel.rest(run);
    const [card] = await kernel.items.list();
    const id = card?.id ?? '';
    await expect(decideCard(parts, id)).rejects.toMatchObject({ code: 'too_large' });
    const { effects } = await kernel.items.open(id);
    const some = effects.slice(0, 1_000).map(({ hash }) => hash);
    await kernel.items.decide(id, await signEffects(parts, parts.operator, some), '');
    await expect.poll(() => sent.length, { timeout: 60_000 }).toBe(1_000);
    await kernel.rest(run);
    await kernel.cancel(run, 'no', 'operator:test');
    const back = (await log.fold(runsFold).list({ index: 'compensates', equals: run }))[0]?.row;
    expect((await kernel.rest(back?.id ?? '')).waitingFor).toBe('approval');
    const takesBack = (await effectsOf(parts, back?.id ?? '')).length;
    expect(takesBack).toBeGreaterThan(100);
    const events = await log.readStream(`run/${run}`, { limit: 9_999 });
    const { stays } = events.findLast(({ type }) => type === 'run.compensating')?.data ?? {};
    const said = Array.isArray(stays) ? stays.map(String) : [];
    const more = Number(/^And (\d+) more/.exec(said.at(-1) ?? '')?.[1] ?? 1);
    expect(said.length - 1 + more + takesBack).toBe(1_000);
    expect(said[0]).toMatch(/steward undo [0-9a-f]{64}/);
    await parts.close();
  }));

test('an output that looks like the handle of a file is that output, and never the file', () =>
  withHome(async (home) => {
    const parts = await composeKernel({
      ...{ home, store: 'memory', playbooks, agents: [page], evictAlways: true },
    });
    const { kernel } = parts;
    const secret = await parts.blobs.put(new TextEncoder().encode('{"found": "another one\'s"}'));
    said = { $blob: secret };
    const run = await begin(parts, 'reads');
    expect((await kernel.rest(run)).waitingFor).toBe('answer');
    const [item] = await kernel.items.list();
    await kernel.items.answer(item?.id ?? '', {}, typedBy('operator:test'));
    expect((await kernel.rest(run)).status).toBe('done');
    const events = await parts.log.readStream(`run/${run}`);
    const completed = events.find(
      ({ type, data }) => type === 'step.completed' && data.step === 'page',
    );
    expect(completed?.data.output).not.toEqual(said);
    const handle = String(Object(completed?.data.output).$blob);
    expect(new TextDecoder().decode(await parts.blobs.get(handle))).toBe(JSON.stringify(said));
    expect((await kernel.past.replay(run)).status).toBe('identical');
    expect(parts.problems).toEqual([]);
    await parts.close();
  }));

test('a condition that fails on an event keeps it from nobody else who waits for it', () =>
  withHome(async (home) => {
    const parts = await composeKernel({ home, store: 'memory', playbooks });
    const { kernel } = parts;
    const [picky, plain] = [await begin(parts, 'picky'), await begin(parts, 'plain')];
    for (const run of [picky, plain]) await kernel.rest(run);
    const create = (id: string, set: JsonObject) =>
      kernel.change([{ type: 'create', record: 'party', id, set }], { by: 'operator:test' });
    await create('ann', { name: 'Ann' });
    await expect.poll(async () => (await kernel.rest(plain)).status).toBe('done');
    expect((await kernel.rest(picky)).waitingFor).toBe('event');
    await create('bob', { name: 'Bob', notes: 'long enough' });

    await expect.poll(async () => (await kernel.rest(picky)).status).toBe('done');
    // each condition that could not be asked is told
    expect(parts.problems.map(({ code }) => code)).toEqual(['expression_failed']);
    await parts.close();
  }));

test('a question that ends while it is put off leaves nothing that the clock looks at', () =>
  withHome(async (home) => {
    const clock = createHandClock();
    const parts = await composeKernel({ home, store: 'memory', playbooks, clock });
    const { kernel, log } = parts;
    const run = await begin(parts, 'asks');
    await kernel.rest(run);
    const [item] = await kernel.items.list();
    await kernel.items.snooze(item?.id ?? '', { until: clock.now() + 1_000 }, 'operator:test');
    expect(await log.fold(itemsFold).count({ index: 'snoozed' })).toBe(1);
    await kernel.cancel(run, 'no', 'operator:test');
    expect(await log.fold(itemsFold).count({ index: 'snoozed' })).toBe(0);
    await parts.close();
  }));

/** Lets everything happen that waits for nothing else. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 30));
}

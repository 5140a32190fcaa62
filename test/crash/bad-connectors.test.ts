import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../src/base/index.ts';
import type { Connector, Finalised, Outcome, Probe } from '../../src/connect/index.ts';
import type { CapabilityContract } from '../../src/contract/index.ts';
import { effectsFold } from '../../src/kernel/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { decideCard, typedBy } from '../support/operator.ts';

/** The least time that a connector gets, so that a test of a deadline takes no longer. */
const TIMEOUT_MS = 1_000;
const HUGE = 'x'.repeat(50_000_000);
const never = <T>() => new Promise<T>(() => undefined);
/** What code does that no type has checked. */
const wrong = <T>(value: unknown): T => value as T; // the point of these tests

const contractOf = (name: string): CapabilityContract => ({
  ...{ name: `${name}.send`, version: 1, title: 'Send', effect: 'final', connector: name },
  ...{ idempotency: 'keyed', failures: {}, reads: {}, roles: {}, timeoutMs: TIMEOUT_MS },
  ...{ cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
  input: z.strictObject({}),
  output: z.looseObject({}),
});

const prepared: Finalised = {
  ...{ account: 'main', summary: 'Send a note', to: [], amount: null, parts: [], carries: [] },
  ...{ undo: { possible: false, how: 'Not at all.' }, preview: { text: 'A note', blobs: [] } },
  output: {},
};
const done: Outcome = { status: 'committed', receipt: { said: 'sent', provider: {} } };

type Bad = Partial<Pick<Connector, 'finalise' | 'commit' | 'probe'>>;

/** Each of them is prepared in a way that no card can be made of. */
const UNPREPARED: { readonly [name: string]: Bad['finalise'] } = {
  throws: () => {
    throw new Error('I am broken');
  },
  'rejects with nothing': () => Promise.reject(undefined),
  'never answers': never,
  'answers after its deadline': () => sleep(TIMEOUT_MS * 2, prepared),
  'answers with nothing': async () => wrong<Finalised>(undefined),
  'answers with another type': async () => wrong<Finalised>({ ...prepared, to: 'ann' }),
  'answers with what is not JSON': async () => wrong<Finalised>({ ...prepared, output: () => 1 }),
  'answers with 50 MB': async () => ({ ...prepared, preview: { text: HUGE, blobs: [] } }),
};

test.each(Object.entries(UNPREPARED))(
  'a connection whose preparing %s becomes a task',
  (_, finalise) =>
    withConnector(finalise ? { finalise } : {}, async (composed, run) => {
      expect((await composed.kernel.rest(run)).waitingFor).toBe('answer');
      const [task] = await composed.kernel.items.list();
      expect([task?.kind, task?.step, task?.run]).toEqual(['task', 'send', run]);
      expect((task?.title ?? '').length).toBeLessThan(5_000);
      expect(task?.title).not.toMatch(/undefined|\[object/);
      await composed.kernel.items.answer(task?.id ?? '', { action: 'skip' }, typedBy('operator:x'));
      expect((await composed.kernel.rest(run)).status).toBe('done');
      expect(await statusesOf(composed)).toEqual([]);
    }),
);

test('what is prepared after its deadline reserves no number', async () => {
  let reserved: Promise<unknown> = Promise.resolve('not asked');
  const finalise: Connector['finalise'] = async (_request, ports) => {
    await sleep(TIMEOUT_MS * 1.5);
    reserved = ports.reserveNumber('late').catch(({ code }) => code);
    return prepared;
  };
  await withConnector({ finalise }, async (composed, run) => {
    await composed.kernel.rest(run);
    await sleep(TIMEOUT_MS);
    expect(await reserved).toBe('timed_out');
  });
});

/** Nobody knows what these have done: the other side is asked, and then a person. */
const UNCLEAR: { readonly [name: string]: Bad['commit'] } = {
  throws: () => {
    throw new Error('I am broken');
  },
  'never answers': never,
  'answers after its deadline': () => sleep(TIMEOUT_MS * 2, done),
  'answers with nothing': async () => wrong<Outcome>(undefined),
  'answers with another type': async () => wrong<Outcome>({ status: 'sure' }),
  'leaves the receipt out': async () => wrong<Outcome>({ status: 'committed' }),
};

test.each(Object.entries(UNCLEAR))(
  'a connection whose sending %s is asked, then you are',
  (_, commit) =>
    withConnector(commit ? { commit } : {}, async (composed, run) => {
      await approve(composed, run);
      expect((await composed.kernel.rest(run)).waitingFor).toBe('answer');
      expect(await statusesOf(composed)).toEqual(['unknown']);
      const [question] = await composed.kernel.items.list();
      expect(question?.form).toMatchObject({ fields: [{ name: 'happened' }] });
      await composed.kernel.items.answer(
        question?.id ?? '',
        { happened: 'yes' },
        typedBy('operator:x'),
      );
      expect((await composed.kernel.rest(run)).status).toBe('done');
    }),
);

const MUTE: { readonly [name: string]: Bad['probe'] } = {
  'never answers': never,
  throws: () => {
    throw new Error('I am broken');
  },
  'answers with another type': async () => wrong<Probe>('yes'),
};

test.each(Object.entries(MUTE))(
  'a connection that %s when it is asked what became of it is no proof',
  (_, probe) =>
    withConnector({ commit: never, ...(probe ? { probe } : {}) }, async (composed, run) => {
      await approve(composed, run);
      expect((await composed.kernel.rest(run)).waitingFor).toBe('answer');
      expect(await statusesOf(composed)).toEqual(['unknown']);
    }),
);

test('a connection that answers twice has sent once', () =>
  withConnector(
    {
      commit: () =>
        new Promise((resolve, reject) => {
          resolve(done);
          resolve({ status: 'unknown', message: 'or not' });
          reject(new Error('and a third time'));
        }),
    },
    async (composed, run) => {
      await approve(composed, run);
      expect((await composed.kernel.rest(run)).status).toBe('done');
      expect(await statusesOf(composed)).toEqual(['committed']);
    },
  ));

test('a receipt of 50 MB is kept in short: what happened has happened', () =>
  withConnector(
    { commit: async () => ({ status: 'committed', receipt: { said: HUGE, provider: {} } }) },
    async (composed, run) => {
      await approve(composed, run);
      expect((await composed.kernel.rest(run)).status).toBe('done');
      const [found] = await composed.log.fold(effectsFold).list();
      expect(found?.row.status).toBe('committed');
      expect(JSON.stringify(found?.row.receipt).length).toBeLessThan(5_000);
    },
  ));

async function approve(composed: Composed, run: string): Promise<void> {
  expect((await composed.kernel.rest(run)).waitingFor).toBe('approval');
  const [card] = await composed.kernel.items.list();
  await decideCard(composed, card?.id ?? '');
}

async function statusesOf({ log }: Composed): Promise<readonly string[]> {
  return (await log.fold(effectsFold).list()).map(({ row }) => row.status);
}

/** A run whose one step goes out through a connection that misbehaves, beside one that is well. */
async function withConnector(
  bad: Bad,
  work: (composed: Composed, run: string) => Promise<void>,
): Promise<void> {
  await withHome(async (home) => {
    const connector = (name: string, more: Bad): Connector => ({
      ...{ name, version: 1, contracts: [contractOf(name)] },
      finalise: async () => prepared,
      commit: async () => done,
      probe: async () => ({ status: 'cannot-tell', message: 'It keeps no books.' }),
      ...more,
    });
    const composed = await composeKernel({
      ...{ home, store: 'memory', connectors: [connector('bad', bad), connector('good', {})] },
      playbooks: ['bad', 'good'].map(playbook),
    });
    try {
      const start = (name: string) =>
        composed.kernel.submit({ words: name, playbook: name, by: 'operator:x' });
      const { run } = await start('bad');
      await work(composed, run);
      const good = await start('good');
      expect((await composed.kernel.rest(good.run)).waitingFor).toBe('approval');
      expect(composed.problems).toEqual([]);
    } finally {
      await composed.close();
    }
  });
}

function playbook(name: string): JsonObject {
  const plan = { steps: [{ id: 'send', call: `${name}.send@1` }] };
  return { name, version: 1, title: name, autonomy: 'suggest', input: { fields: [] }, plan };
}

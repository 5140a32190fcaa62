import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { acquireHomeLock } from '../../src/adapter/home-lock.ts';
import { createMemoryStore } from '../../src/adapter/memory-store.ts';
import { defineAgent } from '../../src/agent/index.ts';
import { Failure } from '../../src/contract/index.ts';
import type { Store } from '../../src/log/index.ts';
import { runChild } from '../support/child.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';

test('a process that is stopped keeps its home; one that is killed gives it back', async () => {
  await withHome(async (home) => {
    await runChild(join(import.meta.dirname, 'lock.child.ts'), [home], {
      onReady: (child) => {
        child.kill('SIGSTOP');
        expect(codeOf(() => acquireHomeLock(home))).toBe('home_busy');
        child.kill('SIGKILL');
      },
    });
    const lock = acquireHomeLock(home);
    lock.release();
  });
});

test('a worker that was taken over does not advance the run, with its lock gone too', async () => {
  await withHome(async (home) => {
    const store = createMemoryStore('company-1');
    const zombie = await openWorker(home, 'zombie', store);
    const { run } = await zombie.composed.kernel.submit({
      words: 'work',
      playbook: 'gated',
      by: 'operator:x',
    });
    await zombie.began;
    const heir = await openWorker(home, 'heir', store);
    await heir.began; // taken over: epoch 2, the step is tried again
    const taken = await heir.composed.log.streamVersion(`run/${run}`);
    zombie.finish(); // it wakes up and answers for a try that is not its own any more
    await zombie.composed.kernel.runner.atRest(run);
    zombie.composed.kernel.runner.wake(run);
    await zombie.composed.kernel.runner.atRest(run);
    expect(await heir.composed.log.streamVersion(`run/${run}`)).toBe(taken);
    heir.finish();
    expect((await heir.composed.kernel.rest(run)).status).toBe('done');
    const events = await heir.composed.log.readStream(`run/${run}`);
    const of = (type: string) => events.filter((event) => event.type === type);
    expect(of('run.claimed').map(({ data }) => [data.epoch, data.worker])).toEqual([
      [1, 'zombie'],
      [2, 'heir'],
    ]);
    expect(of('step.started').filter(({ data }) => data.step === 'gate')).toHaveLength(2);
    expect(of('step.completed').map(({ data }) => data.step)).toEqual(['gate', 'after']);
    expect([heir, zombie].flatMap(({ composed }) => composed.problems)).toEqual([]);
    await zombie.composed.close();
    await heir.composed.close();
  });
});

interface Worker {
  readonly composed: Composed;
  /** fulfilled when its gate is being worked on */
  readonly began: Promise<void>;
  readonly finish: () => void;
}

/** Both write to one store, as if nothing but the log itself kept them apart. */
async function openWorker(home: string, worker: string, store: Store): Promise<Worker> {
  const begin = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const shape = z.strictObject({});
  const agent = (name: string, run: () => Promise<void>) =>
    defineAgent(
      {
        name,
        version: 1,
        title: name,
        input: shape,
        output: shape,
        effect: 'record',
        roles: {},
        idempotency: 'idempotent',
        failures: {},
        reads: {},
        timeoutMs: 120_000,
        cost: { microUsd: 0, latencyMs: 1 },
        placement: 'this-machine',
      },
      async () => {
        await run();
        return { output: {} };
      },
    );
  const composed = await composeKernel({
    home,
    worker,
    store,
    agents: [
      agent('work.gate', async () => {
        begin.resolve();
        await gate.promise;
      }),
      agent('work.after', async () => undefined),
    ],
    playbooks: [
      {
        name: 'gated',
        version: 1,
        title: 'Gated',
        autonomy: 'auto',
        input: { fields: [] },
        plan: {
          steps: [
            { id: 'gate', call: 'work.gate@1' },
            { id: 'after', call: 'work.after@1', after: ['gate'] },
          ],
        },
      },
    ],
  });
  return { composed, began: begin.promise, finish: () => gate.resolve() };
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Failure ? error.code : String(error);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { composeKernel, withHome } from '../support/compose-kernel.ts';

const waits: JsonObject = {
  ...{ name: 'waits', version: 1, title: 'Wait', autonomy: 'suggest', input: { fields: [] } },
  plan: { steps: [{ id: 'w', wait: { event: 'party.created', for: 'P9D' } }] },
};

test('what is still being looked for when a home is closed is over before its log is', () =>
  withHome(async (home) => {
    const first = await composeKernel({ home, playbooks: [waits] });
    const goal = { words: 'wait', playbook: 'waits', by: 'operator:test' };
    const { run } = await first.kernel.submit(goal);
    expect((await first.kernel.rest(run)).waitingFor).toBe('event');
    await first.close();

    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const second = await composeKernel({
      ...{ home, playbooks: [waits] },
      // what happened while nobody looked is read beside everything else
      wrapLog: (log) => ({
        ...log,
        read: async (query) => {
          asked.resolve();
          await answered.promise;
          return log.read(query);
        },
      }),
    });
    await asked.promise;
    const closed = second.close().then(() => 'closed');
    expect(await Promise.race([closed, sleep(300, 'waits')])).toBe('waits');
    answered.resolve();
    await closed;
    expect(second.problems).toEqual([]);
  }));

import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agent/index.ts';
import type { JsonObject } from '../../src/base/index.ts';
import { runsFold } from '../../src/kernel/index.ts';
import { composeKernel, withHome } from '../support/compose-kernel.ts';
import { typedBy } from '../support/operator.ts';

/** Takes every process down with it, as far as the log can tell. */
const deadly = defineAgent(
  {
    ...{ name: 'bad.deadly', version: 1, title: 'Die', effect: 'fetch', idempotency: 'idempotent' },
    ...{ roles: {}, reads: {}, failures: {}, timeoutMs: 240_000, placement: 'anywhere' },
    cost: { microUsd: 0, latencyMs: 1 },
    input: z.strictObject({}),
    output: z.strictObject({}),
  },
  () => new Promise(() => undefined),
);
const playbook: JsonObject = {
  ...{ name: 'deadly', version: 1, title: 'Die', autonomy: 'suggest', input: { fields: [] } },
  plan: { steps: [{ id: 'die', call: 'bad.deadly@1', lock: 'one' }] },
};
/** more often than a run is taken up for nothing */
const PROCESSES = 12;

test('a run that takes every process down is put aside, says so, and ends when you say so', () =>
  withHome(async (home) => {
    const parts = { home, agents: [deadly], playbooks: [playbook] };
    const first = await composeKernel(parts);
    const goal = { words: 'die', playbook: 'deadly', by: 'operator:test' };
    const { run } = await first.kernel.submit(goal);
    await expect.poll(() => first.kernel.locks()).toHaveLength(1);
    first.abandon();
    let composed = await composeKernel(parts);
    for (let n = 0; n < PROCESSES; n++) {
      const { log } = composed;
      await expect
        .poll(async () => {
          const events = await log.readStream(`run/${run}`);
          return events.filter(({ type }) => type === 'run.claimed').length;
        })
        .toBe(n + 2);
      if ((await log.fold(runsFold).get(run))?.status === 'parked') break;
      composed.abandon();
      composed = await composeKernel(parts);
    }
    const { kernel, log, close } = composed;
    expect((await log.fold(runsFold).get(run))?.status).toBe('parked');
    const [reason] = (await kernel.reasons(run)).filter((one) => one.for === 'parked');
    expect(reason?.words).toMatch(
      /^It was taken up \d+ times and never got further. Each time it was at: Die \(bad.deadly@1\)\.$/,
    );
    const [item] = await kernel.items.list();
    expect([item?.kind, item?.run]).toEqual(['escalation', run]);
    await kernel.items.answer(item?.id ?? '', { action: 'cancel' }, typedBy('operator:test'));
    await expect.poll(async () => (await log.fold(runsFold).get(run))?.status).toBe('cancelled');
    expect([await kernel.items.list(), kernel.locks()]).toEqual([[], []]);
    await close();
  }));

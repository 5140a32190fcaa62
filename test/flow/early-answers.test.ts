import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { OPERATOR } from '../../src/contract/index.ts';
import { runsFold } from '../../src/kernel/index.ts';
import type { Log } from '../../src/log/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { typedBy } from '../support/operator.ts';

const form = { fields: [{ name: 'text', kind: 'text', required: true }] };
const playbooks: readonly JsonObject[] = [
  {
    ...{ name: 'paid', version: 1, title: 'Wait', autonomy: 'suggest', input: { fields: [] } },
    plan: {
      steps: [
        { id: 'ask', ask: { title: 'Which?', form } },
        {
          id: 'paid',
          wait: { event: 'bell.rung', where: 'event.of == ask.text', for: 'P14D' },
        },
      ],
    },
  },
];

/** Everything that a wait may have to look through, and how much of the log that was. */
interface Reads {
  seqs: number;
  /** events handed back at once */
  most: number;
}

function watched(reads: Reads): (log: Log) => Log {
  return (log) => ({
    ...log,
    read: async (options) => {
      reads.seqs += Math.max(
        0,
        Math.min(options.upTo ?? log.head().seq, log.head().seq) - options.after,
      );
      const events = await log.read(options);
      reads.most = Math.max(reads.most, events.length);
      return events;
    },
  });
}

async function bells({ log }: Composed, type: string, names: readonly string[]): Promise<void> {
  for (let from = 0; from < names.length; from += 2_000) {
    await log.append([
      {
        stream: 'bell/one',
        expectedVersion: 'any',
        events: names.slice(from, from + 2_000).map((of) => ({
          ...{ type, data: { of }, by: 'connector:bell@1', label: OPERATOR },
        })),
      },
    ]);
  }
}

async function begun({ kernel }: Composed): Promise<string> {
  const { run } = await kernel.submit({ words: 'paid', playbook: 'paid', by: 'operator:test' });
  await kernel.rest(run);
  return run;
}

async function waitsNow(parts: Composed, run: string, text: string): Promise<void> {
  const { kernel } = parts;
  const [item] = await kernel.items.list();
  await kernel.items.answer(item?.id ?? '', { text }, typedBy('operator:test'));
  await kernel.rest(run);
}

const crowd = (count: number, name: string) =>
  Array.from({ length: count }, (_, n) => `${name}${n}`);

describe('an answer that came before somebody waited for it', () => {
  test('is found among thousands of others, a page of them in memory at a time', () =>
    withHome(async (home) => {
      const reads: Reads = { seqs: 0, most: 0 };
      const parts = await composeKernel({
        ...{ home, store: 'memory', playbooks, wrapLog: watched(reads) },
      });
      const run = await begun(parts);
      await bells(parts, 'bell.rung', [...crowd(2_500, 'a'), 'mine', ...crowd(2_500, 'b')]);
      Object.assign(reads, { seqs: 0, most: 0 });
      await waitsNow(parts, run, 'mine');
      await expect.poll(async () => (await parts.log.fold(runsFold).get(run))?.status).toBe('done');
      expect(reads.most).toBeLessThanOrEqual(1_000);
      // and nothing behind the one that it was
      expect(reads.seqs).toBeLessThan(4_000);
      expect(parts.problems).toEqual([]);
      await parts.close();
    }));

  test('costs nothing to look for where nothing of its kind happened', () =>
    withHome(async (home) => {
      const reads: Reads = { seqs: 0, most: 0 };
      const parts = await composeKernel({
        ...{ home, store: 'memory', playbooks, wrapLog: watched(reads) },
      });
      const run = await begun(parts);
      await bells(parts, 'horn.blown', crowd(5_000, 'a'));
      reads.seqs = 0;
      await waitsNow(parts, run, 'mine');
      await parts.kernel.rest(run);
      expect((await parts.log.fold(runsFold).get(run))?.waitingFor).toBe('event');
      const { log } = parts;
      await expect.poll(() => log.durableSeq()).toBe(log.head().seq);
      await sleep(50); // it is looked for once the wait is durable
      expect(reads.seqs).toBe(0);
      await bells(parts, 'bell.rung', ['other', 'mine']);
      await expect.poll(async () => (await parts.log.fold(runsFold).get(run))?.status).toBe('done');
      await parts.close();
    }));

  test('is not one from before the run began', () =>
    withHome(async (home) => {
      const parts = await composeKernel({ home, store: 'memory', playbooks });
      await bells(parts, 'bell.rung', ['mine']);
      const run = await begun(parts);
      await waitsNow(parts, run, 'mine');
      await parts.kernel.rest(run);
      expect((await parts.log.fold(runsFold).get(run))?.waitingFor).toBe('event');
      await parts.close();
    }));

  test('is taken although others before it do not have what is asked about', () =>
    withHome(async (home) => {
      const parts = await composeKernel({ home, store: 'memory', playbooks });
      const run = await begun(parts);
      const odd = { type: 'bell.rung', data: {}, by: 'connector:bell@1', label: OPERATOR };
      await parts.log.append([
        { stream: 'bell/one', expectedVersion: 'any', events: [odd, odd, odd] },
      ]);
      await bells(parts, 'bell.rung', ['mine']);
      await waitsNow(parts, run, 'mine');
      await expect.poll(async () => (await parts.log.fold(runsFold).get(run))?.status).toBe('done');
      expect(parts.problems.length).toBeLessThanOrEqual(1);
      await parts.close();
    }));
});

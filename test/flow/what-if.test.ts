import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { forkRun, type WhatIf, whatIf } from '../../src/kernel/replay/index.ts';
import { DAY_MS, HAND_START_MS } from '../support/hand-clock.ts';
import {
  closedRegistry,
  drive,
  forkPorts,
  letters,
  start,
  type Travel,
  travel,
} from './time-travel-kit.ts';

type Steps = readonly JsonObject[];

/** The letters with other steps; a version that was never published. */
function changed(change: (steps: Steps) => Steps): JsonObject {
  const plan = letters.plan as unknown as { readonly steps: Steps };
  return { ...letters, version: 2, plan: { steps: change(plan.steps) } };
}

const replaced =
  (id: string, with_: JsonObject) =>
  (steps: Steps): Steps =>
    steps.map((step) => (step.id === id ? { ...step, ...with_ } : step));

async function asked(
  parts: Travel,
  playbook: JsonObject,
  period: { readonly from?: number; readonly to?: number } = {},
): Promise<WhatIf> {
  const { log, blobs, kernel } = parts;
  const before = [log.head().seq, { ...parts.world }];
  const found = await whatIf(
    {
      log: { readStream: log.readStream, read: log.read, fold: log.fold, company: log.company },
      records: kernel.records,
      ...{ blobs, registry: closedRegistry(), playbooks: kernel.playbooks, zone: () => 'UTC' },
    },
    { from: HAND_START_MS, to: HAND_START_MS + 30 * DAY_MS, ...period, playbook },
  );
  expect([log.head().seq, parts.world]).toEqual(before);
  return found;
}

/** Three runs that went through, one that waits for its answer. */
async function aMonth(parts: Travel): Promise<void> {
  for (const n of [1, 2, 60]) {
    const { id } = await start(parts, 'letters', { to: `p${n}@example.org`, n });
    await drive(parts, id);
  }
  await start(parts, 'letters', { to: 'late@example.org', n: 3 });
}

describe('what if', () => {
  test('a fork answers as its original did for what it took over, questions and waits too', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', { to: 'ann@example.org', n: 1 });
      await drive(parts, id);
      const fork = await forkRun(forkPorts(parts), id, 'second', 'operator:test');
      await drive(parts, fork.run);
      const gone = await asked(
        parts,
        changed((steps) => steps.filter((step) => step.id !== 'second')),
      );
      expect(gone.runs).toBe(2);
      const steps = gone.changed.map(({ run, decisions }) => [run, decisions.map((d) => d.step)]);
      expect(Object.fromEntries(steps)).toEqual({ [id]: ['second'], [fork.run]: ['second'] });
    }));

  test('the same playbook changes nothing, and the figures are those of the log', () =>
    travel(async (parts) => {
      await aMonth(parts);
      const found = await asked(
        parts,
        changed((steps) => steps),
      );
      // n + 1 hundred cents for the first letter, 1 euro for the second, which 60 does not get
      const money = { EUR: 200 + 300 + 6100 + 100 + 100 };
      expect(found).toEqual({
        ...{ runs: 4, left: [], changed: [] },
        effects: { before: 5, after: 5 },
        money: { before: money, after: money },
        approvals: { before: 5, after: 5 },
      });
      expect(parts.world.committed).toHaveLength(5);
    }));

  test('a condition that is tighter takes effects, money and cards away, and says for which runs', () =>
    travel(async (parts) => {
      await aMonth(parts);
      const found = await asked(parts, changed(replaced('second', { when: 'sum.n < 3' })));
      expect(found.effects).toEqual({ before: 5, after: 4 });
      expect(found.money).toEqual({ before: { EUR: 6800 }, after: { EUR: 6700 } });
      expect(found.approvals).toEqual({ before: 5, after: 4 });
      expect(found.changed).toHaveLength(1);
      expect(found.changed[0]).toMatchObject({
        decisions: [
          {
            step: 'second',
            before: { outcome: 'done' },
            after: { outcome: 'skipped' },
            sentence: 'second is skipped (Its condition is not met.); before, it is done.',
          },
        ],
        effects: [{ step: 'second', before: { amount: { minor: 100 } } }],
      });
    }));

  test('another amount is another effect; what needs its result stays open', () =>
    travel(async (parts) => {
      await aMonth(parts);
      const amount = { minor: { $expr: 'sum.n * 1000' }, currency: 'EUR' };
      const found = await asked(
        parts,
        changed(
          replaced('first', {
            with: { to: { $expr: 'input.to' }, text: { $expr: 'confirm.text' }, amount },
          }),
        ),
      );
      expect(found.money.after).toEqual({ EUR: 2000 + 3000 + 61_000 });
      const run = found.changed.find(({ goal }) => goal.includes('p1@'));
      expect(run?.effects).toMatchObject([
        { step: 'first', before: { amount: { minor: 200 } }, after: { amount: { minor: 2000 } } },
        { step: 'second', before: { to: ['p1@example.org'] } },
      ]);
      expect(run?.decisions.find(({ step }) => step === 'first')).toMatchObject({
        after: { outcome: 'calls' },
      });
    }));

  test('a new question would be asked, and nobody guesses its answer', () =>
    travel(async (parts) => {
      await aMonth(parts);
      const question = { title: 'Are you sure?', form: { fields: [] } };
      const found = await asked(
        parts,
        changed((steps) =>
          steps.flatMap((step) =>
            step.id === 'confirm' ? [{ id: 'sure', ask: question }, step] : [step],
          ),
        ),
      );
      expect(found.changed).toHaveLength(4);
      expect(found.effects.after).toBe(0);
      for (const { decisions } of found.changed)
        expect(decisions.find(({ step }) => step === 'sure')).toMatchObject({
          after: { outcome: 'asks', words: 'Are you sure?' },
        });
    }));

  test('a pure step that is new or given something else is worked out', () =>
    travel(async (parts) => {
      await aMonth(parts);
      const found = await asked(
        parts,
        changed((steps) => [
          ...replaced('sum', { with: { n: { $expr: 'input.n + 100' } } })(steps),
          { id: 'more', call: 'math.add@1', with: { n: 41 } },
        ]),
      );
      const [run] = found.changed;
      const after = new Map(run?.decisions.map(({ step, after: is }) => [step, is]));
      expect(after.get('more')).toMatchObject({ outcome: 'done', output: { n: 42 } });
      expect(after.get('sum')).toMatchObject({ outcome: 'done', output: { n: 104 } });
      // over a hundred a note is kept, and no record says what would come of that
      expect(after.get('big')).toMatchObject({ outcome: 'calls', input: { text: 'big' } });
    }));

  test('a step under another name keeps its result when it asks for the same', () =>
    travel(async (parts) => {
      await aMonth(parts);
      const text = JSON.stringify(changed((steps) => steps))
        .replaceAll('"stock"', '"shelf"')
        .replaceAll('stock.items', 'shelf.items');
      const found = await asked(parts, JSON.parse(text));
      expect(found.effects).toEqual({ before: 5, after: 5 });
      for (const { decisions } of found.changed)
        expect(decisions.map(({ step }) => step).sort()).toEqual(['shelf', 'stock']);
    }));

  test('only runs of the period and of this playbook count; one that does not fit is left out aloud', () =>
    travel(async (parts) => {
      await aMonth(parts);
      const { runs } = await asked(
        parts,
        changed((steps) => steps),
        {
          from: HAND_START_MS + DAY_MS,
          to: HAND_START_MS + 5 * DAY_MS,
        },
      );
      expect(runs).toBe(1);
      const fields = [
        { name: 'to', kind: 'text', required: true },
        { name: 'n', kind: 'integer', required: true },
        { name: 'copy', kind: 'text', required: true },
      ];
      const strict = await asked(parts, { ...changed((steps) => steps), input: { fields } });
      expect(strict.runs).toBe(0);
      expect(strict.left[0]?.because).toContain('copy is missing');
      const other = await asked(parts, { ...changed((steps) => steps), name: 'others' });
      expect(other.runs).toBe(0);
      await expect(
        asked(parts, changed(replaced('sum', { with: { n: { $expr: '1 +' } } }))),
      ).rejects.toMatchObject({ code: 'invalid_plan' });
      await expect(
        asked(parts, letters, { from: HAND_START_MS, to: HAND_START_MS }),
      ).rejects.toMatchObject({ code: 'invalid_input' });
    }));

  test('wherever the runs have come to, their own playbook changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            n: fc.integer({ min: -3, max: 120 }),
            until: fc.constantFrom(undefined, 'answer', 'approval', 'time'),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        (runs) =>
          travel(async (parts) => {
            for (const [index, { n, until }] of runs.entries()) {
              const { id } = await start(parts, 'letters', { to: `p${index}@example.org`, n });
              await drive(parts, id, until);
            }
            const found = await asked(parts, letters);
            expect(found).toMatchObject({ runs: runs.length, left: [], changed: [] });
          }),
      ),
      { numRuns: 20 },
    );
  });
});

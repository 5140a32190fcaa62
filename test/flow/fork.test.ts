import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Id, JsonObject } from '../../src/base/index.ts';
import { effectsFold, type RunState, runsFold } from '../../src/kernel/index.ts';
import { forkRun, replayRun } from '../../src/kernel/replay/index.ts';
import { loadRun } from '../../src/kernel/run/load-run.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { typedBy } from '../support/operator.ts';
import { drive, forkPorts, start, travel } from './time-travel-kit.ts';

async function stateOf(parts: Composed, run: Id): Promise<RunState> {
  const { compiled, compileInline } = parts.kernel.playbooks;
  const lookup = { compilePlaybook: compiled, compileInline };
  const state = await loadRun(parts.log, parts.blobs, lookup, run);
  if (!state) throw new Error(`no run ${run}`);
  return state;
}

async function effectsOf({ log }: Composed, run: Id) {
  const rows = await log.fold(effectsFold).list({ index: 'run', equals: run });
  return rows.map(({ row }) => row);
}

async function isIdentical({ log, blobs, registry, kernel }: Composed, run: Id): Promise<void> {
  const { playbooks } = kernel;
  const replay = await replayRun({ log, blobs, registry, playbooks, zone: () => 'UTC' }, run);
  expect([replay.divergence, replay.status]).toEqual([undefined, 'identical']);
}

const input = { to: 'ann@example.org', n: 1 };

describe('forking', () => {
  test('what does not need the step is taken over and never executed again', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id);
      const before = { ...parts.world };
      const fork = await forkRun(forkPorts(parts), id, 'confirm', 'operator:test');
      const row = await parts.kernel.rest(fork.run);
      expect(row).toMatchObject({ status: 'waiting', waitingFor: 'answer', playbook: 'letters@1' });
      expect(parts.world).toEqual(before);
      expect(new Set(fork.taken)).toEqual(
        new Set([
          ...['stock', 'sum', 'big', 'parts'],
          ...[0, 1, 2].flatMap((n) => [`parts/${n}/plus`, `parts/${n}/keep`]),
        ]),
      );
      const events = await parts.log.readStream(`run/${fork.run}`);
      expect(events[0]?.data.forkOf).toEqual({ run: id, step: 'confirm' });
      for (const { type, data } of events) {
        if (type === 'step.completed') expect(data.taken).toMatchObject({ run: id });
      }
      await isIdentical(parts, fork.run);
    }));

  test('a fork never inherits an approval: its effects are prepared, shown and signed anew', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id);
      expect(parts.world.committed).toHaveLength(2);
      const fork = await forkRun(forkPorts(parts), id, 'first', 'operator:test');
      const row = await parts.kernel.rest(fork.run);
      expect(row.waitingFor).toBe('approval');
      expect(parts.world.committed).toHaveLength(2);
      const [original] = await effectsOf(parts, id);
      const [own] = await effectsOf(parts, fork.run);
      expect(own).toMatchObject({ status: 'finalised', approval: null, grant: null });
      expect(own?.key).not.toBe(original?.key);
      expect(own?.hash).not.toBe(original?.hash);
      await drive(parts, fork.run);
      expect(parts.world.committed).toHaveLength(4);
      await isIdentical(parts, fork.run);
    }));

  test('an effect that was committed before the fork point is used and not repeated', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id);
      const { output } = (await stateOf(parts, id)).steps.get('first') ?? {};
      const fork = await forkRun(forkPorts(parts), id, 'pause', 'operator:test');
      const state = await stateOf(parts, fork.run);
      expect(state.steps.get('first')?.output).toEqual(output);
      await drive(parts, fork.run);
      expect(parts.world.committed).toHaveLength(3);
      expect((await effectsOf(parts, fork.run)).map(({ step }) => step)).toEqual(['second']);
      await isIdentical(parts, fork.run);
    }));

  test('cancelling a fork leaves what the original has done alone', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id);
      const fork = await forkRun(forkPorts(parts), id, 'pause', 'operator:test');
      await parts.kernel.rest(fork.run);
      await parts.kernel.cancel(fork.run, 'never mind', 'operator:test');
      const row = await parts.kernel.rest(fork.run);
      expect(row.status).toBe('cancelled');
      expect((await effectsOf(parts, id)).map(({ status }) => status)).toEqual([
        'committed',
        'committed',
      ]);
      await isIdentical(parts, fork.run);
    }));

  test('from inside a loop the other items stay done, and the loop ends anew', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      const records = parts.world.records;
      const fork = await forkRun(forkPorts(parts), id, 'parts/1/keep', 'operator:test');
      await parts.kernel.rest(fork.run);
      expect(parts.world.records).toBe(records + 1);
      expect(fork.taken).not.toContain('parts');
      expect(fork.taken).toContain('parts/0/keep');
      const [one, two] = [await stateOf(parts, id), await stateOf(parts, fork.run)];
      expect(two.steps.get('parts')?.output?.value).toEqual(one.steps.get('parts')?.output?.value);
      await isIdentical(parts, fork.run);
    }));

  test('an answer given after the fork point is asked again, one given before it stays', () =>
    travel(
      async (parts) => {
        const { id } = await start(parts, 'asking', {});
        for (const title of ['First?', 'Apart?', 'Second?']) {
          const items = await parts.kernel.items.list();
          const item = items.find((open) => open.title === title);
          await parts.kernel.items.answer(
            item?.id ?? '',
            { text: title },
            typedBy('operator:test'),
          );
          await parts.kernel.rest(id);
        }
        const late = await forkRun(forkPorts(parts), id, 'second', 'operator:test');
        await parts.kernel.rest(late.run);
        expect(new Set(late.taken)).toEqual(new Set(['sum', 'first']));
        const early = await forkRun(forkPorts(parts), id, 'sum', 'operator:test');
        await parts.kernel.rest(early.run);
        expect(early.taken).toEqual([]);
        const asked = (await parts.kernel.items.list()).filter(({ run }) => run === late.run);
        // `apart` comes after nothing, but its answer came after `second` had begun
        expect(asked.map(({ title }) => title).sort()).toEqual(['Apart?', 'Second?']);
      },
      { playbooks: [asking] },
    ));

  test('a later round is gone when an earlier one is done anew', () =>
    travel(
      async (parts) => {
        const { id } = await start(parts, 'rounds', {});
        await drive(parts, id);
        const original = await stateOf(parts, id);
        expect(original.steps.get('again')?.rounds).toBe(3);
        const fork = await forkRun(forkPorts(parts), id, 'again/2/more', 'operator:test');
        expect(fork.taken).toEqual(['again/1/more']);
        expect((await parts.kernel.rest(fork.run)).status).toBe('done');
        expect((await stateOf(parts, fork.run)).steps.get('again')?.output).toEqual(
          original.steps.get('again')?.output,
        );
        await isIdentical(parts, fork.run);
      },
      { playbooks: [rounds] },
    ));

  test('large results are taken over by their handle, also after a restart', () =>
    withHome(async (home) => {
      const { agentsOf, createWorld, postOf } = await import('./time-travel-kit.ts');
      const world = createWorld();
      const compose = () =>
        composeKernel({
          ...{ home, agents: agentsOf(world), connectors: [postOf(world)], playbooks: [large] },
        });
      const first = await compose();
      const text = 'x'.repeat(50_000);
      const { run } = await first.kernel.submit({
        ...{ words: 'large', playbook: 'large', input: { text }, by: 'operator:test' },
      });
      await first.kernel.rest(run);
      const fork = await forkRun(forkPorts(first), run, 'sum', 'operator:test');
      expect((await first.kernel.rest(fork.run)).status).toBe('done');
      const records = world.records;
      await first.close();
      const second = await compose();
      const again = await forkRun(forkPorts(second), fork.run, 'sum', 'operator:test');
      expect((await second.kernel.rest(again.run)).status).toBe('done');
      expect(world.records).toBe(records);
      const kept = (await second.log.readStream(`run/${again.run}`)).find(
        ({ data }) => data.step === 'keep',
      );
      expect(kept?.data).toMatchObject({ output: { $blob: expect.any(String) }, taken: { run } });
      await isIdentical(second, again.run);
      await second.close();
    }));

  test('an effect that is on its way out, a step that does not exist and a run without plan are refused', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      const ports = forkPorts(parts);
      const fork = (step: string, run = id) => forkRun(ports, run, step, 'operator:test');
      await expect(fork('nothing')).rejects.toMatchObject({ code: 'not_found' });
      await expect(fork('parts/9/keep')).rejects.toMatchObject({ code: 'not_found' });
      await expect(fork('sum', 'nobody')).rejects.toMatchObject({ code: 'not_found' });
      const { run } = await parts.kernel.submit({ words: 'something unheard of', by: 'x' });
      await parts.kernel.rest(run);
      await expect(fork('sum', run)).rejects.toMatchObject({ code: 'not_possible' });
      await drive(parts, id, 'approval');
      const [row] = await effectsOf(parts, id);
      const { log } = parts;
      const inFlight = { ...row, status: 'unknown' } as const;
      const reader = {
        ...log.fold(effectsFold),
        every: async function* () {
          yield { key: '', row: inFlight };
        },
      };
      // as if the connector had not been able to say what became of it
      const looking = {
        ...log,
        fold: (fold: never) => (fold === effectsFold ? reader : log.fold(fold)),
      };
      const lost = { ...ports, log: looking as unknown as typeof log };
      await expect(forkRun(lost, id, 'pause', 'operator:test')).rejects.toMatchObject({
        ...{ code: 'not_possible', facts: { step: 'first' } },
      });
      expect(await log.fold(runsFold).count()).toBe(2);
    }));

  test('wherever a run is forked, the prefix is equal and what follows is the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.constantFrom(undefined, 'answer', 'approval', 'time'),
        (pick, until) =>
          travel(async (parts) => {
            const { id } = await start(parts, 'letters', input);
            await drive(parts, id, until);
            const original = await stateOf(parts, id);
            const steps = [...original.steps.keys()];
            const from = steps[pick % steps.length] ?? 'stock';
            const fork = await forkRun(forkPorts(parts), id, from, 'operator:test');
            const forked = await stateOf(parts, fork.run);
            expect(fork.taken).not.toContain(from);
            for (const path of fork.taken) {
              expect([path, forked.steps.get(path)?.output]).toEqual([
                path,
                original.steps.get(path)?.output,
              ]);
              expect(forked.steps.get(path)?.attempt).toBe(0);
            }
            for (const { approval, grant } of await effectsOf(parts, fork.run))
              expect([approval, grant]).toEqual([null, null]);
            const ended = await drive(parts, fork.run);
            expect(ended.status).toBe('done');
            const whole = await stateOf(parts, fork.run);
            await drive(parts, id);
            const other = await stateOf(parts, id);
            for (const path of ['sum', 'parts/2/plus', 'confirm'])
              expect(whole.steps.get(path)?.output).toEqual(other.steps.get(path)?.output);
            await isIdentical(parts, fork.run);
          }),
      ),
      { numRuns: 30 },
    );
  });
});

const nothing: JsonObject = { fields: [] };
const question = (title: string): JsonObject => ({
  ask: { title, form: { fields: [{ name: 'text', kind: 'text', required: true }] } },
});

const asking: JsonObject = {
  ...{ name: 'asking', version: 1, title: 'Ask', autonomy: 'suggest', input: nothing },
  plan: {
    steps: [
      { id: 'sum', call: 'math.add@1', with: { n: 1 } },
      { id: 'first', ...question('First?'), when: 'sum.n == 2', after: [] },
      { id: 'second', ...question('Second?'), after: ['first'] },
      { id: 'apart', ...question('Apart?'), after: [] },
    ],
  },
};

const rounds: JsonObject = {
  ...{ name: 'rounds', version: 1, title: 'Rounds', autonomy: 'suggest', input: nothing },
  plan: {
    steps: [
      {
        id: 'again',
        repeat: {
          ...{ max: 5, until: 'more.n > 3' },
          do: [{ id: 'more', call: 'math.add@1', with: { n: { $expr: 'round' } } }],
        },
      },
    ],
  },
};

const large: JsonObject = {
  ...{ name: 'large', version: 1, title: 'Large', autonomy: 'suggest' },
  input: { fields: [{ name: 'text', kind: 'text', required: true }] },
  plan: {
    steps: [
      { id: 'keep', call: 'note.keep@1', with: { text: { $expr: 'input.text' } } },
      { id: 'sum', call: 'math.add@1', with: { n: { $expr: 'size(keep.kept)' } } },
    ],
  },
};

import { describe, expect, test } from 'vitest';
import type { Id, JsonObject } from '../../src/base/index.ts';
import { OPERATOR } from '../../src/contract/index.ts';
import { ofRun } from '../../src/kernel/folds.ts';
import { effectsFold, fact, itemsFold } from '../../src/kernel/index.ts';
import { limitReads } from '../../src/kernel/record-reads.ts';
import { forkRun } from '../../src/kernel/replay/index.ts';
import { raiseIncarnation } from '../../src/kernel/trust/index.ts';
import type { StreamAppend } from '../../src/log/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { drive, forkPorts, start, type Travel, travel } from './time-travel-kit.ts';

/** one page of a list is 1,000 rows */
const CROWD = 1_001;
/** sorts before every id and key that is made here, so that what matters is behind the page */
const early = (n: number): Id => `00${String(n).padStart(6, '0')}`;

async function append({ log }: Composed, appends: readonly StreamAppend[]): Promise<void> {
  await log.append(appends);
}

function crowd(appendOf: (id: Id) => StreamAppend): readonly StreamAppend[] {
  return Array.from({ length: CROWD }, (_, n) => appendOf(early(n)));
}

/** Effects of a run as the log holds them, without a connector that would have to make them. */
async function crowdOfEffects(parts: Travel, run: Id, ...then: readonly string[]): Promise<void> {
  const [like] = (await parts.log.fold(effectsFold).list({ limit: 1 })).map(({ row }) => row);
  const [stored] = await parts.log.readStream(`effect/${like?.key}`, { limit: 1 });
  const { effect } = (stored?.data ?? {}) as { effect: JsonObject };
  await append(
    parts,
    crowd((key) => ({
      stream: `effect/${key}`,
      expectedVersion: 0,
      events: ['effect.finalised', ...then].map((type) => ({
        ...{ type, by: 'kernel', label: OPERATOR, run },
        data: { ...stored?.data, holds: [], effect: { ...effect, run, key, step: `other${key}` } },
      })),
    })),
  );
}

const input = { to: 'ann@example.org', n: 1 };

describe('what is more than a page of a list', () => {
  test('an effect on its way out that is behind it is not done a second time by a fork', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id, 'approval');
      const [row] = (await parts.log.fold(effectsFold).list()).map((found) => found.row);
      await crowdOfEffects(parts, id);
      await append(parts, [
        {
          stream: `effect/${row?.key}`,
          expectedVersion: 'any',
          events: [
            fact('effect.approved', { hash: row?.hash ?? '', holds: [] } as never),
            fact('effect.committing', { hash: row?.hash ?? '', attempt: 1 } as never),
            fact('effect.unknown', { message: 'Nobody can say.' }),
          ],
        },
      ]);
      await expect(forkRun(forkPorts(parts), id, 'pause', 'operator:test')).rejects.toMatchObject({
        code: 'not_possible',
        facts: { step: 'first' },
      });
    }));

  test('a cancelled run leaves no card behind it open', () =>
    travel(async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await append(
        parts,
        crowd((item) => ({
          stream: `item/${item}`,
          expectedVersion: 0,
          events: [
            fact('item.opened', {
              ...{ kind: 'finding', title: 'Look', run: id, effects: [], risk: 'low' },
            }),
          ],
        })),
      );
      expect(await parts.log.fold(itemsFold).count({ index: 'run', ...ofRun(id) })).toBe(CROWD + 1);
      await parts.kernel.cancel(id, 'enough', 'operator:test');
      expect(await parts.log.fold(itemsFold).count({ index: 'run', ...ofRun(id) })).toBe(0);
    }));

  test('a restore wakes every run with something on its way, also those behind it', () =>
    travel(async (parts) => {
      const { id: like } = await start(parts, 'letters', { ...input, n: 2 });
      await drive(parts, like, 'approval');
      await crowdOfEffects(parts, 'crowded', 'effect.approved');
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id, 'approval');
      const [row] = (await parts.log.fold(effectsFold).list({ index: 'run', equals: id })).map(
        (found) => found.row,
      );
      const approved = fact('effect.approved', { hash: row?.hash ?? '', holds: [] } as never);
      await append(parts, [
        { stream: `effect/${row?.key}`, expectedVersion: 'any', events: [approved] },
      ]);
      const { runs } = await raiseIncarnation(parts, 'A copy was put back.');
      expect(new Set(runs)).toEqual(new Set(['crowded', id]));
    }));

  test('a published playbook behind it can still be asked for', () =>
    withHome(async (home) => {
      const nap = (name: string): JsonObject => ({
        ...{ name, version: 1, title: name, autonomy: 'auto', input: { fields: [] } },
        plan: { steps: [{ id: 'nap', wait: { for: 'P1D' } }] },
      });
      const playbooks = [...Array.from({ length: 501 }, (_, n) => nap(`a${n}`)), nap('zzz')];
      const parts = await composeKernel({ home, store: 'memory', playbooks });
      expect(parts.kernel.playbooks.find('zzz@1')?.name).toBe('zzz');
      await parts.close();
    }));

  test('who changed a record is named, also the one behind it', () =>
    travel(async (parts) => {
      const { kernel, newId } = parts;
      const id = newId();
      const set = { name: 'Acme GmbH', notes: 'v' };
      await kernel.change([{ type: 'create', record: 'party', id, set }], { by: 'operator:test' });
      const rename = (n: number) => ({
        ...{ type: 'change', record: 'party', id, set: { notes: `v${n}` } },
      });
      for (let n = 0; n < CROWD; n++)
        await kernel.change([rename(n) as never], { by: 'connector:crm@1' });
      await kernel.change([rename(-1) as never], { by: 'operator:other' });
      const result = await kernel.changeFrom(
        { type: 'change', record: 'party', id, set: { notes: 'mine' } },
        1,
        { by: 'operator:test' },
      );
      expect(result.status).toBe('conflict');
      const [item] = await kernel.items.list();
      expect(item?.body).toMatchObject({ theirs: { by: ['connector:crm@1', 'operator:other'] } });
    }));

  test('a run put aside behind it says so when it is asked about', () =>
    travel(async (parts) => {
      const begun = (id: Id): StreamAppend => ({
        stream: `run/${id}`,
        expectedVersion: 0,
        events: [
          fact('intent.recorded', { words: `words ${id}`, queue: 'now' }),
          fact('run.claimed', { epoch: 1, worker: 'gone', until: 0 }),
          fact('run.parked', { because: 'It stood still.' }),
        ],
      });
      await append(parts, [...crowd(begun), begun('zzzz')]);
      expect(await parts.kernel.reasons('zzzz')).toMatchObject([
        { run: 'zzzz', for: 'parked', words: 'It stood still.' },
      ]);
    }));

  test('a list that a capability cannot have whole is refused, and not cut short', () =>
    travel(async (parts) => {
      const created = (n: number): StreamAppend => ({
        stream: `party/${early(n)}`,
        expectedVersion: 0,
        events: [
          {
            ...{ type: 'party.created', by: 'import', label: OPERATOR },
            data: { fields: { name: n % 2 === 0 ? 'Even' : 'Odd' } },
          },
        ],
      });
      for (let from = 0; from < 20_002; from += 2_000)
        await append(
          parts,
          Array.from({ length: Math.min(2_000, 20_002 - from) }, (_, n) => created(from + n)),
        );
      const reads = limitReads(parts.kernel.records, {
        ...{ name: 'party.count', reads: { party: ['name'] }, placement: 'anywhere' },
      } as never);
      await expect(reads.list('party')).rejects.toMatchObject({
        code: 'too_large',
        remedy: expect.stringContaining('Archive'),
      });
      expect(await reads.list('party', { name: 'Odd' })).toHaveLength(10_001);
    }));
});

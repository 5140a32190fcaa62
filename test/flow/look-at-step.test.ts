import { expect, test } from 'vitest';
import { OWN } from '../../src/contract/index.ts';
import { drive, letters, start, type Travel, travel } from './time-travel-kit.ts';

const input = { to: 'ann@example.org', n: 1 };
const who = { by: 'operator:test', label: OWN };

const looksUp = {
  ...{ name: 'looks-up', version: 1, title: 'Look up', autonomy: 'suggest' },
  input: { fields: [{ name: 'party', kind: 'text', required: true }] },
  plan: {
    steps: [
      {
        id: 'keep',
        call: 'note.keep@1',
        with: { text: { $ref: ['party', { $expr: 'input.party' }, 'name'] } },
      },
    ],
  },
};

const flaky = {
  ...{ name: 'flaky', version: 1, title: 'Try', autonomy: 'suggest' },
  input: { fields: [{ name: 'n', kind: 'integer', required: true }] },
  plan: { steps: [{ id: 'try', call: 'task.flaky@1', with: { n: { $expr: 'input.n' } } }] },
};

const look = ({ kernel }: Travel, run: string, step: string) => kernel.past.step(run, step);

test('every step of a run, nested and prepared ones too, tells what it was given', () =>
  travel(
    async (parts) => {
      const { id } = await start(parts, 'letters', input);
      await drive(parts, id);
      expect((await look(parts, id, 'stock')).input).toEqual({ of: 'ann@example.org' });
      expect((await look(parts, id, 'sum')).input).toEqual({ n: 1 });
      expect((await look(parts, id, 'parts/1/keep')).input).toEqual({ text: 'ann@example.org-b' });
      expect((await look(parts, id, 'parts')).input).toHaveLength(3);
      expect((await look(parts, id, 'first')).input).toMatchObject({
        ...{ to: 'ann@example.org', amount: { minor: 200, currency: 'EUR' } },
      });
      expect((await look(parts, id, 'big')).input).toBeUndefined(); // skipped: it never had one
      await expect(look(parts, id, 'nowhere')).rejects.toMatchObject({ code: 'not_found' });
    },
    { playbooks: [letters] },
  ));

test('a record that was changed since is told as it was', () =>
  travel(
    async (parts) => {
      const party = parts.newId();
      const set = { kinds: ['customer'], name: 'Before' };
      await parts.kernel.change([{ type: 'create', record: 'party', id: party, set }], who);
      const { id } = await start(parts, 'looks-up', { party });
      const later = { name: 'After' };
      await parts.kernel.change([{ type: 'change', record: 'party', id: party, set: later }], who);
      expect((await look(parts, id, 'keep')).input).toEqual({ text: 'Before' });
    },
    { playbooks: [looksUp] },
  ));

test('each try is told, with its cause and the time of the next', () =>
  travel(
    async (parts) => {
      parts.world.failing = 2;
      const { id } = await start(parts, 'flaky', { n: 1 });
      await drive(parts, id);
      const { tries } = await look(parts, id, 'try');
      expect(tries.map(({ attempt, failure }) => [attempt, failure?.message])).toEqual([
        ...[
          [1, 'Not now.'],
          [2, 'Not now.'],
          [3, undefined],
        ],
      ]);
      const [first, second] = tries;
      expect(second?.startedAt).toBeGreaterThanOrEqual(first?.retryAt ?? Number.NaN);
    },
    { playbooks: [flaky] },
  ));

test('what cannot be worked out again says why', () =>
  travel(
    async (parts) => {
      const { id } = await start(parts, 'gone', { party: 'nobody' });
      await drive(parts, id, 'answer');
      const { input: given, inputFailure, tries } = await look(parts, id, 'keep');
      expect(given).toBeUndefined();
      expect(inputFailure?.message).toBe('There is no party with the id nobody.');
      expect(tries[0]?.failure?.message).toBe(inputFailure?.message);
    },
    { playbooks: [{ ...looksUp, name: 'gone' }] },
  ));

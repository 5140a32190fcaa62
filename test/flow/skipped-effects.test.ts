import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../src/base/index.ts';
import type { Connector } from '../../src/connect/index.ts';
import type { CapabilityContract } from '../../src/contract/index.ts';
import { effectsFold } from '../../src/kernel/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { decideCard, typedBy } from '../support/operator.ts';

const contract: CapabilityContract = {
  ...{ name: 'post.send', version: 1, title: 'Send a letter', effect: 'final' },
  ...{ connector: 'post', idempotency: 'keyed', failures: {}, reads: {}, timeoutMs: 120_000 },
  ...{ cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
  input: z.strictObject({ to: z.string(), text: z.string() }),
  output: z.looseObject({ letter: z.string() }),
  roles: { to: 'destination', text: 'content' },
};

/** Takes letters, but none to nobody. */
function postOffice() {
  const sent: string[] = [];
  const connector: Connector = {
    ...{ name: 'post', version: 1, contracts: [contract] },
    finalise: async ({ input, key }) => {
      const { to } = contract.input.parse(input.value) as { to: string };
      return {
        ...{ account: 'main', summary: `Send to ${to}`, to: [to], amount: null, parts: [] },
        ...{ carries: [], undo: { possible: false, how: 'It cannot be called back.' } },
        ...{ preview: { text: to, blobs: [] }, output: { letter: key.slice(0, 8) } },
      };
    },
    commit: async ({ to: [to = ''] }) => {
      if (to === 'nobody@example.org')
        return { status: 'refused', code: 'remote_refused', message: 'Nobody lives there.' };
      sent.push(to);
      return { status: 'committed', receipt: { said: 'sent', provider: {} } };
    },
    probe: async () => ({ status: 'not-committed' }),
  };
  return { sent, connector };
}

const mail = (id: string, to: string, more: JsonObject = {}): JsonObject => ({
  ...{ id, call: 'post.send@1', with: { to, text: 'Hello' } },
  ...more,
});
const playbook: JsonObject = {
  ...{ name: 'two', version: 1, title: 'Two letters', autonomy: 'suggest', input: { fields: [] } },
  plan: {
    steps: [
      mail('first', 'nobody@example.org'),
      mail('second', 'ann@example.org', {
        with: { to: 'ann@example.org', text: { $expr: 'first.letter' } },
      }),
    ],
  },
};

async function failedFirst(home: string) {
  const { sent, connector } = postOffice();
  const parts = await composeKernel({ home, connectors: [connector], playbooks: [playbook] });
  const { kernel } = parts;
  const goal = { words: 'two letters', playbook: 'two', input: {}, by: 'operator:test' };
  const { run } = await kernel.submit(goal);
  await kernel.rest(run);
  const [card] = await kernel.items.list();
  expect(card?.effects).toHaveLength(2);
  await decideCard(parts, card?.id ?? '');
  expect((await kernel.rest(run)).waitingFor).toBe('answer');
  const [task] = await kernel.items.list();
  return { parts, sent, run, task: task?.id ?? '' };
}

async function effectsOf({ log }: Composed, run: string): Promise<JsonObject> {
  const rows = await log.fold(effectsFold).list({ index: 'run', equals: run });
  return Object.fromEntries(rows.map(({ row }) => [row.step, row.status]));
}

describe('a step whose effect was approved', () => {
  test('leaves nothing on its way out when the step that it needs is skipped', () =>
    withHome(async (home) => {
      const { parts, sent, run, task } = await failedFirst(home);
      expect(await effectsOf(parts, run)).toEqual({ first: 'failed', second: 'approved' });
      await parts.kernel.items.answer(task, { action: 'skip' }, typedBy('operator:test'));
      expect((await parts.kernel.rest(run)).status).toBe('done');
      expect(await effectsOf(parts, run)).toEqual({ first: 'failed', second: 'withdrawn' });
      expect([sent, await parts.kernel.items.list()]).toEqual([[], []]);
      expect((await parts.kernel.past.replay(run)).status).toBe('identical');
      await parts.close();
    }));

  test('goes out with the input that you corrected, once you have signed that', () =>
    withHome(async (home) => {
      const { parts, sent, run, task } = await failedFirst(home);
      const { kernel } = parts;
      const input = JSON.stringify({ to: 'bob@example.org', text: 'Hello' });
      await kernel.items.answer(task, { action: 'fix', input }, typedBy('operator:test'));
      expect((await kernel.rest(run)).waitingFor).toBe('approval');
      expect(sent).toEqual([]);
      const [card] = await kernel.items.list();
      expect((await kernel.items.open(card?.id ?? '')).effects[0]?.effect.to).toEqual([
        'bob@example.org',
      ]);
      await decideCard(parts, card?.id ?? '');
      expect((await kernel.rest(run)).status).toBe('done');
      expect(sent).toEqual(['bob@example.org', 'ann@example.org']);
      const { status, divergence } = await kernel.past.replay(run);
      expect([divergence, status]).toEqual([undefined, 'identical']);
      await parts.close();
    }));

  test('is over when it was done by hand: an answer that comes later is refused', () =>
    withHome(async (home) => {
      const { parts, sent, run, task } = await failedFirst(home);
      const { kernel } = parts;
      const value = JSON.stringify({ letter: 'by hand' });
      await kernel.items.answer(task, { action: 'done', value }, typedBy('operator:test'));
      await kernel.rest(run);
      await expect(
        kernel.items.answer(task, { action: 'skip' }, typedBy('operator:test')),
      ).rejects.toMatchObject({ code: 'already_decided' });
      // the second letter would say something else now, so it is asked anew
      expect((await effectsOf(parts, run)).second).toBe('finalised');
      expect(sent).toEqual([]);
      await parts.close();
    }));
});

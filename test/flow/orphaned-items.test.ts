import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { fact } from '../../src/kernel/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { typedBy } from '../support/operator.ts';

const form = { fields: [{ name: 'n', kind: 'integer', required: true }] };
const asks: JsonObject = {
  ...{ name: 'asks', version: 1, title: 'Ask', autonomy: 'suggest', input: { fields: [] } },
  plan: { steps: [{ id: 'q', ask: { title: 'How many?', form } }] },
};
const open = (home: string) => composeKernel({ home, playbooks: [asks] });

/** A question of a run, as a run that ended left it behind in a log of before. */
async function orphan({ log }: Composed, run: string, id: string): Promise<void> {
  const question = {
    ...({ kind: 'question', title: 'Nobody hears this', effects: [], risk: 'medium' } as const),
    ...{ run, step: 'q', form },
  };
  await log.append([
    { stream: `item/${id}`, expectedVersion: 0, events: [fact('item.opened', question, { run })] },
  ]);
}

async function ask({ kernel }: Composed, words: string): Promise<string> {
  const { run } = await kernel.submit({ words, playbook: 'asks', input: {}, by: 'operator:test' });
  await kernel.rest(run);
  return run;
}

describe('after a start', () => {
  test('what a run that is over had left open is closed with the reason, once, and nothing else is', () =>
    withHome(async (home) => {
      const first = await open(home);
      const over = await ask(first, 'ask');
      await first.kernel.cancel(over, 'Not needed.', 'operator:test');
      const waits = await ask(first, 'ask again');
      const finding = { kind: 'finding', title: 'Look here', effects: [], risk: 'low' } as const;
      await first.log.append([
        { stream: 'item/found', expectedVersion: 0, events: [fact('item.opened', finding)] },
      ]);
      await orphan(first, over, 'lost');
      const put = fact('item.snoozed', { until: Date.now() + 9e8 });
      await orphan(first, over, 'away');
      await first.log.append([{ stream: 'item/away', expectedVersion: 1, events: [put] }]);
      await first.close();

      const second = await open(home);
      await second.close(); // what goes on beside the start is over by then
      const third = await open(home);
      const { kernel, log } = third;
      for (const id of ['lost', 'away']) {
        const closings = (await log.readStream(`item/${id}`)).filter(
          ({ type }) => type === 'item.closed',
        );
        expect(closings.map(({ data }) => data)).toEqual([
          { how: 'withdrawn', by: 'kernel', because: 'The run that asked this was cancelled.' },
        ]);
      }
      const left = await kernel.items.list({ snoozed: true });
      expect(left.map((item) => item.run)).toEqual([waits, null]);
      const answer = kernel.items.answer('lost', { n: 1 }, typedBy('operator:test'));
      await expect(answer).rejects.toMatchObject({
        message: 'This was withdrawn before. The run that asked this was cancelled.',
      });
      await third.close();
    }));
});

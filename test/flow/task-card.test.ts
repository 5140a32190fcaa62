import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/base/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';

/** What a person reads at a terminal of something that waits for them. */
let desk: CommandDesk;
beforeAll(async () => {
  desk = await createExampleDesk('task-card');
});
afterAll(() => desk.close());

async function cardsOf(name: string, steps: readonly JsonObject[], input: JsonObject = {}) {
  const file = join(desk.directory, `${name}.json`);
  const head = { name, version: 1, title: `The ${name}`, autonomy: 'ask' };
  const schema = { type: 'object', properties: { plan: { type: 'object' } } };
  await writeFile(file, JSON.stringify({ ...head, input: schema, plan: { steps } }));
  await desk.data(['playbooks', 'publish', file]);
  const asked = await desk.data<{ run: string; items: readonly { id: string }[] }>([
    ...['do', `please ${name}`, '--playbook', name, '--input', JSON.stringify(input)],
  ]);
  const shown = asked.items.map(async ({ id }) => (await desk.run(['show', id])).out);
  return { run: asked.run, cards: await Promise.all(shown) };
}

/** one space for any white space: where a line breaks is the width's business */
const flat = (text = '') => text.replace(/\s+/g, ' ');

describe('the card of', () => {
  test('a task names the run, the step, every fault and what is recommended', async () => {
    const made = {
      steps: [
        { id: 'a', call: 'invoice.void@1' },
        { id: 'b', call: 'mail.sand@1' },
      ],
    };
    const { run, cards } = await cardsOf(
      'made',
      [{ id: 'x', expand: { plan: { $expr: 'input.plan' }, allow: ['mail.send@1'] } }],
      { plan: made },
    );
    const card = flat(cards[0]);
    expect(card).toContain(`Of: please made, step x. See: steward run ${run}`);
    expect(card).toContain('Everything that is wrong:');
    expect(card).toContain('- steps[0].call: expected one of mail.send@1, found invoice.void@1');
    expect(card).toContain('- steps[1].call: expected one of mail.send@1, found mail.sand@1');
    expect(card).toContain('Recommended: ');
  });

  test('a task offers only what can be done about its step', async () => {
    const pause = (until: Json): JsonObject => ({ id: 'y', wait: { until } });
    const turns = { max: 2, until: '1 / 0 > 1', do: [pause('2020-01-01T00:00:00Z')] };
    const plans: readonly (readonly [string, JsonObject, string])[] = [
      ['pause', pause({ $expr: 'input.plan.when' }), 'retry | skip | done | cancel'],
      ['turns', { id: 'x', repeat: turns }, 'skip | done | cancel'],
    ];
    for (const [name, step, ways] of plans) {
      const { cards } = await cardsOf(name, [step]);
      expect(flat(cards[0])).toContain(`What should happen? (${ways})`);
      expect(cards[0]).not.toContain('fix');
    }
  });

  test('a question inside a list says which item it is about, with its help and facts', async () => {
    const form = { fields: [{ name: 'n', kind: 'integer', required: true }] };
    const question = {
      id: 'q',
      ask: { title: 'How many?', help: 'Look at the shelf.', form },
      with: { colour: { $expr: 'x' } },
    };
    const { cards } = await cardsOf('count', [
      { id: 'each', each: { over: ['red', 'blue'], as: 'x', do: [question] } },
    ]);
    const [red, blue] = cards.map(flat).sort((a) => (a.includes('red') ? -1 : 1));
    expect(red).toContain('step each/0/q');
    expect(red).toContain('Look at the shelf.');
    expect(red).toContain('colour: red');
    expect(blue).toContain('step each/1/q');
    expect(blue).toContain('colour: blue');
  });
});

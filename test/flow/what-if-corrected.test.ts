import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/base/index.ts';
import { type ChangedRun, type WhatIf, whatIf } from '../../src/kernel/replay/index.ts';
import { DAY_MS, HAND_START_MS } from '../support/hand-clock.ts';
import { typedBy } from '../support/operator.ts';
import { closedRegistry, start, type Travel, travel } from './time-travel-kit.ts';

/** Runs whose groups failed, and went on with what a person gave them. */
const note = (text: Json): JsonObject => ({ id: 'note', call: 'note.keep@1', with: { text } });
const each = (over: Json, more: JsonObject = {}, text: Json = { $expr: 'it' }): JsonObject => ({
  id: 'x',
  each: { over, as: 'it', do: [note(text)], ...more },
});
const made = (more: JsonObject = {}): JsonObject => ({
  id: 'x',
  expand: { plan: { $expr: 'input.plan.none' }, ...more },
});
const plays = (ref: string): JsonObject => ({
  id: 'x',
  play: ref,
  with: { n: { $expr: '1 / 0' } },
});
const broken = { $expr: '[["a"]][3]' };
const after = (when: string): JsonObject => ({
  id: 'after',
  call: 'math.add@1',
  with: { n: 1 },
  when,
});

const playbook = (name: string, x: JsonObject, when = 'size(x) > 0', version = 1): JsonObject => ({
  ...{ name, version, title: name, autonomy: 'suggest', input: { type: 'object' } },
  plan: { steps: [x, after(when)] },
});
const inner = (name: string, kind: string): JsonObject => ({
  ...{ name, version: 1, title: name, autonomy: 'suggest' },
  input: { fields: [{ name: 'n', kind, required: true }] },
  plan: { steps: [note('played')] },
});
const playbooks: readonly JsonObject[] = [
  ...[
    playbook('list', each(broken)),
    playbook('made', made()),
    playbook('plays', plays('number@1')),
  ],
  ...[inner('number', 'integer'), inner('words', 'text')],
];

/** A run of each that was given the input, and what the changed playbook would have made of it. */
async function asked(name: string, given: Json, changed: JsonObject): Promise<WhatIf> {
  let found: WhatIf | undefined;
  const work = async (parts: Travel) => {
    const { id } = await start(parts, name, {});
    const [task] = await parts.kernel.items.list();
    const fix = { action: 'fix', input: JSON.stringify(given) };
    await parts.kernel.items.answer(task?.id ?? '', fix, typedBy('operator:test'));
    expect((await parts.kernel.rest(id)).status).toBe('done');
    const { log, blobs, kernel } = parts;
    const before = [log.head().seq, { ...parts.world }];
    found = await whatIf(
      {
        log: { readStream: log.readStream, read: log.read, fold: log.fold, company: log.company },
        records: kernel.records,
        ...{ blobs, registry: closedRegistry(), playbooks: kernel.playbooks, zone: () => 'UTC' },
      },
      { from: HAND_START_MS, to: HAND_START_MS + DAY_MS, playbook: changed },
    );
    expect([log.head().seq, parts.world]).toEqual(before);
  };
  await travel(work, { playbooks });
  return found ?? expect.unreachable('nothing was found');
}

const sentences = ({ changed }: WhatIf) =>
  changed.flatMap(({ decisions }: ChangedRun) => decisions.map(({ sentence }) => sentence));

describe('what if, where a group was given another input by hand', () => {
  const list = ['red', 'blue'];
  const plan = { steps: [note('made')] };

  test.each<[string, Json, JsonObject]>([
    ['list', list, each(broken)],
    ['made', plan, made()],
    ['plays', { n: 4 }, plays('number@1')],
  ])(
    'the same playbook changes nothing, and what follows is decided (%s)',
    async (name, given, x) => {
      expect(await asked(name, given, playbook(name, x, undefined, 2))).toMatchObject({
        ...{ runs: 1, left: [], changed: [] },
      });
      const [only, ...others] = sentences(
        await asked(name, given, playbook(name, x, 'size(x) > 99', 2)),
      );
      expect(only).toBe('after is skipped (Its condition is not met.); before, it is done.');
      expect(others).toEqual([]);
    },
  );

  test('changed inner steps go through what was given', async () => {
    const louder = each(broken, {}, { $expr: 'it + "!"' });
    const { changed } = await asked('list', list, playbook('list', louder, undefined, 2));
    const given = changed[0]?.decisions.filter(({ step }) => step.endsWith('note'));
    expect(given?.map(({ step, after: now }) => [step, now?.outcome, now?.input])).toEqual([
      ['x/0/note', 'calls', { text: 'red!' }],
      ['x/1/note', 'calls', { text: 'blue!' }],
    ]);
  });

  test('a group that would not have failed goes through its own', async () => {
    const { changed } = await asked('list', list, playbook('list', each(['own']), undefined, 2));
    const notes = changed[0]?.decisions.filter(({ step }) => step.startsWith('x/'));
    expect(notes).toMatchObject([
      { step: 'x/0/note', after: { outcome: 'calls', input: { text: 'own' } } },
      { step: 'x/1/note', sentence: 'x/1/note is not there; before, it is done.' },
    ]);
  });

  test.each<[string, string, Json, JsonObject, string]>([
    [
      'another part of a step',
      ...(['list', list, plays('number@1')] as const),
      'You gave it a list to go through by hand; here it takes an input.',
    ],
    [
      'a step that takes nothing',
      ...(['list', list, { id: 'x', wait: { until: { $expr: 'input.none' } } }] as const),
      'You gave it a list to go through by hand; here it takes nothing.',
    ],
    [
      'a shorter list',
      ...(['list', list, each(broken, { limit: 1 })] as const),
      'What you gave it by hand does not fit here: x has 2 items; at most 1 are allowed.',
    ],
    [
      'a plan that may do less',
      ...(['made', plan, made({ allow: ['math.add@1'] })] as const),
      'What you gave it by hand does not fit here: steps[0].call: expected one of math.add@1',
    ],
    [
      'another playbook',
      ...(['plays', { n: 4 }, plays('words@1')] as const),
      'What you gave it by hand does not fit here: "x" cannot work with this. input.n: expected a text',
    ],
  ])('where it does not fit, the reason is said (%s)', async (_what, name, given, x, why) => {
    const found = sentences(await asked(name, given, playbook(name, x, undefined, 2)));
    expect(found.find((sentence) => sentence.startsWith('x fails ('))).toContain(why);
  });
});

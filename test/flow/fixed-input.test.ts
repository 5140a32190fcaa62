import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/base/index.ts';
import { type Failure, OPERATOR, PUBLIC } from '../../src/contract/index.ts';
import { fieldsOf } from '../../src/kernel/form-answer.ts';
import { fact } from '../../src/kernel/index.ts';
import { createExampleDesk } from '../support/command-desk.ts';
import { withHome } from '../support/compose-kernel.ts';
import { openDeskHouse } from '../support/desk-house.ts';
import { decideCard, typedBy } from '../support/operator.ts';
import {
  act,
  ask,
  cardOf,
  deputy,
  grantDraft,
  openTrustWorld,
  PLAYBOOKS,
  pageRead,
  type TrustWorld,
} from './trust-kit.ts';

/** What a person gives a failed step instead of what the plan said, and what that is worth. */
const YOU = typedBy('operator:test');
const ZOE = 'zoe@example.org';
const page: JsonObject = {
  ...{ id: 'page', call: 'page.read@1' },
  with: { says: { $expr: 'input.says' } },
};
const say = (id: string, what: Json): JsonObject => ({
  ...{ id, call: 'deputy.pass@1', with: { what } },
});
const mails = (over: Json): JsonObject => ({
  id: 'mails',
  each: {
    ...{ over, as: 'to' },
    do: [{ id: 'out', call: 'post.send@1', with: { to: [{ $expr: 'to' }], text: 'Hello' } }],
  },
});
const plans: { readonly [name: string]: readonly JsonObject[] } = {
  list: [page, mails({ $expr: 'page.people' }), say('then', { $expr: 'mails' })],
  sorted: [page, mails({ $expr: 'page.people.map(one, one.to)' })],
  talk: [
    page,
    { id: 'x', each: { over: { $expr: 'page.people' }, as: 'n', do: [say('n1', { $expr: 'n' })] } },
    say('then', { $expr: 'x' }),
  ],
  short: [
    page,
    {
      id: 'x',
      each: { over: { $expr: 'page.people' }, as: 'n', limit: 2, do: [say('n1', { $expr: 'n' })] },
    },
  ],
  expand: [
    page,
    { id: 'x', expand: { plan: { $expr: 'page.plan' }, allow: ['deputy.pass@1'] } },
    say('then', { $expr: 'x.what' }),
  ],
  play: [{ id: 'x', play: 'inner@1', with: { n: { $expr: 'input.says.n' } } }],
  call: [{ id: 'x', call: 'page.read@1', with: { says: { $expr: 'input.says.none' } } }],
  begun: [
    {
      id: 'x',
      each: { over: [1], as: 'n', do: [say('n1', { $expr: 'n' })], output: { $expr: 'n / 0' } },
    },
  ],
  wait: [{ id: 'x', wait: { until: { $expr: 'input.says.when' } } }],
};
const head = (name: string) => ({ name, version: 1, title: name, autonomy: 'ask' });
const playbooks: readonly JsonObject[] = [
  ...PLAYBOOKS,
  ...Object.entries(plans).map(([name, steps]) => ({
    ...head(name),
    input: { type: 'object', properties: { says: { type: 'object' } } },
    plan: { steps: [...steps] },
  })),
  {
    ...head('inner'),
    input: { fields: [{ name: 'n', kind: 'integer', required: true }] },
    plan: { steps: [say('one', { $expr: 'input.n' })] },
  },
];

async function inWorld(work: (world: TrustWorld) => Promise<void>): Promise<void> {
  await withHome(async (home) => {
    const world = await openTrustWorld({
      ...{ home, agents: [pageRead, deputy], playbooks, evictAlways: true },
    });
    // covers letters to Zoe: what is asked all the same is asked for its labels
    await act(world, 'grant', { grant: grantDraft(world) });
    await work(world);
    await world.close();
  });
}

async function broken(world: TrustWorld, playbook: string, says: JsonObject): Promise<string> {
  const { id } = await ask(world, playbook, { says });
  expect((await world.kernel.rest(id)).waitingFor).toBe('answer');
  return id;
}

async function taskOf(world: TrustWorld, run: string): Promise<string> {
  return (await world.kernel.items.list()).find((row) => row.run === run)?.id ?? '';
}

/** What the card of a run's task offers. */
async function offered(world: TrustWorld, run: string) {
  const { form } = (await world.kernel.items.list()).find((row) => row.run === run) ?? {};
  const fields = fieldsOf(form ?? null);
  const ways = fields.find(({ name }) => name === 'action')?.choices;
  return { ways, fields: fields.map(({ name }) => name) };
}

/** Gives it, and tells how the run stands then. */
async function fix(world: TrustWorld, run: string, input: Json): Promise<string> {
  const values = { action: 'fix', input: JSON.stringify(input) };
  await world.kernel.items.answer(await taskOf(world, run), values, YOU);
  const now = await world.kernel.rest(run);
  return now.status === 'done' ? 'done' : String(now.waitingFor);
}

async function refused(world: TrustWorld, run: string, input: Json): Promise<Failure> {
  const before = world.log.head().seq;
  const problem = await fix(world, run, input).then(
    () => expect.unreachable('it was taken'),
    (error: Failure) => error,
  );
  expect(world.log.head().seq).toBe(before);
  return problem;
}

const eventsOf = async (world: TrustWorld, run: string, type: string) =>
  (await world.log.readStream(`run/${run}`)).filter((event) => event.type === type);

async function isReplayed(world: TrustWorld, run: string): Promise<void> {
  const { divergence, status } = await world.kernel.past.replay(run);
  expect([divergence, status]).toEqual([undefined, 'identical']);
}

const destination = async (world: TrustWorld, run: string) =>
  (await cardOf(world, run)).effects[0]?.effect.arguments.find(({ path }) => path === 'to')?.label
    .integrity;

describe('the list of an each that failed', () => {
  test('is given by hand: it goes on with it, replays, and is forked', () =>
    inWorld(async (world) => {
      const run = await broken(world, 'talk', { people: { a: 1 } });
      expect(await fix(world, run, ['red', 'blue'])).toBe('done');
      const [fixed] = await eventsOf(world, run, 'step.fixed');
      expect(fixed?.data).toMatchObject({ input: ['red', 'blue'], of: 'over' });
      expect(await eventsOf(world, run, 'step.expanded')).toMatchObject([
        { data: { items: ['red', 'blue'], labels: { base: OPERATOR } } },
      ]);
      expect((await world.kernel.past.step(run, 'x')).input).toEqual(['red', 'blue']);
      await isReplayed(world, run);
      const fork = await world.kernel.past.fork(run, 'then', 'operator:test');
      expect((await world.kernel.rest(fork.run)).status).toBe('done');
      const of = async (id: string) =>
        (await eventsOf(world, id, 'step.completed')).find(({ data }) => data.step === 'then')?.data
          .output;
      expect(await of(fork.run)).toEqual(await of(run));
      await isReplayed(world, fork.run);
    }));

  test('is refused where it is no list, or longer than the step allows', () =>
    inWorld(async (world) => {
      const run = await broken(world, 'short', { people: 'red' });
      expect(await refused(world, run, { a: 1 })).toMatchObject({
        code: 'invalid_input',
        facts: { path: 'input', expected: 'a list', found: 'an object {a}' },
        remedy: 'Give a list as input, as JSON.',
      });
      expect(await refused(world, run, ['a', 'b', 'c'])).toMatchObject({ code: 'too_large' });
      expect(await fix(world, run, ['a', 'b'])).toBe('done');
    }));

  test('that was typed anew is the word of the operator', () =>
    inWorld(async (world) => {
      const run = await broken(world, 'list', { people: 'x@evil.example' });
      expect(await fix(world, run, [ZOE])).toBe('done');
      expect(world.sent.map(({ to }) => to)).toEqual([[ZOE]]);
    }));

  test.each([
    ['cut out of a text of the page', 'list', { people: `${ZOE}, x@evil.example` }],
    ['taken out of an object of the page', 'list', { people: { first: { mail: ZOE } } }],
    ['that the plan could not even work out', 'sorted', { people: [{ mail: ZOE }] }],
  ] as const)('%s stays the word of the page', (_, playbook, says) =>
    inWorld(async (world) => {
      const run = await broken(world, playbook, says);
      expect(await fix(world, run, [ZOE])).toBe('approval');
      expect(await destination(world, run)).toBe('public');
      const [fixed] = await eventsOf(world, run, 'step.fixed');
      expect(fixed?.data.labels).toEqual({ base: PUBLIC });
      expect(world.sent).toEqual([]);
      await isReplayed(world, run);
    }),
  );

  test('cannot be given any more once its inner steps have begun', () =>
    inWorld(async (world) => {
      const { id } = await ask(world, 'list', { says: { people: ['x@evil.example'] } });
      await decideCard(world, (await taskOf(world, id)) ?? '', { decision: 'reject' });
      expect((await world.kernel.rest(id)).waitingFor).toBe('answer');
      const problem = await refused(world, id, [ZOE]);
      expect([problem.code, problem.remedy]).toEqual([
        'not_possible',
        'Choose done with a value for what it leaves, skip, or cancel.',
      ]);
    }));

  test('that still does not work is asked about again, and replays', () =>
    inWorld(async (world) => {
      const run = await broken(world, 'talk', { people: { a: 1 } });
      await world.kernel.items.answer(await taskOf(world, run), { action: 'retry' }, YOU);
      expect((await world.kernel.rest(run)).waitingFor).toBe('answer');
      await isReplayed(world, run);
      expect(await fix(world, run, ['red'])).toBe('done');
      await isReplayed(world, run);
    }));
});

describe('the corrected input', () => {
  test('of an expand is a plan, checked before it is taken', () =>
    inWorld(async (world) => {
      const run = await broken(world, 'expand', { plan: { steps: [] } });
      const send = { steps: [{ id: 'a', call: 'post.send@1', with: { to: [ZOE], text: 'x' } }] };
      expect((await refused(world, run, send)).code).toBe('invalid_plan');
      expect((await refused(world, run, ['a'])).facts).toMatchObject({ path: 'input' });
      expect(await fix(world, run, { steps: [say('a', 'typed')] })).toBe('done');
      expect(await eventsOf(world, run, 'step.expanded')).toMatchObject([
        { data: { labels: { base: OPERATOR } } },
      ]);
      await isReplayed(world, run);
    }));

  test('of an expand that came from a page stays the word of the page', () =>
    inWorld(async (world) => {
      const text = JSON.stringify({ steps: [say('a', 'evil words')] });
      const run = await broken(world, 'expand', { plan: text });
      expect(await fix(world, run, JSON.parse(text))).toBe('done');
      expect(await eventsOf(world, run, 'step.expanded')).toMatchObject([
        { data: { labels: { base: PUBLIC } } },
      ]);
    }));

  test('of a play and of a call is what they take', () =>
    inWorld(async (world) => {
      const play = await broken(world, 'play', { none: 1 });
      expect((await refused(world, play, [1])).facts).toMatchObject({ path: 'input' });
      expect((await refused(world, play, { n: 'x' })).facts).toMatchObject({ path: 'input.n' });
      expect(await fix(world, play, { n: 4 })).toBe('done');
      expect(await eventsOf(world, play, 'step.expanded')).toMatchObject([
        { data: { input: { n: 4 } } },
      ]);
      await isReplayed(world, play);
      const call = await broken(world, 'call', { a: 1 });
      expect((await refused(world, call, { says: [] })).facts).toMatchObject({
        path: 'input.says',
      });
      expect(await fix(world, call, { says: { b: 2 } })).toBe('done');
      await isReplayed(world, call);
    }));

  test('of a wait is not offered, and refused with the ways that are left', () =>
    inWorld(async (world) => {
      const run = await broken(world, 'wait', { when: 'someday' });
      expect(await offered(world, run)).toEqual({
        ways: ['retry', 'skip', 'done', 'cancel'],
        fields: ['action', 'value'],
      });
      expect(await refused(world, run, {})).toMatchObject({
        code: 'not_possible',
        remedy: 'Choose retry, skip, done or cancel.',
      });
    }));

  test('of a group whose inner steps have begun is not offered and refused, and so is another try', () =>
    inWorld(async (world) => {
      const run = await broken(world, 'begun', {});
      expect(await offered(world, run)).toEqual({
        ways: ['skip', 'done', 'cancel'],
        fields: ['action', 'value'],
      });
      const isLeft = {
        code: 'not_possible',
        remedy: 'Choose done with a value for what it leaves, skip, or cancel.',
      };
      expect(await refused(world, run, [1])).toMatchObject(isLeft);
      const again = world.kernel.items.answer(await taskOf(world, run), { action: 'retry' }, YOU);
      await expect(again).rejects.toMatchObject(isLeft);
      const done = { action: 'done', value: '[]' };
      await world.kernel.items.answer(await taskOf(world, run), done, YOU);
      expect((await world.kernel.rest(run)).status).toBe('done');
      await isReplayed(world, run);
    }));

  test('is offered where it can work', () =>
    inWorld(async (world) => {
      for (const [name, says] of [
        ['play', { none: 1 }],
        ['call', { a: 1 }],
      ] as const) {
        expect(await offered(world, await broken(world, name, says))).toEqual({
          ways: ['retry', 'fix', 'skip', 'done', 'cancel'],
          fields: ['action', 'input', 'value'],
        });
      }
    }));

  test('of a play in an older log, where nobody took it, is still not taken', () =>
    inWorld(async (world) => {
      const run = await broken(world, 'play', { none: 1 });
      const old = fact('step.fixed', { step: 'x', input: { n: 4 } }, { run });
      const stream = `run/${run}`;
      await world.log.append([{ stream, expectedVersion: 'any', events: [old] }]);
      const task = await taskOf(world, run);
      await world.kernel.items.answer(task, { action: 'retry' }, YOU);
      expect((await world.kernel.rest(run)).waitingFor).toBe('answer');
      expect(await eventsOf(world, run, 'step.expanded')).toEqual([]);
      await isReplayed(world, run);
    }));
});

test('a list reaches a failed each from the terminal, and over HTTP as text or as it is', async () => {
  const desk = await createExampleDesk('fixed-input');
  try {
    const file = join(desk.directory, 'talk.json');
    const form = { fields: [{ name: 'n', kind: 'integer', required: true }] };
    const question = { id: 'q', ask: { title: 'How many?', form } };
    const steps = [{ id: 'x', each: { over: { $expr: 'input.list' }, as: 'n', do: [question] } }];
    const input = { type: 'object', properties: { list: {} } };
    await writeFile(file, JSON.stringify({ ...head('talk'), input, plan: { steps } }));
    await desk.data(['playbooks', 'publish', file]);
    const begin = async (words: string) => {
      const asked = await desk.data<{ items: readonly { id: string }[] }>([
        ...['do', words, '--playbook', 'talk', '--input', JSON.stringify({ list: words })],
      ]);
      return asked.items[0]?.id ?? '';
    };
    const typed = await begin('talk one');
    const set = ['--set', 'action=fix', '--set', 'input=["red", "blue"]'];
    const ways = [await begin('talk two'), await begin('talk three')];
    const asks = ['How many?', 'How many?'];
    const titles = (items: readonly { readonly id: string; readonly title: string }[]) =>
      items.filter(({ id }) => !ways.includes(id)).map(({ title }) => title);
    await desk.data(['answer', typed, ...set]);
    expect(titles(await desk.data(['inbox']))).toEqual(asks);
    const door = await openDeskHouse(desk);
    try {
      for (const [index, list] of ['["red", "blue"]', ['red', 'blue']].entries()) {
        const body = { set: { action: 'fix', input: list } };
        const answer = await door.ask('POST', `/api/items/${ways[index]}/answer`, { body });
        expect(answer.status, answer.text).toBe(200);
        await door.house.services.kernel.rest(answer.json().run);
        asks.push('How many?', 'How many?');
        expect(titles((await door.ask('GET', '/api/inbox')).json().items)).toEqual(asks);
      }
    } finally {
      await door.house.close();
    }
  } finally {
    await desk.close();
  }
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/base/index.ts';
import { OPERATOR, OWN, PUBLIC } from '../../src/contract/index.ts';
import type { ItemRow } from '../../src/kernel/index.ts';
import { createExampleDesk } from '../support/command-desk.ts';
import { openDeskHouse } from '../support/desk-house.ts';
import { typedBy } from '../support/operator.ts';
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

/** What a page says reaches a person as something that is filled in already. Pressing a key is not typing. */
let home: string;
let world: TrustWorld;

const ZOE = 'zoe@example.org';
const YOU = typedBy('operator:test');
const page: JsonObject = {
  ...{ id: 'page', call: 'page.read@1' },
  with: { says: { $expr: 'input.says' } },
};
const out = (to: string, text: Json = 'Hello'): JsonObject => ({
  ...{ id: 'out', call: 'post.send@1' },
  with: { to: [{ $expr: to }], text },
});
const plans: readonly (readonly [string, readonly JsonObject[]])[] = [
  [
    'page-asks',
    [
      page,
      {
        id: 'q',
        ask: { title: 'To whom?', form: { fields: [] } },
        with: { form: { $expr: 'page.form' } },
      },
      out('q.to'),
    ],
  ],
  [
    'plan-asks',
    [
      {
        id: 'q',
        ask: {
          title: 'To whom?',
          form: { fields: [{ name: 'to', kind: 'email', default: ZOE }] },
        },
      },
      out('q.to'),
    ],
  ],
  ['page-breaks', [page, out('page.to', { $expr: 'page.text' })]],
];

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-answers-'));
  world = await openTrustWorld({
    home,
    agents: [pageRead, deputy],
    playbooks: [
      ...PLAYBOOKS,
      ...plans.map(([name, steps]) => ({
        ...{ name, version: 1, title: name, autonomy: 'ask' },
        input: { type: 'object', properties: { says: { type: 'object' } } },
        plan: { steps: [...steps] },
      })),
    ],
  });
  // covers letters to Zoe: what is asked all the same is asked for its labels
  await act(world, 'grant', { grant: grantDraft(world) });
});
afterEach(async () => {
  await world.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

async function opened(run: string): Promise<ItemRow> {
  const item = (await world.kernel.items.list()).find((row) => row.run === run);
  if (!item) throw new Error('nothing waits');
  return item;
}

/** What the run waits for once it was answered; `done` when it needed nobody. */
async function answered(run: string, values: JsonObject, who = YOU): Promise<string> {
  const item = await opened(run);
  await world.kernel.items.answer(item.id, values, who);
  const now = await world.kernel.rest(run);
  return now.status === 'done' ? 'done' : String(now.waitingFor);
}

async function pageAsks(field: JsonObject): Promise<string> {
  const says = { form: { fields: [{ name: 'to', required: true, ...field }] } };
  return (await ask(world, 'page-asks', { says })).id;
}

async function destination(run: string) {
  const [effect] = (await cardOf(world, run)).effects;
  return effect?.effect.arguments.find(({ path }) => path === 'to')?.label.integrity;
}

describe('an address that a page filled in', () => {
  test('comes back unchanged and stays the words of the page', async () => {
    const run = await pageAsks({ kind: 'email', default: ZOE });
    expect(await answered(run, { to: ZOE })).toBe('approval');
    expect(await destination(run)).toBe('public');
    expect(world.sent).toEqual([]);
  });

  test('is left as it is by an empty answer, and stays the words of the page', async () => {
    const run = await pageAsks({ kind: 'email', default: ZOE });
    expect(await answered(run, {})).toBe('approval');
    expect(await destination(run)).toBe('public');
  });

  test('that is typed anew is the word of the operator', async () => {
    const run = await pageAsks({ kind: 'email', default: 'zoe@evil.example' });
    expect(await answered(run, { to: ZOE })).toBe('done');
  });

  test('with something typed around it stays the words of the page', async () => {
    const run = await pageAsks({ kind: 'text', default: ' Zoe@example.org' });
    expect(await answered(run, { to: `zoe@example.org` })).toBe('approval');
    expect(await destination(run)).toBe('public');
  });

  test('that is one of the choices it offered stays the words of the page', async () => {
    const run = await pageAsks({ kind: 'choice', choices: [ZOE, 'anna@example.org'] });
    expect(await answered(run, { to: ZOE })).toBe('approval');
    expect(await destination(run)).toBe('public');
  });

  test('cannot say of itself that the operator wrote it', async () => {
    const run = await pageAsks({ kind: 'email', default: ZOE, from: { ...OPERATOR } });
    expect((await opened(run)).form).toMatchObject({ fields: [{ from: PUBLIC }] });
    expect(await answered(run, { to: ZOE })).toBe('approval');
  });
});

describe('an answer', () => {
  test('that a plan of our own filled in is covered as before', async () => {
    const { id } = await ask(world, 'plan-asks', {});
    expect(await answered(id, { to: ZOE })).toBe('done');
  });

  test('of somebody without an enrolled device is not the operator', async () => {
    const { id } = await ask(world, 'plan-asks', {});
    await answered(id, { to: 'anna@example.org' }, { by: 'operator:local', label: OWN });
    const events = await world.log.readStream(`run/${id}`);
    const done = events.find(({ type, data }) => type === 'step.completed' && data.step === 'q');
    expect(done).toMatchObject({
      by: 'operator:local',
      label: OWN,
      data: { labels: { base: OWN } },
    });
    expect(await destination(id)).toBe('own');
  });
});

describe('the input of a step that is corrected by hand', () => {
  const broken = async (): Promise<string> =>
    (await ask(world, 'page-breaks', { says: { to: ZOE, text: 13 } })).id;
  const fix = (to: string): JsonObject => ({
    action: 'fix',
    input: JSON.stringify({ to: [to], text: 'Hello' }),
  });

  test('keeps where it came from in the fields that nobody changed', async () => {
    const run = await broken();
    expect(await answered(run, fix(ZOE))).toBe('approval');
    expect(await destination(run)).toBe('public');
  });

  test('is the word of the operator where it was typed', async () => {
    const run = (await ask(world, 'page-breaks', { says: { to: 'x@evil.example', text: 13 } })).id;
    expect(await answered(run, fix(ZOE))).toBe('done');
  });
});

describe('an effect that is edited', () => {
  const asked = async (): Promise<string> =>
    (await ask(world, 'page-breaks', { says: { to: ZOE, text: 'Hello' } })).id;

  test('keeps the label of a field that came back as it was', async () => {
    const run = await asked();
    await world.kernel.items.edit((await opened(run)).id, { to: [ZOE], text: 'Dear Zoe' }, YOU);
    expect(await destination(run)).toBe('public');
  });

  test('counts what was typed as much as whoever typed it', async () => {
    const run = await asked();
    const item = await opened(run);
    await world.kernel.items.edit(item.id, { to: ['anna@example.org'] }, YOU);
    expect(await destination(run)).toBe('operator');
    const local = { by: 'operator:local', label: OWN };
    await world.kernel.items.edit(item.id, { to: ['bea@example.org'] }, local);
    expect(await destination(run)).toBe('own');
  });
});

test('through the socket counts as the operator only with an enrolled device', async () => {
  const desk = await createExampleDesk('answers');
  await desk.data(['devices', 'enrol']);
  const door = await openDeskHouse(desk);
  try {
    const closedWith = async (headers: { readonly [name: string]: string }) => {
      const { run } = (
        await door.ask('POST', '/api/do', { body: { words: 'paint the fence' } })
      ).json();
      const { items } = (await door.ask('GET', '/api/inbox')).json();
      const { id } = items.find((item: { readonly run: string }) => item.run === run);
      await door.ask('POST', `/api/items/${id}/answer`, { headers, body: { set: {} } });
      const events = await door.house.services.log.readStream(`item/${id}`);
      return events.find(({ type }) => type === 'item.closed')?.label;
    };
    expect(await closedWith({})).toEqual(OPERATOR);
    expect(await closedWith({ 'steward-device': 'nobody' })).toEqual(OWN);
  } finally {
    await door.house.close();
    await desk.close();
  }
});

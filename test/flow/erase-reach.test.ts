import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Json, sha256 } from '../../src/base/index.ts';
import { fact } from '../../src/kernel/index.ts';
import { DEFAULT_POLICY, sealPolicy } from '../../src/policy/index.ts';
import {
  act,
  approve,
  ask,
  cardOf,
  openTrustWorld,
  PLAYBOOKS,
  type TrustWorld,
} from './trust-kit.ts';

/** How far an erasure reaches: all of one person, whoever wrote it how, and nothing of anybody else. */
let home: string;
let world: TrustWorld;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-reach-'));
  world = await openTrustWorld({
    home,
    playbooks: [
      ...PLAYBOOKS,
      {
        ...{ name: 'look', version: 1, title: 'Look', autonomy: 'ask' },
        input: { type: 'object', properties: { says: { type: 'object' } } },
        plan: {
          steps: [{ id: 'page', call: 'page.read@1', with: { says: { $expr: 'input.says' } } }],
        },
      },
    ],
  });
});
afterEach(async () => {
  await world.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

async function party(name: string, email: string): Promise<string> {
  const id = world.newId();
  const set = { name, email, kinds: ['customer'] };
  await world.kernel.change([{ type: 'create', record: 'party', id, set }], {
    by: 'operator:test',
  });
  return id;
}

const erase = (subject: string) => act(world, 'erase', { subject, because: 'They asked for it.' });

async function logSays(text: string): Promise<readonly string[]> {
  const events = await world.log.read({ after: 0, limit: 1_000 });
  return events.filter(({ data }) => JSON.stringify(data).includes(text)).map(({ type }) => type);
}

describe('erasing a person', () => {
  test('finds them in whatever letters somebody wrote them', async () => {
    const zoe = await party('Zoë Maier', 'Zoe.Maier@Example.org');
    const decomposed = 'ZOË MAIER'.normalize('NFD');
    const run = await ask(world, 'send', { to: ['zoe.maier@example.org'], text: 'Hello' });
    await approve(world, run.id);
    const other = await ask(world, 'send', { to: ['max@example.org'], text: `On ${decomposed}` });
    await approve(world, other.id);
    await erase(zoe);
    expect(await logSays('zoe.maier@example.org')).toEqual([]);
    expect(await logSays(decomposed)).toEqual([]);
  });

  test('leaves the bytes that work for somebody else is made of too', async () => {
    const zoe = await party('Zoe Maier', 'zoe@example.org');
    const text = 'The same letter for everybody';
    const run = await ask(world, 'send', { to: ['zoe@example.org'], text });
    await approve(world, run.id);
    const other = await ask(world, 'send', { to: ['max@example.org'], text });
    await erase(zoe);
    expect(Buffer.from(await world.blobs.get(sha256(text))).toString()).toBe(text);
    expect((await cardOf(world, other.id)).effects).toHaveLength(1);
    expect((await approve(world, other.id)).status).toBe('done');
    expect(world.sent.map(({ to }) => to)).toContainEqual(['max@example.org']);
  });

  test('takes the bytes that nobody else needs', async () => {
    const zoe = await party('Zoe Maier', 'zoe@example.org');
    const text = 'A letter for one';
    await approve(world, (await ask(world, 'send', { to: ['zoe@example.org'], text })).id);
    await erase(zoe);
    await expect(world.blobs.get(sha256(text))).rejects.toMatchObject({ code: 'erased' });
  });
});

async function look(says: { readonly [name: string]: Json }): Promise<void> {
  expect((await ask(world, 'look', { says })).status).toBe('done');
}

describe('erasing looks for words that name the person', () => {
  test('also in the names of members', async () => {
    const zoe = await party('Zoe Maier', 'zoe@example.org');
    await look({ 'zoe@example.org': 'once' });
    await erase(zoe);
    expect(await logSays('zoe@example.org')).toEqual([]);
  });

  test.each([
    ['Maier', 'Maiers invoice', false],
    ['Maier', 'for MAIER, today', false],
    ['Maier', 'Maier-Huber', false],
    ['Maier', 'Maierhofer came by', true],
    ['Maier', 'Obermaier came by', true],
  ])('%s in "%s": stays %s', async (name, text, stays) => {
    const id = await party(name, 'zoe@example.org');
    await look({ note: text });
    await erase(id);
    expect((await logSays(text)).length > 0).toBe(stays);
  });

  test.each([
    ['customer', 'a customer came by', true],
    ['regular customer', 'a regular customer came by', true],
    ['prefers calls on Thursdays', 'She prefers calls on Thursdays.', false],
    ['K-2026-0815', 'See K-2026-0815', false],
  ])('a note "%s" and "%s": stays %s', async (notes, text, stays) => {
    const id = await party('Zoe Maier', 'zoe@example.org');
    await world.kernel.change([{ type: 'change', record: 'party', id, set: { notes } }], {
      by: 'operator:test',
    });
    await look({ note: text });
    await erase(id);
    expect((await logSays(text)).length > 0).toBe(stays);
  });
});

describe('what stays although it names the person', () => {
  const said = async (subject: string): Promise<string> => {
    const { sentences } = await world.kernel.trust.propose('erase', {
      ...{ subject, because: 'They asked for it.' },
    });
    return sentences.join('\n');
  };

  test('is named before anybody signs, with the reason, and stands in the receipt', async () => {
    const zoe = await party('Zoe-Maier.example', 'zoe@example.org');
    const policy = sealPolicy({ ...DEFAULT_POLICY, hosts: ['zoe-maier.example'] });
    await act(world, 'policy', { policy, because: 'Careful.' });
    const text = await said(zoe);
    expect(text).toMatch(/Stays: policy "[^"]+" names them\. .* steward policy set/);
    const { receipt } = await erase(zoe);
    expect(receipt?.standing).toContainEqual(expect.objectContaining({ what: 'policy' }));
    expect(receipt?.stores.keys).toEqual({ destroyed: true });
  });

  test('is the name of a schedule, and no word of what it said', async () => {
    const zoe = await party('zoe-maier', 'zoe@example.org');
    const schedule = {
      ...{ id: 'letter-zoe-maier', playbook: 'look', cron: '0 9 1 * *', zone: 'UTC' },
      input: { says: { secretly: 'wanted' } },
    };
    await world.kernel.schedules.set(schedule, 'operator:test');
    await world.kernel.schedules.remove('letter-zoe-maier', 'No more.', 'operator:test');
    expect(await said(zoe)).toContain('Stays: schedule "letter-zoe-maier" names them.');
    await erase(zoe);
    expect(await logSays('secretly')).toEqual([]);
  });

  test('is no imported file: it goes once the question about it is answered', async () => {
    const zoe = await party('Zoe Maier', 'zoe@example.org');
    const blob = await world.blobs.put(Buffer.from('Client,Hours\nZoe Maier,3\nMax,4\n'));
    const item = world.newId();
    const body = { topic: 'x', import: { blob, format: 'auto', dateOrder: null } };
    const opened = {
      kind: 'question',
      title: 'Which Max?',
      effects: [],
      risk: 'low',
      body,
    } as const;
    await world.log.append([
      { stream: `item/${item}`, expectedVersion: 0, events: [fact('item.opened', opened)] },
    ]);
    await expect(erase(zoe)).rejects.toMatchObject({
      ...{ code: 'not_possible', facts: { underWay: [{ what: 'inbox item', id: item }] } },
    });
    const over = fact('item.closed', { how: 'answered', by: 'operator:test' });
    await world.log.append([{ stream: `item/${item}`, expectedVersion: 1, events: [over] }]);
    await erase(zoe);
    await expect(world.blobs.get(blob)).rejects.toMatchObject({ code: 'erased' });
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/base/index.ts';
import { act, approve, ask, cardOf, openTrustWorld, type TrustWorld } from './trust-kit.ts';

/** How far an erasure reaches: all of one person, whoever wrote it how, and nothing of anybody else. */
let home: string;
let world: TrustWorld;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-reach-'));
  world = await openTrustWorld({ home });
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

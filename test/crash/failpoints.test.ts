import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAILPOINTS } from '../../src/adapter/failpoints.ts';
import { createWorkshop, type Workshop } from '../support/steward-process.ts';

const POINTS = [
  ...['append.before:2', 'append.after:2', 'append.after:5'],
  ...['commit.before:1', 'commit.after:1', 'commit.before:2', 'commit.after:2'],
];

interface Card {
  readonly effects: readonly { readonly hash: string }[];
}

function sent({ home }: Workshop): readonly string[] {
  const folder = join(home, 'sandbox', 'outbox', 'new');
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Signs what waits, with a program of its own that dies at the point. */
async function approve(shop: Workshop, failpoint = ''): Promise<number | null> {
  const { data } = (await shop.run(['inbox', '--json'])).json();
  const [item] = data as readonly { id: string }[];
  if (!item) return 0;
  const card = (await shop.run(['show', item.id, '--json'])).json().data as Card;
  const named = card.effects.flatMap(({ hash }) => ['--effect', hash]);
  const env = failpoint === '' ? {} : { STEWARD_FAILPOINT: failpoint };
  return (await shop.run(['approve', item.id, ...named], env)).code;
}

test.each(POINTS)('the program dies at %s, and the next one sends once', async (failpoint) => {
  const shop = await createWorkshop('failpoint');
  await using _ = shop;
  await (await shop.serve(['start'])).stop();
  expect(await approve(shop, failpoint)).toBeNull(); // killed, not ended
  const server = await shop.serve(['up']);
  await approve(shop); // if the signature had not been kept yet
  await expect.poll(() => sent(shop)).toHaveLength(1);
  await server.stop();
  const { data } = (await shop.run(['records', 'invoice', '--json'])).json();
  expect(data).toHaveLength(1);
  expect((await shop.run(['log', 'verify', '--json'])).json()).toMatchObject({ ok: true });
});

test('a point that is not there is refused with those that are', async () => {
  const shop = await createWorkshop('failpoint');
  await using _ = shop;
  const { code, err } = await shop.run(['inbox'], { STEWARD_FAILPOINT: 'nowhere:1' });
  expect(code).not.toBe(0);
  for (const point of FAILPOINTS) expect(err).toContain(point);
});

import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSecretStore } from '../../src/adapter/secret-store.ts';
import { createWorkshop } from '../support/steward-process.ts';

const clock = { now: () => Date.UTC(2026, 10, 22) };

test('with the key of other secrets the home does not open, and both ways out work', async () => {
  const shop = await createWorkshop('secrets-key');
  await using _ = shop;
  await (await shop.serve(['start'])).stop();
  const keys = join(shop.home, 'keys');
  const other = join(shop.directory, 'other');
  mkdirSync(other, { mode: 0o700 });
  const store = await openSecretStore(keys, clock);
  const value = 'a-long-enough-value';
  await store.stage({ name: 'mail', value, hosts: ['mail.example'], commitment: 'c'.repeat(64) });
  await openSecretStore(other, clock);
  copyFileSync(join(keys, 'secrets.key'), join(other, 'right.key'));

  copyFileSync(join(other, 'secrets.key'), join(keys, 'secrets.key'));
  const refused = await shop.run(['inbox', '--json']);
  expect(refused.json()).toMatchObject({ ok: false, error: { code: 'wrong_key' } });
  expect(refused.out + refused.err).toContain('Put secrets.key back');
  await expect(shop.serve(['start'])).rejects.toThrow();

  copyFileSync(join(other, 'right.key'), join(keys, 'secrets.key'));
  expect((await shop.run(['inbox', '--json'])).json()).toMatchObject({ ok: true });

  copyFileSync(join(other, 'secrets.key'), join(keys, 'secrets.key'));
  for (const name of readdirSync(keys)) if (name.startsWith('secrets.')) rmSync(join(keys, name));
  expect((await shop.run(['inbox', '--json'])).json()).toMatchObject({ ok: true });
});

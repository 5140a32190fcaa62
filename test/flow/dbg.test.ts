import { test } from 'vitest';
import { drive, letters, start, travel } from './time-travel-kit.ts';
test('dbg', () => travel(async (p) => {
  const run = await start(p, 'letters', { to: 'a', n: 1 });
  try { console.log(await drive(p, run.id)); } catch (e) { console.log(String(e)); }
  for (const e of await p.log.readStream(`run/${run.id}`)) console.log(e.seq, e.type, JSON.stringify(e.data).slice(0, 150));
  console.log(await p.kernel.items.list(), p.problems);
}));

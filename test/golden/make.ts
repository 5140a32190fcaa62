// Writes the golden log of a release: node test/golden/make.ts 0.1.0. Run once, when it is released; what
// it wrote is never written again, because every later Steward must still read it.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryStore } from '../../src/adapter/memory-store.ts';
import { createIds } from '../../src/base/index.ts';
import { COUNTERPARTY, type NewEvent, OPERATOR, OWN, PUBLIC } from '../../src/contract/index.ts';
import { createLog } from '../../src/log/index.ts';
import { goldenCounts, goldenEvents } from './golden-folds.ts';

const [engine = ''] = process.argv.slice(2);
const directory = join(import.meta.dirname, engine);
if (!/^\d+\.\d+\.\d+$/.test(engine)) throw new Error('name the release: make.ts 0.1.0');
if (existsSync(join(directory, 'log.jsonl'))) throw new Error(`${engine} is golden already`);

let now = Date.UTC(2026, 10, 1, 9);
const clock = { now: () => (now += 1_234) };
const keys = new Map<string, Uint8Array>();
const vault = {
  obtain: (subject: string) => {
    const key = keys.get(subject) ?? new Uint8Array(randomBytes(32));
    keys.set(subject, key);
    return key;
  },
  find: (subject: string) => keys.get(subject),
  destroy: (subject: string) => keys.delete(subject),
};
const store = createMemoryStore('0190d2b8-0000-7000-8000-000000000001');
const folds = [goldenEvents, goldenCounts];
const log = createLog({ store, vault, clock, newId: createIds(clock.now), folds, engine });

const event = (type: string, data: NewEvent['data'], more: Partial<NewEvent> = {}): NewEvent => ({
  ...{ type, data, by: 'kernel', label: OWN },
  ...more,
});
const append = (stream: string, ...events: NewEvent[]) =>
  log.append([{ stream, expectedVersion: 'any', events }]);

await append('note/1', event('note.written', { text: 'plain' }));
await append(
  'note/2',
  event('note.written', { text: 'ä "quoted" \\ \u2028 🙂', list: [1, -0.5, 1e21, true, null, {}] }),
  event('note.changed', {}, { run: 'run-1', cause: 'id-1', by: 'agent:drafter@1' }),
);
await append(
  'note/3',
  event(
    'note.received',
    { from: { name: 'Ada', mail: 'ada@example.com' }, lines: ['one', { text: 'two' }] },
    {
      by: 'connector:mail@1',
      label: { ...COUNTERPARTY, placement: 'no-cloud', selected: true },
      fieldLabels: { 'from.mail': OPERATOR, lines: PUBLIC, ['__proto__']: OWN },
      personal: { subject: 'subject-1', paths: ['from', 'lines.1.text'] },
    },
  ),
  event('note.received', { name: 'Bob' }, { personal: { subject: 'subject-2', paths: ['name'] } }),
);
await append('note/4', event('note.written', { $sealed: 'ours', $$sealed: 1, $erased: true }));
await append('note/5', event('note.written', { text: 'destroyed later' }));
for (let n = 0; n < 20; n++) await append(`count/${n % 3}`, event('count.raised', { by: n }));
vault.destroy('subject-2');
store.shred(log.head().seq - 20);
await log.rebuild();

const lines = store.events(0, 1_000).map((raw) => JSON.stringify(raw));
const expected = {
  head: log.head(),
  digests: Object.fromEntries(
    await Promise.all(folds.map(async ({ name }) => [name, await log.digest(name)] as const)),
  ),
};
const hex = [...keys].map(([subject, key]) => [subject, Buffer.from(key).toString('hex')]);
const text = `${lines.join('\n')}\n`;
const sha256 = createHash('sha256').update(text).digest('hex');
mkdirSync(directory, { recursive: true });
writeFileSync(join(directory, 'log.jsonl'), text);
writeFileSync(join(directory, 'keys.json'), `${JSON.stringify(Object.fromEntries(hex), null, 2)}\n`);
writeFileSync(
  join(directory, 'expected.json'),
  `${JSON.stringify({ ...expected, sha256 }, null, 2)}\n`,
);

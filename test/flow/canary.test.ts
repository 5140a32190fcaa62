import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Services } from '../../src/surface/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { type DeskHouse, openDeskHouse } from '../support/desk-house.ts';

/** A stored secret is pushed through every door and every writer; then everything is searched for it. */
const CANARY = 'Kx7/canary+9Zq"Öß~5d1f';
/** stood in a record before it became a secret: in the log for good, in no answer */
const KNOWN_BEFORE = 'known-before-7c41e0b2';
const PASSPHRASE = 'four plain words here';
const UNLOCK = { 'Passphrase of your device key': PASSPHRASE };

const base64 = (text: string) => Buffer.from(text).toString('base64');
const hex = (text: string) => Buffer.from(text).toString('hex');
const percent = (text: string) => encodeURIComponent(text);
const json = (text: string) => JSON.stringify(text).slice(1, -1);

/** Two layers at most: that is how far the redactor looks. */
const SPELLINGS: { readonly [how: string]: string } = {
  raw: CANARY,
  json: json(CANARY),
  base64: base64(CANARY),
  'base64 after a user name': base64(`me:${CANARY}`),
  base64url: Buffer.from(CANARY).toString('base64url'),
  hex: hex(CANARY),
  'capital hex': hex(CANARY).toUpperCase(),
  percent: percent(CANARY),
  form: new URLSearchParams({ v: CANARY }).toString().slice(2),
  'base64 twice': base64(base64(CANARY)),
  'percent twice': percent(percent(CANARY)),
  'hex in base64': base64(hex(CANARY)),
  'base64 in hex': hex(base64(CANARY)),
  'base64 in percent': percent(base64(CANARY)),
  'percent in base64': base64(percent(CANARY)),
  'json twice': json(json(CANARY)),
};

let desk: CommandDesk;
let opened: DeskHouse;
const said: string[] = [];

/** One request as the command line makes it; the answer is kept for the search. */
async function ask(method: string, path: string, body?: unknown, through = opened.app) {
  const answer = await opened.ask(method, path, { body, app: through });
  said.push(answer.text, answer.headers);
  return answer;
}

/** Every place where some spelling can be read. */
function leaks(text: string | Buffer): readonly string[] {
  return Object.entries(SPELLINGS)
    .filter(([, spelling]) => text.includes(spelling))
    .map(([how]) => how);
}

function leaksInFiles(): readonly string[] {
  return readdirSync(desk.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.endsWith('canary.txt'))
    .flatMap((path) => leaks(bytesOf(path)).map((how) => `${how} in ${path}`));
}

/** What was a temporary file when the folder was read is gone under that name by now. */
function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return Buffer.alloc(0);
    throw error;
  }
}

beforeAll(async () => {
  desk = await createExampleDesk('canary');
  await desk.data(['devices', 'enrol', '--passphrase'], {
    'New passphrase': PASSPHRASE,
    'The same again': PASSPHRASE,
  });
  await desk.data([
    'create',
    'party',
    '--set',
    `name=Old ${KNOWN_BEFORE}`,
    '--set',
    'kinds=customer',
  ]);
});
afterAll(async () => {
  await opened.house.close();
  await desk.close();
});

describe('a stored secret', () => {
  test('that stood in a record before it was one is in no answer any more', async () => {
    for (const [name, value] of [
      ['bank', CANARY],
      ['before', KNOWN_BEFORE],
    ] as const) {
      const file = join(desk.directory, 'canary.txt');
      await writeFile(file, `${value}\n`);
      const set = ['secret', 'set', name, '--host', 'api.bank.example', '--file', file, '--yes'];
      const end = await desk.run([...set, '--json'], UNLOCK);
      expect(end.code, end.out).toBe(0);
      expect(end.out + end.err).not.toContain(value);
      expect(leaks(end.out + end.err)).toEqual([]);
    }
    for (const line of [
      ['records', 'party'],
      ['log', '--limit', '1000'],
      ['secret', 'list'],
    ]) {
      const { out } = await desk.run([...line, '--json']);
      expect(out, line.join(' ')).not.toContain(KNOWN_BEFORE);
    }
    opened = await openDeskHouse(desk, (words) => said.push(words));
    const [first] = await Promise.all([firstFrame(), ask('GET', '/api/records/party')]);
    expect(first).toContain('Old [secret:before]');
    expect(first).not.toContain(KNOWN_BEFORE);
  });

  test.each(Object.entries(SPELLINGS))(
    'written as %s passes no writer and no door',
    async (how, spelling) => {
      said.length = 0;
      const created = await ask('POST', '/api/records/party', {
        set: { name: `New ${how}`, kinds: 'customer', notes: `the key ${spelling} was refused` },
      });
      expect(created.text).toContain('[secret:bank]');
      const { id } = JSON.parse(created.text);
      await ask('PATCH', `/api/records/party/${id}`, { set: { notes: `key=${spelling};` } });
      const goal = await ask('POST', '/api/do', { words: `pay with ${spelling}` });
      expect(goal.status).toBe(422);
      expect(goal.text).toContain('stored secrets');
      await ask('GET', `/api/records/party?where=${encodeURIComponent(`${spelling} ==`)}`);
      await ask('GET', `/api/records/party?where=${encodeURIComponent(JSON.stringify(spelling))}`);
      await ask('GET', `/api/${encodeURIComponent(spelling)}/${encodeURIComponent(spelling)}`);
      await ask('GET', `/api/runs/${encodeURIComponent(spelling)}`);
      const because = `because ${spelling}`;
      await ask('POST', '/api/acts/propose', { kind: 'erase', body: { subject: id, because } });
      await ask('POST', '/api/stop', { because });
      await ask('POST', `/api/schedules/${encodeURIComponent(spelling)}`, {
        ...{ playbook: 'invoice-month', cron: '0 9 1 * *', input: { note: spelling } },
      });
      await ask(
        ...(['POST', '/api/import/time?format=toggl'] as const),
        `Client,Project,Description,Start date,Start time,Duration\nOld,Site,"${spelling.replaceAll('"', '""')}",2026-10-05,09:00:00,01:00:00\n`,
      );
      await expect(
        opened.house.services.blobs.put(Buffer.from(`a note: ${spelling}`)),
      ).rejects.toThrow(/stored secrets/);
      const stream = `note/${spelling}`;
      const named = { type: 'note.made', data: {}, by: 'test', label: OWN_LABEL };
      const appended = [{ stream, expectedVersion: 0, events: [named] }];
      await expect(opened.house.services.log.append(appended)).rejects.toThrow(/stored secrets/);
      await defect(spelling);
      await ask('GET', '/api/log?limit=1000');
      await opened.house.quiet();
      expect(leaks(said.join('\n'))).toEqual([]);
      expect(leaksInFiles()).toEqual([]);
    },
  );
});

const OWN_LABEL = { integrity: 'own', placement: 'anywhere' } as const;

/** A defect whose words quote the secret: it is reported, and the answer says nothing of it. */
async function defect(spelling: string): Promise<void> {
  const registry: Services['registry'] = {
    ...opened.house.services.registry,
    all: () => {
      throw new Error(`the provider said: ${spelling} is wrong`);
    },
  };
  const before = said.length;
  const { status } = await ask(
    ...(['GET', '/api/capabilities', undefined] as const),
    opened.appOver({ ...opened.house.services, registry }),
  );
  expect(status).toBe(500);
  expect(said.slice(before).join()).toContain('[secret:bank]');
}

/** The log from its beginning, as the page hears it. */
async function firstFrame(): Promise<string> {
  const stop = new AbortController();
  const request = new Request('http://localhost/api/events?after=0', { signal: stop.signal });
  const response = await opened.app.fetch(request, { door: 'local' });
  let text = '';
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader && !text.includes('Old ')) {
    text += (await reader.read()).value ?? '';
  }
  stop.abort();
  return text;
}

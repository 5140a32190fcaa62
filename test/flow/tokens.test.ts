import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../src/surface/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { type DeskHouse, openDeskHouse } from '../support/desk-house.ts';

/** Workers and agents at the door: what a token reaches, and all that it does not. */
const PASSPHRASE = 'four plain words here';
const UNLOCK = { 'Passphrase of your device key': PASSPHRASE };
const DAY_MS = 86_400_000;

/** As wide as a token can be made: even this one reaches only what is listed below. */
const WIDEST = [
  ...['--may', 'invoice.*', '--may', 'mail.*'],
  ...['--read', 'party', '--read', 'party.email', '--read', 'project', '--read', 'invoice'],
  ...['--read', 'time-entry', '--read', 'message', '--read', 'company'],
];
/** The whole reach of tokens. A new operation is refused to them until it stands here. */
const REACHED = ['do', 'run', 'records', 'record', 'capabilities', 'playbooks'];

let desk: CommandDesk;
let clockMs = 0;
const clock = { now: () => Date.now() + clockMs };

interface Token {
  readonly token: string;
  readonly body: { readonly token: { readonly hash: string } };
}
const create = (...args: readonly string[]): Promise<Token> =>
  desk.data<Token>(['tokens', 'create', ...args, '--yes'], UNLOCK);

/** The house is open only while a test asks: commands open it themselves. */
async function within<T>(work: (door: DeskHouse) => Promise<T>): Promise<T> {
  const opened = await openDeskHouse(desk, undefined, clock);
  try {
    return await work(opened);
  } finally {
    await opened.house.quiet();
    await opened.house.close();
  }
}

beforeAll(async () => {
  desk = await createExampleDesk('tokens');
  await desk.data(['devices', 'enrol', '--passphrase'], {
    'New passphrase': PASSPHRASE,
    'The same again': PASSPHRASE,
  });
});
afterAll(() => desk.close());

describe('a token', () => {
  let widest: Token;
  let narrow: Token;
  beforeAll(async () => {
    widest = await create('widest', ...WIDEST);
    narrow = await create('narrow', '--read', 'project', '--days', '1');
  });

  test('is shown once, and stands in no file and no later answer', async () => {
    expect(widest.token).toMatch(/^stw_[0-9a-f]{64}$/);
    const { out } = await desk.run(['tokens', '--json']);
    const log = await desk.run(['log', '--limit', '1000', '--json']);
    for (const text of [out, log.out]) expect(text).not.toContain(widest.token.slice(4));
    const files = readdirSync(desk.directory, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      const bytes = readFileSync(join(file.parentPath, file.name));
      expect(bytes.includes(widest.token.slice(4)), file.name).toBe(false);
    }
    expect(JSON.parse(out).data).toMatchObject([
      { name: 'narrow', holder: 'agent', status: 'active', revoked: null },
      { name: 'widest', holder: 'agent', status: 'active', revoked: null },
    ]);
  });

  test.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
    'and the operation %s',
    async (name, { method, path }) => {
      await within(async ({ ask, house }) => {
        const before = house.services.log.head().seq;
        const isReached = REACHED.includes(name);
        // a session that could, an own socket, and the token beside them: the token counts
        const cookie = house.services.sessions.start(null).token;
        for (const door of ['http', 'local'] as const) {
          const answer = await ask(method, path.replaceAll(/:\w+/g, 'x'), {
            ...{ door, token: widest.token },
            headers: { cookie: `steward_session=${cookie}` },
            ...(method === 'GET' ? {} : { body: {} }),
          });
          if (isReached) expect([200, 404, 422, 403], answer.text).toContain(answer.status);
          else {
            expect(answer.status, answer.text).toBe(403);
            expect(answer.json()).toMatchObject({ code: 'not_authorised' });
            expect(answer.json().detail).toContain('only you may do');
          }
        }
        expect(house.services.log.head().seq).toBe(before);
      });
    },
  );

  test('reads the records of its scope, without what is personal unless it is named', async () => {
    await within(async ({ ask }) => {
      const read = (path: string, { token } = widest) => ask('GET', path, { door: 'http', token });
      const [party] = (await read('/api/records/party')).json();
      expect(party.fields).toMatchObject({ email: expect.any(String) });
      expect(party.fields.name).toBeUndefined();
      expect((await read(`/api/records/party/${party.id}`)).json().fields).toEqual(party.fields);
      const where = encodeURIComponent('name.startsWith("Acme")');
      expect((await read(`/api/records/party?where=${where}`)).json()).toEqual([]);
      expect((await read('/api/records/project', narrow)).status).toBe(200);
      for (const path of ['party', `party/${party.id}`, 'invoice', 'company', 'time-entry']) {
        const answer = await read(`/api/records/${path}`, narrow);
        expect([answer.status, answer.json().code], path).toEqual([403, 'not_authorised']);
      }
      expect((await read('/api/capabilities', narrow)).json()).toEqual([]);
      expect((await read('/api/playbooks', narrow)).json()).toEqual([]);
      const may = (await read('/api/capabilities')).json() as readonly { ref: string }[];
      expect(may.length).toBeGreaterThan(3);
      expect(may.every(({ ref }) => /^(invoice|mail)\./.test(ref))).toBe(true);
    });
  });

  test('asks for what its scope holds, and what goes out waits for you in spite of a grant', async () => {
    const parties = await desk.data<readonly { id: string; fields: { email?: string } }[]>([
      ...['records', 'party', '--where', 'name.startsWith("Acme")'],
    ]);
    const party = parties[0];
    const to = party?.fields.email ?? '';
    await desk.data(['grant', 'mail.send', '--to', to, '--count', '9/day', '--yes'], UNLOCK);
    const month = Temporal.Now.plainDateISO('Europe/Berlin')
      .toPlainYearMonth()
      .subtract({ months: 1 })
      .toString();
    const known = (await desk.data<readonly { name: string; plan: object }[]>(['playbooks'])).find(
      ({ name }) => name === 'invoice-month',
    );
    const calls = [...JSON.stringify(known?.plan).matchAll(/"call":"([^"]+)"/g)].map(([, c]) => c);
    const scope = calls.flatMap((call) => ['--may', call ?? '']);
    const all = await create('all', ...scope);
    const curious = await create('curious', ...scope);
    await within(async ({ ask, house }) => {
      const goal = {
        ...{ words: 'invoice', playbook: 'invoice-month', again: true },
        input: { party: party?.id, month },
      };
      const post = (body: object, token: string) =>
        ask('POST', '/api/do', { door: 'http', token, body });
      expect((await post(goal, narrow.token)).json()).toMatchObject({ code: 'not_authorised' });
      expect((await post({ words: 'invoice Acme' }, all.token)).json()).toMatchObject({
        ...{ code: 'invalid_input', path: 'playbook' },
      });
      const started = (await post(goal, all.token)).json();
      expect(started).toMatchObject({ status: 'waiting', waitingFor: 'approval' });
      expect(Object.keys(started).sort()).toEqual(
        ['endedAt', 'joined', 'playbook', 'run', 'startedAt', 'status', 'waitingFor'].sort(),
      );
      const [first] = await house.services.log.readStream(`run/${started.run}`);
      expect(first?.by).toMatch(/^agent:[0-9a-f]{16}$/);
      expect(first?.label.integrity).toBe('counterparty');
      const mailIn = async (id: string) => {
        const rows: readonly { step: string }[] = (
          await ask('GET', `/api/decisions?run=${id}`)
        ).json();
        return rows.find(({ step }) => step === 'mail');
      };
      const mine = (await ask('POST', '/api/do', { body: goal })).json();
      expect(await mailIn(mine.run)).toMatchObject({ verdict: 'allow', on: { type: 'grant' } });
      const joining = { ...goal, again: false };
      expect((await post(joining, all.token)).json()).toMatchObject({
        ...{ run: started.run, joined: true },
      });
      const asked = (await post(joining, curious.token)).json();
      expect(asked).toMatchObject({ joined: false, waitingFor: 'answer' });
      expect([started.run, mine.run]).not.toContain(asked.run);
      const theirs = await mailIn(started.run);
      expect(theirs).toMatchObject({ verdict: 'ask', on: null });
      expect(JSON.stringify(theirs)).toContain('does not cover it');
      const run = `/api/runs/${started.run}`;
      const own = await ask('GET', run, { door: 'http', token: all.token });
      expect(own.json()).toMatchObject({ run: started.run, status: 'waiting' });
      expect((await ask('GET', run, { door: 'http', token: narrow.token })).status).toBe(403);
      expect((await ask('GET', run, { door: 'http', token: widest.token })).status).toBe(403);
    });
  });

  test('for one run sees that run alone', async () => {
    const [run, other] = await desk.data<readonly { id: string }[]>(['runs']);
    const one = await create('one', '--run', run?.id ?? '');
    await within(async ({ ask }) => {
      const look = (id = '') => ask('GET', `/api/runs/${id}`, { door: 'http', token: one.token });
      expect((await look(run?.id)).status).toBe(200);
      expect((await look(other?.id ?? 'another')).status).toBe(403);
    });
  });

  test('is over at its end, and at once when you end it', async () => {
    const read = (token: string) =>
      within(({ ask }) => ask('GET', '/api/records/project', { door: 'http', token }));
    const short = await create('short', '--read', 'project', '--days', '1');
    expect((await read(short.token)).status).toBe(200);
    clockMs = DAY_MS;
    expect((await read(short.token)).json()).toMatchObject({ status: 401, code: 'not_signed_in' });
    clockMs = 0;
    const id = short.body.token.hash.slice(0, 6);
    await desk.data(['tokens', 'revoke', id, '--because', 'Lost', '--yes'], UNLOCK);
    expect((await read(short.token)).status).toBe(401);
    expect(await desk.refusal(['tokens', 'revoke', id, '--yes'], UNLOCK)).toMatchObject({
      exit: 6,
    });
    const listed = await desk.data<readonly object[]>(['tokens']);
    const lines = (await desk.run(['tokens'])).out;
    expect(lines).toContain('short (agent)');
    expect(lines).toContain('revoked (Lost)');
    expect(listed).toContainEqual(
      expect.objectContaining({ name: 'short', status: 'revoked', revoked: 'Lost' }),
    );
  });

  test('is void after a restore', async () => {
    const kept = await create('kept', '--read', 'project');
    await within(async ({ ask, house }) => {
      const read = () => ask('GET', '/api/records/project', { door: 'http', token: kept.token });
      expect((await read()).status).toBe(200);
      await house.services.kernel.trust.raiseIncarnation('A copy was put back.');
      expect((await read()).status).toBe(401);
    });
  });
});

describe('a wrong token', () => {
  test('is nobody, in whatever form, and never falls back to the session or the socket', async () => {
    await within(async ({ ask, house }) => {
      const cookie = house.services.sessions.start(null).token;
      const texts = ['Bearer ', 'Bearer stw_', `Bearer stw_${'0'.repeat(64)}`, 'Basic eDp5', 'x'];
      for (const authorization of texts) {
        for (const door of ['http', 'local'] as const) {
          const headers = { authorization, cookie: `steward_session=${cookie}` };
          const answer = await ask('GET', '/api/inbox', { door, headers });
          expect([answer.status, answer.json().code], authorization).toEqual([
            ...[401, 'not_signed_in'],
          ]);
        }
      }
    });
  });

  test('too often has to wait, and a right one does not', async () => {
    const right = await create('right', '--read', 'project');
    await within(async ({ ask }) => {
      const guess = (i: number) =>
        ask('GET', '/api/records/project', {
          door: 'http',
          token: `stw_${String(i).padEnd(64, '0')}`,
        });
      const codes: number[] = [];
      for (let i = 0; i < 25; i++) codes.push((await guess(i)).status);
      expect(codes.slice(0, 20)).toEqual(Array(20).fill(401));
      expect(codes.slice(20)).toEqual(Array(5).fill(429));
      const answer = await ask('GET', '/api/records/project', { door: 'http', token: right.token });
      expect(answer.status).toBe(200);
      clockMs = 61_000;
      expect((await guess(99)).status).toBe(401);
      clockMs = 0;
    });
  });

  test('from another page is refused, and a token needs no Origin', async () => {
    const right = await create('page', '--read', 'project', '--may', 'invoice.*');
    await within(async ({ ask }) => {
      const headers = { origin: 'https://evil.example' };
      const options = { door: 'http', token: right.token } as const;
      expect((await ask('GET', '/api/records/project', { ...options, headers })).status).toBe(403);
      const bare = await ask('POST', '/api/do', { ...options, body: { words: 'x' } });
      expect(bare.status).toBe(422);
    });
  });
});

describe('a token is not made', () => {
  test.each([
    ['for everything', ['--may', '*'], 2],
    ['for nothing', [], 2],
    ['for what nobody does', ['--may', 'fax.send@1'], 2],
    ['for records that do not exist', ['--read', 'diary'], 2],
    ['for fields that do not exist', ['--read', 'party.shoesize'], 2],
    ['for longer than a month', ['--read', 'project', '--days', '31'], 2],
    ['for a run that is not there', ['--run', 'nowhere'], 3],
  ])('%s', async (_, args, exit) => {
    const line = ['tokens', 'create', 'x', ...args, '--yes'];
    expect(await desk.refusal(line, UNLOCK)).toMatchObject({ exit });
  });

  test('before somebody saw what it may do and signed that', async () => {
    const line = ['tokens', 'create', 'x', '--read', 'project'];
    expect(await desk.refusal(line)).toMatchObject({ exit: 2, code: 'usage' });
    expect((await desk.run(line, { 'Sign this?': 'n' })).code).toBe(1);
    const made = await desk.run(line, { 'Sign this?': 'y', ...UNLOCK });
    expect(made.out).toMatch(/shown this once[^\n]*\nstw_[0-9a-f]{64}\n/);
    const seen = await desk.run(line, { 'Sign this?': 'n' });
    expect(seen.err).toContain('It can approve, sign, delegate and change nothing.');
  });
});

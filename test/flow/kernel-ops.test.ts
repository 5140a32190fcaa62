import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';

/** Playbooks, runs of the past, schedules and what waits, as a person types them. */
let desk: CommandDesk;
let run: string;

interface Shown extends JsonObject {
  readonly name: string;
  readonly title: string;
  readonly autonomy: string;
  readonly input: JsonObject;
  readonly plan: { readonly steps: readonly JsonObject[] };
}

beforeAll(async () => {
  desk = await createExampleDesk('kernel-ops');
  const [party] = await desk.data<readonly { id: string }[]>([
    ...['records', 'party', '--where', 'name.startsWith("Acme")'],
  ]);
  const month = Temporal.Now.plainDateISO('Europe/Berlin')
    .toPlainYearMonth()
    .subtract({ months: 1 });
  const input = JSON.stringify({ party: party?.id, month: month.toString() });
  const asked = await desk.data<{ run: string; waitingFor: string }>([
    ...['do', 'invoice Acme', '--playbook', 'invoice-month', '--input', input],
  ]);
  expect(asked.waitingFor).toBe('approval');
  run = asked.run;
});
afterAll(() => desk.close());

async function writeDocument(name: string, document: JsonObject): Promise<string> {
  const file = join(desk.directory, name);
  await writeFile(file, JSON.stringify(document));
  return file;
}

/** The playbook as it was published, with its head or plan changed. */
async function changed(more: JsonObject): Promise<JsonObject> {
  const { name, title, autonomy, input, plan } = await desk.data<Shown>([
    ...['playbooks', 'show', 'invoice-month'],
  ]);
  return { name, version: 2, title, autonomy, input, plan: { ...plan }, ...more };
}

describe('a run of the past', () => {
  test('what waits is named with its reason', async () => {
    const { stopped, reasons } = await desk.data<{
      stopped: boolean;
      reasons: readonly { run: string; for: string; words: string }[];
    }>(['why', run.slice(0, 18)]);
    expect(stopped).toBe(false);
    expect(reasons.map((each) => each.for)).toContain('approval');
    const { out, code } = await desk.run(['why']);
    expect(code).toBe(0);
    expect(out).toContain(run);
    for (const line of out.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(80);
  });

  test('each of its effects says why it was asked about', async () => {
    const decided = await desk.data<
      readonly { verdict: string; reasons: readonly string[]; on: unknown }[]
    >(['decisions', run]);
    expect(decided.length).toBeGreaterThan(0);
    for (const { verdict, reasons, on } of decided) {
      expect([verdict, on]).toEqual(['ask', null]);
      expect(reasons.length).toBeGreaterThan(0);
    }
  });

  test('a step tells what it was given and what came out', async () => {
    const draft = await desk.data<{ input: Record<string, unknown>; output: unknown }>([
      ...['step', run, 'draft'],
    ]);
    expect(draft).toMatchObject({ run, id: 'draft', status: 'done', tries: [{ attempt: 1 }] });
    expect(Object.keys(draft.input).length).toBeGreaterThan(0);
    const { out } = await desk.run(['step', run, 'draft']);
    expect(out).toContain('Given');
    expect(out).toContain('Result');
    expect(await desk.refusal(['step', run, 'nowhere'])).toMatchObject({
      ...{ exit: 3, code: 'not_found' },
    });
  });

  test('gone through again, it decides the same, and the log stays as it is', async () => {
    const head = async () => (await desk.data<{ durableSeq: number }>(['log'])).durableSeq;
    const before = await head();
    expect(await desk.data(['replay', run])).toMatchObject({ run, status: 'identical' });
    expect(await head()).toBe(before);
  });

  test('a fork takes over what was done before the step, and asks anew', async () => {
    const { steps } = await desk.data<{ steps: readonly { id: string; status: string }[] }>([
      ...['run', run],
    ]);
    const done = steps.filter(({ status }) => status === 'done').map(({ id }) => id);
    const over = steps.filter(({ status }) => status === 'done' || status === 'skipped');
    const from = done[done.length - 1] ?? '';
    const fork = await desk.data<{
      run: string;
      of: string;
      taken: readonly string[];
      waitingFor: string;
    }>(['fork', run, '--from', from]);
    expect(fork.of).toBe(run);
    expect(fork.run).not.toBe(run);
    expect(fork.taken).not.toContain(from);
    expect(fork.taken.length).toBeGreaterThan(0);
    expect(over.map(({ id }) => id)).toEqual(expect.arrayContaining([...fork.taken]));
    expect(fork.waitingFor).toBe('approval');
    await desk.data(['cancel', fork.run]);
    expect(await desk.refusal(['fork', run, '--from', 'nowhere'])).toMatchObject({
      ...{ exit: 3, code: 'not_found' },
    });
  });

  test('a changed playbook is tried on it, and changes nothing', async () => {
    const file = await writeDocument('same.json', await changed({}));
    const same = await desk.data<{ runs: number; changed: readonly unknown[] }>([
      ...['what-if', 'invoice-month', '--file', file],
    ]);
    expect(same.runs).toBeGreaterThan(0);
    expect(same.changed).toEqual([]);
    const early = ['--from', '2020-01-01', '--to', '2020-02-01'];
    expect(await desk.data(['what-if', 'invoice-month', '--file', file, ...early])).toMatchObject({
      runs: 0,
    });
    expect(await desk.refusal(['what-if', 'another', '--file', file])).toMatchObject({ exit: 2 });
  });

  test('nothing is locked while nothing runs', async () => {
    expect(await desk.data(['locks'])).toEqual([]);
  });
});

describe('how the company is doing', () => {
  test('a run that failed is counted after it is over', async () => {
    const runs = async () => {
      const { checks } = await desk.data<{ checks: readonly { name: string; words: string }[] }>([
        'health',
      ]);
      return checks.find(({ name }) => name === 'runs')?.words;
    };
    expect(await runs()).toBe('None is stuck.');
    const failed = await desk.data<{ run: string }>(['do', 'Zzyzx the qwertz']);
    const items = await desk.data<readonly { id: string; run: string }[]>(['inbox']);
    const question = items.find((each) => each.run === failed.run)?.id ?? '';
    await desk.data(['answer', question]);
    expect(await runs()).toBe('None is stuck; 1 failed so far.');
  });
});

describe('versions of a playbook', () => {
  test('a faulty one is told fault by fault, and never published', async () => {
    const broken = await changed({ plan: { steps: [{ id: 'a', call: 'no.such@1', with: {} }] } });
    const file = await writeDocument('broken.json', broken);
    const check = await desk.run(['playbooks', 'check', file, '--json']);
    expect(check.code).toBe(2);
    expect(JSON.parse(check.out).data.faults.length).toBeGreaterThan(0);
    expect(await desk.refusal(['playbooks', 'publish', file])).toMatchObject({
      ...{ exit: 2, code: 'invalid_plan' },
    });
  });

  test('a good one is compared, published once, and taken back', async () => {
    const file = await writeDocument('next.json', await changed({ title: 'Bill a month' }));
    const { changes } = await desk.data<{ changes: readonly { sentence: string }[] }>([
      ...['playbooks', 'diff', 'invoice-month', '--file', file],
    ]);
    expect(changes.map(({ sentence }) => sentence).join(' ')).toContain('Bill a month');
    const publish = ['playbooks', 'publish', file, '--because', 'A shorter name'];
    expect(await desk.data(publish)).toMatchObject({
      ...{ playbook: 'invoice-month@2', published: true },
    });
    expect(await desk.data(publish)).toMatchObject({ published: false });
    const other = await writeDocument('other.json', await changed({ title: 'Something else' }));
    expect(await desk.refusal(['playbooks', 'publish', other])).toMatchObject({
      ...{ exit: 6, code: 'already_exists' },
    });
    expect(await desk.data(['playbooks', 'show', 'invoice-month'])).toMatchObject({ version: 2 });
    await desk.data(['playbooks', 'rollback', 'invoice-month', '--to', '1']);
    expect(await desk.data(['playbooks', 'show', 'invoice-month'])).toMatchObject({ version: 1 });
  });

  test('a run that waits goes on under another version, unless that would change its past', async () => {
    const done = await desk.data(['playbooks', 'migrate', run, '--to', 'invoice-month@2']);
    expect(done).toEqual({ run, from: 'invoice-month@1', to: 'invoice-month@2' });
    expect(await desk.data(['run', run])).toMatchObject({
      ...{ playbook: 'invoice-month@2', status: 'waiting' },
    });
    expect(await desk.refusal(['playbooks', 'migrate', run, '--to', 'nothing@1'])).toMatchObject({
      exit: 3,
    });
  });
});

describe('schedules', () => {
  const set = ['schedules', 'set', 'month-end', '--playbook', 'invoice-month'];

  test('one is set with its next time in the zone of the company, shown and removed', async () => {
    const [party] = await desk.data<readonly { id: string }[]>(['records', 'party']);
    const input = JSON.stringify({ party: party?.id, month: { $expr: 'fire.lastMonth' } });
    const made = await desk.data<{ next: string }>([
      ...set,
      '--cron',
      '0 8 1 * *',
      '--input',
      input,
    ]);
    expect(made).toMatchObject({ id: 'month-end', zone: 'Europe/Berlin', missed: 'one' });
    const next = Temporal.Instant.from(made.next).toZonedDateTimeISO('Europe/Berlin');
    expect([next.day, next.hour, next.minute]).toEqual([1, 8, 0]);
    expect((await desk.run(['schedules'])).out).toContain('month-end');
    expect(await desk.data(['schedules', 'remove', 'month-end'])).toMatchObject({ removed: true });
    expect(await desk.data(['schedules'])).toEqual([]);
    expect(await desk.refusal(['schedules', 'remove', 'month-end'])).toMatchObject({ exit: 3 });
  });

  test('one that could never start is refused when it is set', async () => {
    expect(await desk.refusal([...set, '--cron', '@monthly'])).toMatchObject({
      ...{ exit: 2, code: 'invalid_input' },
    });
    expect(await desk.refusal([...set, '--cron', 'now and then'])).toMatchObject({ exit: 2 });
  });
});

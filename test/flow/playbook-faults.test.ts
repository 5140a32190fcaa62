import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/index.ts';
import { PLAN_LIMITS } from '../../src/plan/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { start, type Travel, travel } from './time-travel-kit.ts';

let desk: CommandDesk;
beforeAll(async () => {
  desk = await createExampleDesk('playbook-faults');
});
afterAll(() => desk.close());

async function fileOf(name: string, steps: readonly JsonObject[]): Promise<string> {
  const file = join(desk.directory, `${name}.json`);
  const head = { name, version: 1, title: name, autonomy: 'ask', input: { fields: [] } };
  await writeFile(file, JSON.stringify({ ...head, plan: { steps } }));
  return file;
}

const flat = (text: string) => text.replace(/\s+/g, ' ');

test('a check names each fault and its way out, and counts those beyond the limit', async () => {
  const wrong = (id: string) => ({ id, call: 'nothing.like@1' });
  const few = await fileOf('few', [{ ...wrong('a'), wehn: 'true' }, wrong('b')]);
  const first = await desk.run(['playbooks', 'check', few]);
  expect(first.code).toBe(2);
  expect(flat(first.out)).toContain('plan.steps[0].wehn: expected one of id');
  expect(flat(first.out)).toContain('plan.steps[1].call: expected a capability that exists');
  expect(first.out).not.toContain('more.');
  const steps = Array.from({ length: PLAN_LIMITS.faults + 3 }, (_, index) => wrong(`x${index}`));
  const { out } = await desk.run(['playbooks', 'check', await fileOf('many', steps)]);
  expect(flat(out)).toContain('And 3 more. Correct these first, then check again.');
});

test('publishing names the first three and the command that names all', async () => {
  const steps = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, call: 'nothing.like@1' }));
  const { code, err } = await desk.run(['playbooks', 'publish', await fileOf('five', steps)]);
  expect(code).toBe(2);
  for (const index of [0, 1, 2]) expect(flat(err)).toContain(`plan.steps[${index}].call`);
  expect(flat(err)).toContain('(and 2 more)');
  expect(flat(err)).toContain('steward playbooks check FILE');
});

describe('a form that asks for an unknown kind', () => {
  const input = { fields: [{ name: 'n', kind: 'intger', required: true }] };
  const steps = [{ id: 'sum', call: 'math.add@1', with: { n: { $expr: 'input.n' } } }];
  const head = { name: 'old', version: 1, title: 'Old', autonomy: 'ask' };

  test('is not published, and the kind that was meant is named', async () => {
    const file = join(desk.directory, 'old.json');
    const pause = { id: 'pause', wait: { for: 'P1D' } };
    await writeFile(file, JSON.stringify({ ...head, input, plan: { steps: [pause] } }));
    const { code, err } = await desk.run(['playbooks', 'publish', file]);
    expect(code).toBe(2);
    expect(flat(err)).toContain('input.fields[0].kind: expected one of text, longtext');
    expect(flat(err)).toContain('Did you mean integer?');
  });

  test('and was published before that was looked at stops nothing else, and is told when it is asked for', () => {
    const old = { ...head, input, plan: { steps } };
    const fine = {
      ...old,
      name: 'fine',
      input: { fields: [{ ...input.fields[0], kind: 'integer' }] },
    };
    const work = async (parts: Travel) => {
      expect((await start(parts, 'fine', { n: 1 })).status).toBe('done');
      await expect(start(parts, 'old', { n: 1 })).rejects.toMatchObject({
        code: 'invalid_plan',
        message: expect.stringContaining('input.fields[0].kind: expected one of text'),
        remedy: 'Did you mean integer? Publish a corrected version.',
      });
    };
    return travel(work, { playbooks: [old, fine] });
  });
});

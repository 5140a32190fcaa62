import { z } from 'zod';
import { requireNamed, requirePlaybook, runsFold } from '../../kernel/index.ts';
import { bearerRunView, requireOwnRun } from '../views/bearer-run.ts';
import { REST_MS, runAtRest, waitingItems } from '../views/rest.ts';
import { findRun, runRow, runsBefore, runView } from '../views/run-view.ts';
import { flagField, idField, limitField, valuesField } from './inputs.ts';
import { defineOperation, type Services } from './operation.ts';

/** A first rest may take several model turns or a slow provider; then the answer says how far it got. */
const WAIT_MS = 120_000;
export const RUNS_SHOWN = 50;

const run = { field: 'id', name: 'RUN', help: 'id of the run; its first letters are enough' };

export const doOperation = defineOperation({
  name: 'do',
  title: 'Say in plain words what you want done',
  method: 'POST',
  path: '/api/do',
  access: 'operate',
  body: 'json',
  input: z.strictObject({
    words: z.string(),
    input: valuesField.optional(),
    playbook: z.string().max(200).optional(),
    wait: flagField.optional(),
    again: flagField.optional(),
  }),
  cli: {
    words: ['do'],
    arguments: [{ field: 'words', name: 'WORDS', help: 'in quotes: "invoice Acme for October"' }],
    options: [
      {
        field: 'wait',
        flags: '--wait',
        help: 'return at the first rest (the default without a terminal)',
        kind: 'flag',
      },
      { field: 'input', flags: '--input <json>', help: 'input of the playbook', kind: 'json' },
      { field: 'playbook', flags: '--playbook <name>', help: 'use this playbook', kind: 'text' },
      {
        field: 'again',
        flags: '--again',
        help: 'start it although the same is under way',
        kind: 'flag',
      },
    ],
    examples: ['steward do "invoice Acme for October"'],
  },
  bearer: (bearer, { playbook }, { kernel: { playbooks } }) => {
    const wanted = requireNamed(bearer, playbook);
    const found = playbooks.find(wanted) ?? playbooks.active().find(({ name }) => name === wanted);
    // a name that nobody knows is refused by the kernel, in its words
    if (found) requirePlaybook(bearer, found, playbooks.find);
  },
  handle: async ({ words, input, playbook, wait = true, again = false }, { services, caller }) => {
    const { kernel } = services;
    const { run: id, joined } = await kernel.submit({
      words,
      by: caller.by,
      label: caller.label,
      ...(input === undefined ? {} : { input }),
      ...(playbook === undefined ? {} : { playbook }),
      ...(again ? { again } : {}),
      ...(caller.bearer ? { bearer: caller.bearer } : {}),
    });
    if (caller.bearer) {
      if (wait) await runAtRest(services, id, WAIT_MS);
      return { ...(await bearerRunView(services, id)), joined };
    }
    return { ...(await startedView(services, id, wait)), joined };
  },
});

/** How far a run that was just asked for has got, and what it waits for. */
async function startedView(services: Services, id: string, wait: boolean) {
  const row = wait
    ? await runAtRest(services, id, WAIT_MS)
    : await services.log.fold(runsFold).get(id);
  return {
    run: id,
    status: row?.status ?? 'planned',
    waitingFor: row?.waitingFor ?? null,
    words: row?.words ?? null,
    failure: row?.failure ?? null,
    items: await waitingItems(services, id),
  };
}

export const undoOperation = defineOperation({
  name: 'undo',
  title: 'Take back something that was done; it is shown and asked like anything else',
  method: 'POST',
  path: '/api/effects/:hash/undo',
  access: 'operate',
  body: 'json',
  input: z.strictObject({
    hash: z.string().regex(/^[0-9a-f]{64}$/, 'a hash of 64 letters and digits'),
  }),
  cli: {
    words: ['undo'],
    arguments: [{ field: 'hash', name: 'HASH', help: 'of the effect; steward run RUN lists them' }],
    examples: ['steward undo 3fa9...'],
  },
  handle: async ({ hash }, { services, caller }) => {
    const { run: id } = await services.kernel.undo(hash, caller.by);
    return { ...(await startedView(services, id, true)), joined: false };
  },
});

export const runsOperation = defineOperation({
  name: 'runs',
  title: 'What was asked for, newest first',
  method: 'GET',
  path: '/api/runs',
  access: 'look',
  body: 'none',
  input: z.strictObject({ limit: limitField.optional(), before: idField.optional() }),
  cli: {
    words: ['runs'],
    options: [
      { field: 'limit', flags: '--limit <n>', help: 'at most so many', kind: 'number' },
      { field: 'before', flags: '--before <run>', help: 'only those before this', kind: 'text' },
    ],
    examples: ['steward runs', 'steward runs --limit 5 --json'],
  },
  handle: async ({ limit = RUNS_SHOWN, before }, { services }) => {
    const rows: ReturnType<typeof runRow>[] = [];
    for await (const row of runsBefore(services, before)) {
      rows.push(runRow(row));
      if (rows.length >= limit) break;
    }
    return rows;
  },
});

export const runOperation = defineOperation({
  name: 'run',
  title: 'One run: its steps, effects, snapshot and cost',
  method: 'GET',
  path: '/api/runs/:id',
  access: 'look',
  body: 'none',
  input: z.strictObject({ id: idField }),
  cli: { words: ['run'], arguments: [run], examples: ['steward run 0198c2'] },
  bearer: (bearer, { id }, services) => requireOwnRun(bearer, id, services),
  handle: ({ id }, { services, caller }) =>
    caller.bearer ? bearerRunView(services, id) : runView(services, id),
});

export const cancelOperation = defineOperation({
  name: 'cancel',
  title: 'Stop a run at the next safe point; what waits for you in it is withdrawn',
  method: 'POST',
  path: '/api/runs/:id/cancel',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField, because: z.string().max(2_000).optional() }),
  cli: {
    words: ['cancel'],
    arguments: [run],
    options: [{ field: 'because', flags: '--because <text>', help: 'why', kind: 'text' }],
    examples: ['steward cancel 0198c2 --because "Not needed"'],
  },
  handle: async ({ id, because = '' }, { services, caller }) => {
    const row = await findRun(services, id);
    const why = because === '' ? 'You cancelled it.' : `You cancelled it: ${because}`;
    await services.kernel.cancel(row.id, why, caller.by);
    await runAtRest(services, row.id, REST_MS);
    return runView(services, row.id);
  },
});

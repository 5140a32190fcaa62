import { z } from 'zod';
import { isJsonObject } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { REST_MS, runAtRest } from '../views/rest.ts';
import { findRun, runView } from '../views/run-view.ts';
import { stepPage } from '../views/step-view.ts';
import { idField, valuesField } from './inputs.ts';
import { defineOperation } from './operation.ts';

const run = { field: 'id', name: 'RUN', help: 'id of the run; its first letters are enough' };
const timeField = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

export const stepOperation = defineOperation({
  name: 'step',
  title: 'One step of a run: what it was given, what came out, and every try',
  method: 'GET',
  path: '/api/runs/:id/step',
  access: 'look',
  body: 'none',
  input: z.strictObject({ id: idField, step: z.string().min(1).max(500) }),
  cli: {
    words: ['step'],
    arguments: [run, { field: 'step', name: 'STEP', help: 'id of the step, as the run lists it' }],
    examples: ['steward step 0198c2 draft'],
  },
  handle: ({ id, step }, { services }) => stepPage(services, id, step),
});

export const replayOperation = defineOperation({
  name: 'replay',
  title: 'Go through a run again with every door closed: does it decide the same?',
  method: 'GET',
  path: '/api/runs/:id/replay',
  access: 'look',
  body: 'none',
  input: z.strictObject({ id: idField }),
  cli: { words: ['replay'], arguments: [run], examples: ['steward replay 0198c2'] },
  handle: async ({ id }, { services }) =>
    services.kernel.past.replay((await findRun(services, id)).id),
});

export const forkOperation = defineOperation({
  name: 'fork',
  title: 'Start a new run from what another did before a step; approvals are never taken over',
  method: 'POST',
  path: '/api/runs/:id/fork',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField, from: z.string().min(1).max(500) }),
  cli: {
    words: ['fork'],
    arguments: [run],
    options: [
      {
        field: 'from',
        flags: '--from <step>',
        help: 'the first step that is done anew',
        kind: 'text',
        required: true,
      },
    ],
    examples: ['steward fork 0198c2 --from draft'],
  },
  handle: async ({ id, from }, { services, caller }) => {
    const row = await findRun(services, id);
    const fork = await services.kernel.past.fork(row.id, from, caller.by);
    await runAtRest(services, fork.run, REST_MS);
    const view = await runView(services, fork.run);
    return { ...fork, status: view.status, waitingFor: view.waitingFor, items: view.items };
  },
});

export const whatIfOperation = defineOperation({
  name: 'what-if',
  title: 'What past runs of a playbook would have done under a changed one; changes nothing',
  method: 'POST',
  path: '/api/playbooks/:name/what-if',
  access: 'look',
  body: 'json',
  input: z.strictObject({
    name: z.string().min(1).max(120),
    document: valuesField,
    from: timeField.optional(),
    to: timeField.optional(),
  }),
  cli: {
    words: ['what-if'],
    arguments: [{ field: 'name', name: 'PLAYBOOK', help: 'name of the playbook' }],
    options: [
      {
        field: 'document',
        flags: '--file <file>',
        help: 'the changed playbook, YAML or JSON',
        kind: 'text',
        required: true,
      },
      { field: 'from', flags: '--from <time>', help: 'runs that began since', kind: 'text' },
      { field: 'to', flags: '--to <time>', help: 'and before', kind: 'text' },
    ],
    examples: ['steward what-if invoice-month --file changed.yaml --from 2026-01-01'],
  },
  handle: ({ name, document, from, to }, { services }) => {
    if (!isJsonObject(document) || document.name !== name) {
      throw failure('invalid_input', `This is not a playbook called ${name}.`, { path: 'name' });
    }
    return services.kernel.past.whatIf({
      playbook: document,
      from: from === undefined ? 0 : Date.parse(from),
      to: to === undefined ? services.clock.now() + 1 : Date.parse(to),
    });
  },
});

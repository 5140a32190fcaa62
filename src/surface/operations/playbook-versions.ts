import { z } from 'zod';
import { failure } from '../../contract/index.ts';
import { REST_MS, runAtRest } from '../views/rest.ts';
import { findRun } from '../views/run-view.ts';
import { idField, numberField, valuesField } from './inputs.ts';
import { type CliArgument, type CliOption, defineOperation, type Services } from './operation.ts';

const refField = z.string().min(1).max(120);
const because = z.string().max(500).optional();
const becauseOption: CliOption = {
  field: 'because',
  flags: '--because <text>',
  help: 'why',
  kind: 'text',
};
const file: CliArgument = {
  field: 'document',
  name: 'FILE',
  help: 'the playbook, YAML or JSON; - is standard input',
};
const ref: CliArgument = {
  field: 'ref',
  name: 'PLAYBOOK',
  help: 'invoice-month for the active version, or invoice-month@1',
};

export const playbookShowOperation = defineOperation({
  name: 'playbook-show',
  title: 'One version of a playbook: its plan, its input, and every version there is',
  method: 'GET',
  path: '/api/playbooks/:ref',
  access: 'look',
  body: 'none',
  input: z.strictObject({ ref: refField }),
  cli: {
    words: ['playbooks', 'show'],
    arguments: [ref],
    examples: ['steward playbooks show invoice-month'],
  },
  handle: async ({ ref: wanted }, { services }) => {
    const found = refOf(services, wanted);
    const { name, version, title, autonomy, input, plan } = services.kernel.playbooks.get(found);
    return {
      ...{ name, version, title, autonomy, input, plan },
      versions: await services.kernel.versions.list(name),
    };
  },
});

export const playbookDiffOperation = defineOperation({
  name: 'playbook-diff',
  title: 'What one version of a playbook does differently from another one, or from a file',
  method: 'POST',
  path: '/api/playbooks/:ref/diff',
  access: 'look',
  body: 'json',
  input: z.strictObject({
    ref: refField,
    to: refField.optional(),
    document: valuesField.optional(),
  }),
  cli: {
    words: ['playbooks', 'diff'],
    arguments: [ref, { field: 'to', name: 'OTHER', help: 'the later version', optional: true }],
    options: [
      {
        field: 'document',
        flags: '--file <file>',
        help: 'the later version, before it is published',
        kind: 'text',
      },
    ],
    examples: [
      'steward playbooks diff invoice-month@1 invoice-month@2',
      'steward playbooks diff invoice-month --file changed.yaml',
    ],
  },
  handle: async ({ ref: wanted, to, document }, { services }) => {
    const before = refOf(services, wanted);
    const after = document ?? (to === undefined ? undefined : refOf(services, to));
    if (after === undefined) {
      throw failure(
        'invalid_input',
        'Compare it with what?',
        { path: 'to' },
        'Name another version, or a file with --file.',
      );
    }
    return { before, changes: services.kernel.versions.diff(before, after) };
  },
});

export const playbookCheckOperation = defineOperation({
  name: 'playbook-check',
  title: 'Every fault of a playbook, without publishing it',
  method: 'POST',
  path: '/api/playbooks/check',
  access: 'look',
  body: 'json',
  input: z.strictObject({ document: valuesField }),
  cli: {
    words: ['playbooks', 'check'],
    arguments: [file],
    examples: ['steward playbooks check changed.yaml'],
  },
  handle: async ({ document }, { services }) => services.kernel.versions.check(document),
});

export const playbookPublishOperation = defineOperation({
  name: 'playbook-publish',
  title: 'Publish a version of a playbook; new runs take it, running ones keep theirs',
  method: 'POST',
  path: '/api/playbooks',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ document: valuesField, because }),
  cli: {
    words: ['playbooks', 'publish'],
    arguments: [file],
    options: [becauseOption],
    examples: ['steward playbooks publish changed.yaml --because "Ask before the reminder"'],
  },
  handle: ({ document, because: why = '' }, { services, caller }) =>
    services.kernel.versions.publish(document, why.trim() || 'You published it.', caller.by),
});

export const playbookRollbackOperation = defineOperation({
  name: 'playbook-rollback',
  title: 'Let new runs take an older version of a playbook',
  method: 'POST',
  path: '/api/playbooks/:name/rollback',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ name: refField, to: numberField, because }),
  cli: {
    words: ['playbooks', 'rollback'],
    arguments: [{ field: 'name', name: 'NAME', help: 'name of the playbook' }],
    options: [
      { field: 'to', flags: '--to <n>', help: 'the version', kind: 'number', required: true },
      becauseOption,
    ],
    examples: ['steward playbooks rollback invoice-month --to 1'],
  },
  handle: ({ name, to, because: why = '' }, { services, caller }) =>
    services.kernel.versions.rollBack(name, to, why.trim() || 'You went back to it.', caller.by),
});

export const playbookMigrateOperation = defineOperation({
  name: 'playbook-migrate',
  title: 'Let a run that waits go on under another version of its playbook',
  method: 'POST',
  path: '/api/runs/:id/migrate',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField, to: refField }),
  cli: {
    words: ['playbooks', 'migrate'],
    arguments: [{ field: 'id', name: 'RUN', help: 'id of the run; its first letters are enough' }],
    options: [
      {
        field: 'to',
        flags: '--to <playbook@version>',
        help: 'such as invoice-month@2',
        kind: 'text',
        required: true,
      },
    ],
    examples: ['steward playbooks migrate 0198c2 --to invoice-month@2'],
  },
  handle: async ({ id, to }, { services, caller }) => {
    const { id: run } = await findRun(services, id);
    const migrated = await services.kernel.versions.migrate(run, refOf(services, to), caller.by);
    await runAtRest(services, run, REST_MS);
    return migrated;
  },
});

/** `name@version`; a name alone is its active version. Fails with `not_found`. */
function refOf({ kernel: { playbooks } }: Services, wanted: string): string {
  if (wanted.includes('@')) {
    playbooks.get(wanted);
    return wanted;
  }
  const active = playbooks.active().find(({ name }) => name === wanted);
  return active ? `${active.name}@${active.version}` : playbooks.get(wanted).name;
}

import { z } from 'zod';
import { type JsonObject, toTimestamp } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { hookSecretHandle, hookSecretName } from '../../contract/portable.ts';
import type { HookView } from '../../kernel/index.ts';
import { proposal, SIGNING, settleHookSecrets } from './acts.ts';
import { flagField, idField, limitField, timeField, valuesField } from './inputs.ts';
import { type CliArgument, type CliOption, defineOperation, type Services } from './operation.ts';
import { commitmentField, givenField, keepSigned, SECRET_BYTES } from './secrets.ts';

const HOUR_MS = 3_600_000;
/** how long an old secret counts beside a new one when nobody says */
const USUAL_HOURS = 24;
const MOST_HOURS = 720;
const SHOWN = 50;

/** Whether it may be called so, the kernel says. */
const nameField = z.string().min(1).max(80);
const name: CliArgument = {
  field: 'name',
  name: 'NAME',
  help: 'small letters, digits and dashes; it stands in the address',
};
const FILE: CliOption = {
  field: 'file',
  flags: '--file <file>',
  help: 'the secret that the sender shows, from here; - is standard input. Without it one is made',
  kind: 'text',
};
const settingsFields = {
  playbook: z.string().min(1).max(120).optional(),
  input: valuesField.optional(),
  facts: z.array(z.string().min(1).max(200)).max(50).optional(),
  about: z.string().min(1).max(200).optional(),
};
const SETTINGS: readonly CliOption[] = [
  {
    field: 'playbook',
    flags: '--playbook <name>',
    help: 'what each delivery starts; without it steps and cards that wait for it go on',
    kind: 'text',
  },
  {
    field: 'input',
    flags: '--input <json>',
    help: 'its input; {"$expr": "hook.payload.data.id"} reads the delivery',
    kind: 'json',
  },
  {
    field: 'facts',
    flags: '--fact <path>',
    help: 'where an id, an amount or a state stands, such as data.id; once for each',
    kind: 'list',
  },
  {
    field: 'about',
    flags: '--about <path>',
    help: 'what a delivery is about: an older one about the same starts nothing',
    kind: 'text',
  },
];

export const hooksOperation = defineOperation({
  name: 'hooks',
  title: 'Hooks: addresses where others may tell you something, and what that starts',
  method: 'GET',
  path: '/api/hooks',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['hook', 'list'], examples: ['steward hook list'] },
  handle: async (_, { services }) => {
    const hooks = await services.kernel.hooks.list();
    return hooks.map((hook) => hookView(services, hook));
  },
});

function hookView({ origins }: Services, { name: hook, settings, since, oldUntil }: HookView) {
  const [origin = ''] = origins();
  return {
    ...{ id: hook, name: hook, address: `${origin}/hooks/${hook}`, ...settings, since },
    oldUntil: oldUntil === null ? null : toTimestamp(oldUntil),
  };
}

export const deliveriesOperation = defineOperation({
  name: 'deliveries',
  title: 'What came in through hooks, newest first, and what became of it',
  method: 'GET',
  path: '/api/deliveries',
  access: 'look',
  body: 'none',
  input: z.strictObject({ failed: flagField.optional(), limit: limitField.optional() }),
  cli: {
    words: ['hooks'],
    options: [
      { field: 'failed', flags: '--failed', help: 'only those that failed', kind: 'flag' },
      {
        field: 'limit',
        flags: '--limit <n>',
        help: `at most; ${SHOWN} unless said`,
        kind: 'number',
      },
    ],
    examples: ['steward hooks', 'steward hooks --failed'],
  },
  handle: ({ failed = false, limit = SHOWN }, { services }) =>
    services.kernel.hooks.deliveries({ failed, limit }),
});

export const hookAgainOperation = defineOperation({
  name: 'hook-again',
  title: 'Handle a delivery again that failed; what was done is not done twice',
  method: 'POST',
  path: '/api/deliveries/again',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField }),
  cli: {
    words: ['hook', 'again'],
    arguments: [{ field: 'id', name: 'DELIVERY', help: 'as steward hooks shows it' }],
    examples: ['steward hook again shop/3fa9c2'],
  },
  handle: ({ id }, { services, caller }) => services.kernel.hooks.again(id, caller.by),
});

export const hookAddOperation = defineOperation({
  name: 'hook-add',
  title: 'Let somebody who signs with a secret tell you something; the secret is shown once',
  method: 'POST',
  path: '/api/hooks/:name',
  access: 'operate',
  body: 'json',
  bodyBytes: SECRET_BYTES,
  input: z.strictObject({
    name: nameField,
    ...settingsFields,
    commitment: commitmentField,
    /** without a signature: what to sign for exactly this */
    secret: givenField.optional(),
  }),
  cli: {
    words: ['hook', 'add'],
    arguments: [name],
    options: [...SETTINGS, FILE, ...SIGNING],
    examples: ['steward hook add shop', 'steward hook add shop --fact data.id --fact data.amount'],
  },
  handle: async ({ name: hook, commitment, secret, ...settings }, { services }) => {
    const body = { add: hook, secret: commitment, settings: settingsOf(settings) };
    const done = await keepHook(services, { hook, commitment, body }, secret);
    const [origin = ''] = services.origins();
    return { ...done, address: `${origin}/hooks/${hook}` };
  },
});

export const hookRotateOperation = defineOperation({
  name: 'hook-rotate',
  title: 'Give a hook a new secret; the old one counts a while longer',
  method: 'POST',
  path: '/api/hooks/:name/rotate',
  access: 'operate',
  body: 'json',
  bodyBytes: SECRET_BYTES,
  input: z.strictObject({
    name: nameField,
    commitment: commitmentField,
    hours: z.coerce.number().int().min(0).max(MOST_HOURS).optional(),
    /** in place of hours: what was proposed, when it is signed */
    oldUntil: timeField.optional(),
    secret: givenField.optional(),
  }),
  cli: {
    words: ['hook', 'rotate'],
    arguments: [name],
    options: [
      {
        field: 'hours',
        flags: '--old-for <hours>',
        help: `how long the old one counts: ${USUAL_HOURS}, at most ${MOST_HOURS}; 0 ends it at once`,
        kind: 'number',
      },
      FILE,
      ...SIGNING,
    ],
    examples: ['steward hook rotate shop', 'steward hook rotate shop --old-for 0'],
  },
  handle: ({ name: hook, commitment, hours = USUAL_HOURS, oldUntil, secret }, { services }) => {
    const until = oldUntil ?? toTimestamp(services.clock.now() + hours * HOUR_MS);
    const body = { rotate: hook, secret: commitment, oldUntil: until };
    return keepHook(services, { hook, commitment, body }, secret);
  },
});

export const hookSetOperation = defineOperation({
  name: 'hook-set',
  title: 'Change what deliveries to a hook start from now on; its secret stays',
  method: 'POST',
  path: '/api/hooks/:name/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ name: nameField, ...settingsFields }),
  cli: {
    words: ['hook', 'set'],
    arguments: [name],
    options: [...SETTINGS, ...SIGNING],
    examples: ['steward hook set shop --fact data.id'],
  },
  handle: ({ name: hook, ...settings }, { services }) =>
    proposal(services, 'hook', { change: hook, settings: settingsOf(settings) }),
});

export const hookEndOperation = defineOperation({
  name: 'hook-end',
  title: 'End a hook at once: nothing is taken there any more',
  method: 'POST',
  path: '/api/hooks/:name/end/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ name: nameField, because: z.string().max(500).optional() }),
  cli: {
    words: ['hook', 'end'],
    arguments: [name],
    options: [
      { field: 'because', flags: '--because <text>', help: 'why', kind: 'text' },
      ...SIGNING,
    ],
    examples: ['steward hook end shop'],
  },
  handle: ({ name: hook, because = '' }, { services }) =>
    proposal(services, 'revoke', { hook, because: because.trim() || 'You ended it.' }),
});

async function keepHook(
  services: Services,
  wanted: { readonly hook: string; readonly commitment: string; readonly body: JsonObject },
  secret: z.infer<typeof givenField> | undefined,
) {
  const { hook, commitment, body } = wanted;
  if (secret !== undefined && !services.kernel.hooks.isSecret(hook, secret.value)) {
    throw failure(
      'invalid_input',
      'This is no secret of a hook. They are written whsec_ with 24 to 64 bytes in base64.',
      { path: 'secret' },
      'Copy it whole from where it is sent from, or leave it out and have one made.',
    );
  }
  const handle = hookSecretHandle(hook, commitment);
  const done = await keepSigned(
    services,
    { kind: 'hook', body },
    { name: hookSecretName(hook), handle, hosts: [], commitment },
    secret,
  );
  if (secret !== undefined) await settleHookSecrets(services, hook);
  return done;
}

function settingsOf({
  playbook = null,
  input = null,
  facts = [],
  about = null,
}: {
  readonly playbook?: string | null | undefined;
  readonly input?: JsonObject | null | undefined;
  readonly facts?: readonly string[] | undefined;
  readonly about?: string | null | undefined;
}): JsonObject {
  return { playbook, input, facts: [...facts], about };
}

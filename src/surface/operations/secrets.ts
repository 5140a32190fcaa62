import { z } from 'zod';
import type { Json } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { type ActKind, secretCommitment } from '../../contract/portable.ts';
import { performedView, proposal, SIGNING } from './acts.ts';
import { signedField } from './inputs.ts';
import { type CliOption, defineOperation, type Services } from './operation.ts';

const nameField = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'a name of small letters, digits and dashes');
const hostsField = z.array(z.string().min(1).max(253)).min(1).max(50);
const name = { field: 'name', name: 'NAME', help: 'small letters, digits and dashes' };

export const secretsOperation = defineOperation({
  name: 'secrets',
  title: 'Secrets by name, with the hosts each may be sent to; never their values',
  method: 'GET',
  path: '/api/secrets',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['secret', 'list'], examples: ['steward secret list'] },
  // those of hooks are sent nowhere, and are the hooks' own matter
  handle: async (_, { services }) =>
    (await services.secrets.list()).filter(({ hosts }) => hosts.length > 0),
});

export const SECRET_BYTES = 300 * 1024; // the longest value, were all of it escaped
const FILE: CliOption = {
  field: 'file',
  flags: '--file <file>',
  help: 'read the value from here; - is standard input',
  kind: 'text',
};
/** `secretCommitment` of the value: it is signed, so that nobody can put another value in its place */
export const commitmentField = z.string().regex(/^[0-9a-f]{64}$/, 'the commitment as hexadecimal');
export const givenField = z.strictObject({
  value: z.string(),
  /** base64url */
  salt: z.string().regex(/^[A-Za-z0-9_-]{43}$/, '32 random bytes as base64url'),
  signed: signedField,
});
type Given = z.infer<typeof givenField>;

export const secretSetOperation = defineOperation({
  name: 'secret-set',
  title: 'Keep a secret, for named hosts only; its value is typed in, never an argument',
  method: 'POST',
  path: '/api/secrets/:name',
  access: 'operate',
  body: 'json',
  bodyBytes: SECRET_BYTES,
  input: z.strictObject({
    name: nameField,
    hosts: hostsField,
    commitment: commitmentField,
    /** without a signature: what to sign for exactly this */
    secret: givenField.optional(),
  }),
  cli: {
    words: ['secret', 'set'],
    arguments: [name],
    options: [
      {
        field: 'hosts',
        flags: '--host <host>',
        help: 'where it may be sent; once for each',
        kind: 'list',
        required: true,
      },
      FILE,
      ...SIGNING,
    ],
    examples: ['steward secret set acme-api --host api.acme.example'],
  },
  handle: ({ name: secret, hosts, commitment, secret: given }, { services }) =>
    keepSecret(services, { name: secret, hosts, commitment }, given),
});

export const secretRotateOperation = defineOperation({
  name: 'secret-rotate',
  title: 'Put a new value in place of a secret; it goes to the same hosts as before',
  method: 'POST',
  path: '/api/secrets/:name/rotate',
  access: 'operate',
  body: 'json',
  bodyBytes: SECRET_BYTES,
  input: z.strictObject({
    name: nameField,
    commitment: commitmentField,
    secret: givenField.optional(),
  }),
  cli: {
    words: ['secret', 'rotate'],
    arguments: [name],
    options: [FILE, ...SIGNING],
    examples: ['steward secret rotate acme-api'],
  },
  handle: async ({ name: secret, commitment, secret: given }, { services }) => {
    const known = (await services.secrets.list()).find((one) => one.name === secret);
    if (!known) {
      throw failure('not_found', `There is no secret "${secret}".`, { secret }, SEE_SECRETS);
    }
    return keepSecret(services, { name: secret, hosts: [...known.hosts], commitment }, given);
  },
});

const SEE_SECRETS = 'See them with: steward secret list';

/** Proposes it; with a signature keeps the value first and says that it is set only then. */
function keepSecret(
  services: Services,
  wanted: { readonly name: string; readonly hosts: string[]; readonly commitment: string },
  given: Given | undefined,
) {
  const body = {
    name: wanted.name,
    change: 'set',
    hosts: wanted.hosts,
    commitment: wanted.commitment,
  };
  return keepSigned(services, { kind: 'secret', body }, { ...wanted, handle: wanted.name }, given);
}

/** An act that says something about a value, which comes along beside it. */
export async function keepSigned(
  services: Services,
  { kind, body }: { readonly kind: ActKind; readonly body: Json },
  wanted: {
    /** what the commitment was made for */
    readonly name: string;
    /** what it is kept under */
    readonly handle: string;
    readonly hosts: readonly string[];
    readonly commitment: string;
  },
  given: Given | undefined,
) {
  const { secrets, kernel } = services;
  const { name: secret, handle, hosts, commitment } = wanted;
  if (given === undefined) return proposal(services, kind, body);
  const { value, salt, signed } = given;
  if ((await secretCommitment({ name: secret, salt, value })) !== commitment) {
    throw failure('bad_signature', 'This is not the value that was signed.', { secret });
  }
  // before it is kept: what nobody signed is no secret, and must not blot out what it looks like
  await kernel.trust.check(kind, body, signed);
  // durable before anything says that it is set; given out only after that
  await secrets.stage({ name: handle, value, hosts, commitment });
  const performed = await kernel.trust.perform(kind, body, signed).catch(async (error: unknown) => {
    await secrets.drop(handle, commitment);
    throw error;
  });
  const facts = await secrets.settle(handle, commitment);
  return { ...performedView(services, performed), secret: facts };
}

export const secretRemoveOperation = defineOperation({
  name: 'secret-remove',
  title: 'Remove a secret',
  method: 'POST',
  path: '/api/secrets/:name/remove',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ name: nameField, signed: signedField.optional() }),
  cli: {
    words: ['secret', 'remove'],
    arguments: [name],
    options: SIGNING,
    examples: ['steward secret remove acme-api'],
  },
  handle: async ({ name: secret, signed }, { services }) => {
    const body = { name: secret, change: 'remove', hosts: [] };
    if (signed === undefined) return proposal(services, 'secret', body);
    const known = (await services.secrets.list()).some((one) => one.name === secret);
    const performed = await services.kernel.trust.perform('secret', body, signed);
    // a crash before this is made good at the next start: the log says that it is removed
    await services.secrets.settle(secret, null);
    return { ...performedView(services, performed), removed: known };
  },
});

import { z } from 'zod';
import { performedView, proposal, SIGNING } from './acts.ts';
import { signedField } from './inputs.ts';
import { defineOperation } from './operation.ts';

const nameField = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'small letters, digits and dashes');
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
  handle: (_, { services }) => services.secrets.list(),
});

export const secretSetOperation = defineOperation({
  name: 'secret-set',
  title: 'Keep a secret, for named hosts only; its value is typed in, never an argument',
  method: 'POST',
  path: '/api/secrets/:name',
  access: 'operate',
  body: 'json',
  bodyBytes: 300 * 1024, // the longest value, were all of it escaped
  input: z.strictObject({
    name: nameField,
    hosts: hostsField,
    /** without a signature: what to sign for exactly this */
    secret: z.strictObject({ value: z.string(), signed: signedField }).optional(),
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
      {
        field: 'file',
        flags: '--file <file>',
        help: 'read the value from here; - is standard input',
        kind: 'text',
      },
      ...SIGNING,
    ],
    examples: ['steward secret set acme-api --host api.acme.example'],
  },
  handle: async ({ name: secret, hosts, secret: given }, { services }) => {
    const body = { name: secret, change: 'set', hosts };
    if (given === undefined) return proposal(services, 'secret', body);
    // what the store would refuse is refused before anything says that it was set
    await services.secrets.check(secret, given.value, hosts);
    const performed = await services.kernel.trust.perform('secret', body, given.signed);
    const facts = await services.secrets.set(secret, given.value, hosts);
    return { ...performedView(services, performed), secret: facts };
  },
});

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
    const performed = await services.kernel.trust.perform('secret', body, signed);
    return {
      ...performedView(services, performed),
      removed: await services.secrets.remove(secret),
    };
  },
});

import { z } from 'zod';
import { toTimestamp } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { proposal, SIGNING } from './acts.ts';
import { idField } from './inputs.ts';
import { type CliArgument, defineOperation, type Services } from './operation.ts';

const DAY_MS = 86_400_000;
/** how long a token lives when nobody says */
const USUAL_DAYS = 7;
const MOST_DAYS = 30;

export const tokensOperation = defineOperation({
  name: 'tokens',
  title: 'Tokens of workers and agents: what each may reach, and until when',
  method: 'GET',
  path: '/api/tokens',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['tokens'], examples: ['steward tokens'] },
  handle: (_, { services }) => services.tokens.list(),
});

export const tokenCreateOperation = defineOperation({
  name: 'token-create',
  title: 'Let a worker or an agent read and ask within a scope; it can approve nothing',
  method: 'POST',
  path: '/api/tokens/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({
    name: z.string().trim().min(1).max(100),
    holder: z.enum(['worker', 'agent']).optional(),
    capabilities: z.array(z.string().min(1).max(200)).max(50).optional(),
    reads: z.array(z.string().min(1).max(200)).max(50).optional(),
    run: idField.optional(),
    days: z.coerce.number().int().min(1).max(MOST_DAYS).optional(),
    /** SHA-256 of its text, which whoever signs makes and keeps */
    hash: z.string().regex(/^[0-9a-f]{64}$/, 'SHA-256 of the token as hexadecimal'),
  }),
  cli: {
    words: ['tokens', 'create'],
    arguments: [{ field: 'name', name: 'NAME', help: 'who will hold it' }],
    options: [
      {
        field: 'capabilities',
        flags: '--may <capability>',
        help: 'what it may ask for: mail.send@1, invoice.*; once for each',
        kind: 'list',
      },
      {
        field: 'reads',
        flags: '--read <type>',
        help: 'records it may read: project, or party.email for a personal field; once for each',
        kind: 'list',
      },
      { field: 'run', flags: '--run <run>', help: 'only this run', kind: 'text' },
      { field: 'days', flags: '--days <n>', help: 'its life: 7, at most 30', kind: 'number' },
      { field: 'holder', flags: '--holder <kind>', help: 'agent (usual) or worker', kind: 'text' },
      ...SIGNING,
    ],
    examples: ['steward tokens create helper --may invoice.draft@1 --read project --days 3'],
  },
  handle: async (input, { services }) => {
    const { name, holder = 'agent', capabilities = [], reads = [], run, hash } = input;
    const until = toTimestamp(services.clock.now() + (input.days ?? USUAL_DAYS) * DAY_MS);
    const scope = { capabilities, reads, ...(run === undefined ? {} : { run }) };
    return proposal(services, 'token', { token: { hash, name, holder, scope, until } });
  },
});

const token: CliArgument = {
  field: 'id',
  name: 'TOKEN',
  help: 'id of the token; its first letters are enough',
};

export const tokenRevokeOperation = defineOperation({
  name: 'token-revoke',
  title: 'End a token at once and for good',
  method: 'POST',
  path: '/api/tokens/:id/revoke/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField, because: z.string().max(500).optional() }),
  cli: {
    words: ['tokens', 'revoke'],
    arguments: [token],
    options: [
      { field: 'because', flags: '--because <text>', help: 'why', kind: 'text' },
      ...SIGNING,
    ],
    examples: ['steward tokens revoke 3fa9c2'],
  },
  handle: async ({ id, because = '' }, { services }) =>
    proposal(services, 'revoke', {
      token: await tokenIdOf(services, id),
      because: because.trim() || 'You ended it.',
    }),
});

/** By its id, or by as much of its beginning as is unique. */
async function tokenIdOf({ tokens }: Services, given: string): Promise<string> {
  const ids = (await tokens.list()).map(({ id }) => id);
  const [only, ...others] = ids.filter((id) => id.startsWith(given));
  if (only !== undefined && others.length === 0) return only;
  throw failure(
    'not_found',
    others.length > 0 ? `More than one token begins with ${given}.` : `There is no token ${given}.`,
    { id: given },
    'See them with: steward tokens',
  );
}

import { z } from 'zod';
import { toTimestamp } from '../../base/index.ts';
import { capabilityRef, failure } from '../../contract/index.ts';
import { controlOf } from '../views/session-view.ts';
import { grantView } from '../views/trust-view.ts';
import { proposal, SIGNING } from './acts.ts';
import { readLimits } from './grant-limits.ts';
import { idField } from './inputs.ts';
import { defineOperation, type Services } from './operation.ts';

const DAY_MS = 86_400_000;
/** how long a grant lives when nobody says */
const USUAL_DAYS = 30;
const BECAUSE_MAX = 500;

export const grantsOperation = defineOperation({
  name: 'grants',
  title: 'What may happen without asking you, within which limits, and how much of it was used',
  method: 'GET',
  path: '/api/grants',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['grants'], examples: ['steward grants'] },
  handle: async (_, { services }) => (await services.kernel.trust.grants()).map(grantView),
});

export const grantOperation = defineOperation({
  name: 'grant',
  title: 'Let something happen without asking you each time, within limits and until a day',
  method: 'POST',
  path: '/api/grants/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({
    capability: z.string().min(1).max(200),
    to: z.array(z.string().min(1).max(2_000)).min(1).max(200),
    title: z.string().trim().min(1).max(200).optional(),
    playbooks: z.array(z.string().min(1).max(200)).min(1).max(50).optional(),
    constraint: z.string().max(2_000).optional(),
    count: z.string().max(40).optional(),
    sum: z.string().max(60).optional(),
    distinct: z.string().max(40).optional(),
    gap: z.coerce.number().int().min(1).max(7_776_000).optional(),
    until: z.union([z.iso.date(), z.iso.datetime({ offset: true })]).optional(),
  }),
  cli: {
    words: ['grant'],
    arguments: [{ field: 'capability', name: 'CAPABILITY', help: 'such as mail.send@1' }],
    options: [
      {
        field: 'to',
        flags: '--to <destination>',
        help: 'who it may go to; once for each',
        kind: 'list',
        required: true,
      },
      { field: 'count', flags: '--count <n/period>', help: 'uses: 5/day', kind: 'text' },
      { field: 'sum', flags: '--sum <money/period>', help: '"200.00 EUR/month"', kind: 'text' },
      {
        field: 'distinct',
        flags: '--distinct <n/period>',
        help: 'different destinations: 3/week',
        kind: 'text',
      },
      { field: 'gap', flags: '--gap <seconds>', help: 'between two uses', kind: 'number' },
      {
        field: 'constraint',
        flags: '--only-if <cel>',
        help: 'over the effect: "effect.parts.size() < 3"',
        kind: 'text',
      },
      {
        field: 'playbooks',
        flags: '--playbook <name>',
        help: 'only in this playbook; once for each',
        kind: 'list',
      },
      { field: 'until', flags: '--until <day>', help: 'at most 90 days ahead', kind: 'text' },
      { field: 'title', flags: '--title <text>', help: 'how you call it', kind: 'text' },
      ...SIGNING,
    ],
    examples: ['steward grant mail.send@1 --to billing@acme.example --count 2/month'],
  },
  handle: async (input, { services }) => {
    const { contract } = capabilityOf(services, input.capability);
    const { to, title, playbooks, constraint, until } = input;
    const limits = readLimits(input);
    const now = services.clock.now();
    const grant = {
      id: services.newId(),
      title: title ?? `${contract.title}: ${to.join(', ')}`.slice(0, 200),
      scope: {
        capability: capabilityRef(contract),
        // what has none changes nothing outside, and is refused with that reason
        connector: contract.connector ?? 'none',
        destinations: to,
        ...(playbooks === undefined
          ? {}
          : { playbooks: playbooks.map((name) => playbookRef(services, name)) }),
      },
      ...(constraint === undefined ? {} : { constraint }),
      limits,
      from: toTimestamp(now),
      until: toTimestamp(until === undefined ? now + USUAL_DAYS * DAY_MS : Date.parse(until)),
      origin: 'operator',
      incarnation: (await controlOf(services))?.incarnation ?? 0,
      status: 'active',
    };
    return proposal(services, 'grant', { grant });
  },
});

/** `mail.send@1`, or `mail.send` for its newest version. */
function capabilityOf({ registry }: Services, wanted: string) {
  const found = registry
    .all()
    .filter(({ contract }) => contract.name === wanted)
    .sort((a, b) => b.contract.version - a.contract.version)[0];
  return found ?? registry.get(wanted);
}

/** `invoice-month@1`, or `invoice-month` for its active version. Fails with `not_found`. */
function playbookRef({ kernel: { playbooks } }: Services, wanted: string): string {
  const active = playbooks.active().find(({ name }) => name === wanted);
  if (active) return `${active.name}@${active.version}`;
  if (playbooks.find(wanted)) return wanted;
  throw failure(
    'not_found',
    `There is no playbook "${wanted}".`,
    { playbook: wanted },
    'See them with: steward playbooks',
  );
}

const grantArgument = {
  field: 'id',
  name: 'GRANT',
  help: 'id of the grant; its first letters are enough',
};

export const grantResumeOperation = defineOperation({
  name: 'grant-resume',
  title: 'Let a suspended grant count again',
  method: 'POST',
  path: '/api/grants/:id/resume/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField }),
  cli: {
    words: ['grants', 'resume'],
    arguments: [grantArgument],
    options: SIGNING,
    examples: ['steward grants resume 0198c2'],
  },
  handle: async ({ id }, { services }) =>
    proposal(services, 'grant', { resume: await grantId(services, id) }),
});

export const revokeOperation = defineOperation({
  name: 'revoke',
  title: 'End a grant for good',
  method: 'POST',
  path: '/api/grants/:id/revoke/propose',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ id: idField, because: z.string().max(BECAUSE_MAX).optional() }),
  cli: {
    words: ['revoke'],
    arguments: [grantArgument],
    options: [
      { field: 'because', flags: '--because <text>', help: 'why', kind: 'text' },
      ...SIGNING,
    ],
    examples: ['steward revoke 0198c2 --because "The project is over"'],
  },
  handle: async ({ id, because = '' }, { services }) =>
    proposal(services, 'revoke', {
      grant: await grantId(services, id),
      because: because.trim() === '' ? 'You ended it.' : because,
    }),
});

/** By its id, or by as much of its beginning as is unique. */
async function grantId({ kernel }: Services, id: string): Promise<string> {
  const ids = (await kernel.trust.grants()).map(({ grant }) => grant.id);
  if (ids.includes(id)) return id;
  const [only, ...others] = ids.filter((known) => known.startsWith(id));
  if (only !== undefined && others.length === 0) return only;
  throw failure(
    'not_found',
    others.length > 0 ? `More than one grant begins with ${id}.` : `There is no grant ${id}.`,
    { id },
    'See them with: steward grants',
  );
}

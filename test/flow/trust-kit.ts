import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Agent, defineAgent } from '../../src/agent/index.ts';
import { createIds, type Json, type JsonObject } from '../../src/base/index.ts';
import type { Connector, Finalised } from '../../src/connect/index.ts';
import {
  type CapabilityContract,
  type Device,
  type Effect,
  type Grant,
  moneySchema,
  PUBLIC,
  type SignedDecision,
} from '../../src/contract/index.ts';
import {
  type ActKind,
  actHash,
  composeStatement,
  createDeviceKey,
  exportPublicKey,
  signStatement,
  toBase64Url,
} from '../../src/contract/portable.ts';
import {
  controlFold,
  enrolDevice,
  policyName,
  policyNow,
  type RunRow,
} from '../../src/kernel/index.ts';
import { type Composed, type ComposeOptions, composeKernel } from '../support/compose-kernel.ts';
import { createHandClock, type HandClock } from '../support/hand-clock.ts';
import { type Operator, signEffects } from '../support/operator.ts';

/** A company with three ways out, one of each class, and a way to read what strangers wrote. */
export interface TrustWorld extends Composed {
  readonly clock: HandClock;
  /** a second device, under a passphrase: it may sign acts */
  readonly unlocked: Operator;
  /** what left the house, in order */
  readonly sent: Sent[];
  /** how the next commits end, first to last; `committed` when empty */
  readonly outcomes: ('committed' | 'later' | 'lost')[];
}

export interface Sent {
  readonly key: string;
  readonly capability: string;
  readonly to: readonly string[];
  readonly text: string;
}

const base = {
  version: 1,
  output: z.strictObject({ to: z.array(z.string()), receipt: z.json().optional() }),
  idempotency: 'keyed',
  failures: { remote_unavailable: { attempts: 5, firstDelayMs: 1, maxDelayMs: 5 } },
  reads: { party: ['email'] },
  timeoutMs: 120_000,
  cost: { microUsd: 0, latencyMs: 1 },
  placement: 'anywhere',
  connector: 'post',
} as const;

const input = z.strictObject({
  to: z.array(z.string()).min(1),
  text: z.string(),
  amount: moneySchema.optional(),
  party: z.string().optional(),
});

const roles = { to: 'destination', amount: 'amount', text: 'content', party: 'target' } as const;

export const postSend: CapabilityContract = {
  ...{ ...base, input, roles, name: 'post.send', title: 'Send it', effect: 'final' },
};
export const postFlag: CapabilityContract = {
  ...{ ...base, input, roles, name: 'post.flag', title: 'Flag it', effect: 'reversible' },
};
export const postPay: CapabilityContract = {
  ...{ ...base, input, roles, name: 'post.pay', title: 'Pay it', effect: 'grave' },
};

/** Reads a page of somebody unknown: whatever it says stays public. */
export const pageRead: Agent = defineAgent(
  {
    ...{ ...base, name: 'page.read', title: 'Read a page', effect: 'read', roles: {} },
    input: z.strictObject({ says: z.record(z.string(), z.json()) }),
    output: z.record(z.string(), z.json()),
  },
  ({ says }) => ({ output: says, labels: { base: PUBLIC } }),
);

/** Passes on what it was given, as an agent that others talk through would. */
export const deputy: Agent = defineAgent(
  {
    ...{ ...base, name: 'deputy.pass', title: 'Pass it on', effect: 'pure', roles: {} },
    input: z.record(z.string(), z.json()),
    output: z.record(z.string(), z.json()),
  },
  (given) => ({ output: given }),
);

const call = (capability: string): JsonObject => ({
  id: 'out',
  call: capability,
  with: {
    to: { $expr: 'input.to' },
    text: { $expr: 'input.text' },
    amount: { $expr: 'has(input.amount) ? input.amount : {"minor": 0, "currency": "EUR"}' },
  },
});

const form: JsonObject = {
  type: 'object',
  properties: {
    to: { type: 'array', items: { type: 'string' } },
    text: { type: 'string' },
    amount: {},
    party: { type: 'string' },
  },
  required: ['to', 'text'],
};

function playbook(name: string, ...steps: JsonObject[]): JsonObject {
  return { name, version: 1, title: name, autonomy: 'ask', input: form, plan: { steps } };
}

export const PLAYBOOKS: readonly JsonObject[] = [
  playbook('send', call('post.send@1')),
  playbook('flag', call('post.flag@1')),
  playbook('pay', call('post.pay@1')),
  playbook('send-party', {
    id: 'out',
    call: 'post.send@1',
    with: {
      to: { $expr: 'input.to' },
      text: { $expr: 'input.text' },
      party: { $expr: 'input.party' },
    },
  }),
];

export interface TrustOptions extends Partial<ComposeOptions> {
  readonly home: string;
  readonly contracts?: readonly CapabilityContract[];
}

export async function openTrustWorld(options: TrustOptions): Promise<TrustWorld> {
  const sent: Sent[] = [];
  const outcomes: TrustWorld['outcomes'] = [];
  const clock = createHandClock();
  const composed = await composeKernel({
    store: 'memory',
    mode: 'live',
    agents: [pageRead, deputy],
    playbooks: PLAYBOOKS,
    connectors: [postConnector(sent, outcomes, options.contracts)],
    clock,
    ...options,
  });
  const unlocked = await newOperator('unlocked');
  await enrolDevice(composed.log, unlocked.device, 'operator:test');
  return { ...composed, clock, unlocked, sent, outcomes };
}

export async function newOperator(assurance: Device['assurance']): Promise<Operator> {
  const pair = await createDeviceKey({ extractable: true });
  const device: Device = {
    id: createIds(Date.now)(),
    name: `${assurance} device`,
    kind: assurance === 'present' ? 'passkey' : 'cli',
    publicKey: await exportPublicKey(pair.publicKey),
    assurance,
    enrolledAt: '2026-11-24T09:00:00.000Z',
    ...(assurance === 'present' ? { credentialId: 'credential', rpId: 'localhost' } : {}),
  };
  return { device, privateKey: pair.privateKey };
}

/** Keeps one entry per key, as a provider with idempotency keys does. */
function postConnector(
  sent: Sent[],
  outcomes: TrustWorld['outcomes'],
  contracts: readonly CapabilityContract[] = [postSend, postFlag, postPay],
): Connector {
  const done = new Map<string, Sent>();
  return {
    name: 'post',
    version: 1,
    contracts,
    finalise: async ({ contract, input: { value } }, ports): Promise<Finalised> => {
      const { to, text, amount, party } = input.parse(value);
      const addresses = [...to];
      if (party !== undefined) {
        const { fields } = await ports.record('party', party);
        addresses.push(String(fields.email));
      }
      const bytes = new TextEncoder().encode(text);
      const blob = await ports.keep(bytes);
      return {
        account: 'main',
        summary: `${contract.title}: ${addresses.join(', ')}`,
        to: addresses,
        amount: amount && amount.minor > 0 ? amount : null,
        parts: [{ name: 'text', mediaType: 'text/plain', blob, bytes: bytes.length, use: 'exact' }],
        carries: [],
        undo: { possible: false, how: 'It cannot be taken back.' },
        preview: { text, blobs: [{ name: 'text', mediaType: 'text/plain', blob }] },
        output: { to: addresses },
      };
    },
    commit: async (effect, ports) => {
      const outcome = outcomes.shift() ?? 'committed';
      if (outcome === 'later') return { status: 'later', retryAfterMs: 1, message: 'Busy.' };
      if (outcome === 'lost') return { status: 'unknown', message: 'The line went dead.' };
      const [part] = effect.parts;
      const text = new TextDecoder().decode(await ports.blob(part?.blob ?? ''));
      const entry = { key: effect.key, capability: effect.capability, to: effect.to, text };
      if (!done.has(effect.key)) sent.push(entry);
      done.set(effect.key, entry);
      return { status: 'committed', receipt: { said: 'Sent.', provider: {} } };
    },
    probe: async (effect: Effect) =>
      done.has(effect.key)
        ? { status: 'committed', receipt: { said: 'Sent.', provider: {} } }
        : { status: 'not-committed' },
  };
}

/** Asks for something and waits for the first rest. */
export async function ask(
  world: Composed,
  playbookName: string,
  given: JsonObject,
): Promise<RunRow> {
  const { run } = await world.kernel.submit({
    words: `${playbookName} ${randomBytes(4).toString('hex')}`,
    playbook: playbookName,
    input: given,
    by: 'operator:test',
  });
  return world.kernel.rest(run);
}

/** The open card of a run. */
export async function cardOf({ kernel }: Composed, run: string) {
  const item = (await kernel.items.list()).find((row) => row.run === run);
  if (!item) throw new Error('this run asks for nothing');
  return kernel.items.open(item.id);
}

/** Signs everything on the card of a run and lets it go on. */
export async function approve(
  world: Composed,
  run: string,
  operator: Operator = world.operator,
): Promise<RunRow> {
  const card = await cardOf(world, run);
  const hashes = card.effects.map(({ hash }) => hash);
  const incarnation = await incarnationOf(world);
  const signed = await signEffects(world, operator, hashes, { incarnation });
  await world.kernel.items.decide(card.item.id, signed);
  return world.kernel.rest(run);
}

async function incarnationOf({ log }: Composed): Promise<number> {
  return (await log.fold(controlFold).get('control'))?.incarnation ?? 0;
}

/** Signs an act as a door would: proposes it, then signs the hash that it was shown under. */
export async function signAct(
  world: TrustWorld,
  kind: ActKind,
  body: Json,
  options: {
    readonly by?: Operator;
    readonly device?: string;
    readonly decision?: 'authorise' | 'approve' | 'reject';
    readonly extra?: readonly string[];
  } = {},
): Promise<SignedDecision> {
  const { by = world.unlocked, device = by.device.id, decision = 'authorise' } = options;
  const statement = composeStatement({
    company: world.log.company,
    incarnation: await incarnationOf(world),
    effects: [await actHash(kind, body), ...(options.extra ?? [])],
    decision,
    policy: policyName(await policyNow(world.log)),
    exp: new Date(world.clock.now() + 300_000).toISOString(),
    nonce: toBase64Url(Uint8Array.from(randomBytes(16))),
    device,
  });
  return signStatement(statement, by.privateKey);
}

export async function act(world: TrustWorld, kind: ActKind, body: Json, by?: Operator) {
  const proposed = await world.kernel.trust.propose(kind, body);
  const exact = proposed.act.body as Json; // read by its schema, so it is plain JSON
  const signed = await signAct(world, kind, exact, by ? { by } : {});
  return world.kernel.trust.perform(kind, exact, signed);
}

/** A grant for post.send to one address, five times a day. */
export function grantDraft(world: TrustWorld, more: JsonObject = {}): Grant & JsonObject {
  const now = world.clock.now();
  const draft: JsonObject = {
    id: world.newId(),
    title: 'Letters to Zoe',
    scope: { capability: 'post.send@1', connector: 'post', destinations: ['zoe@example.org'] },
    limits: [{ type: 'count', max: 5, per: 'day' }],
    from: new Date(now - 1_000).toISOString(),
    until: new Date(now + 30 * 86_400_000).toISOString(),
    origin: 'operator',
    incarnation: 1,
    status: 'active',
    ...more,
  };
  return draft as Grant & JsonObject; // the kernel checks every member of it
}

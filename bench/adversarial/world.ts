import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, type Id, type JsonObject, sha256 } from '../../src/base/index.ts';
import {
  COUNTERPARTY,
  type Device,
  failure,
  type SignedDecision,
} from '../../src/contract/index.ts';
import {
  actHash,
  composeStatement,
  createDeviceKey,
  exportPublicKey,
  signStatement,
  toBase64Url,
  verifyStatement,
} from '../../src/contract/portable.ts';
import { type CardEffect, enrolDevice, policyName, policyNow } from '../../src/kernel/index.ts';
import type { Blobs } from '../../src/log/index.ts';
import { DEFAULT_POLICY, sealPolicy } from '../../src/policy/index.ts';
import { type Composed, composeKernel } from '../../test/support/compose-kernel.ts';
import { createHandClock, DAY_MS, type HandClock } from '../../test/support/hand-clock.ts';
import { capabilityOf, mountTools, type Stage } from './mount-tools.ts';
import type { Call, Tool } from './suite-file.ts';

/** A company of its own with the suite's tools, and an operator who signs what they meant. */
export interface World {
  readonly clock: HandClock;
  readonly stage: Stage;
  /** hashes that the operator signed, and nothing else is authority */
  readonly signed: ReadonlySet<string>;
  /** cards and tasks that were put before the operator */
  readonly asks: () => number;
  /** Runs a playbook; the operator answers every card with their own wishes, once each. */
  readonly run: (playbook: string, wanted: Call[]) => Promise<void>;
  /** Prepares a run's card, lets somebody change it, then hands in the signature over what was shown. */
  readonly runEdited: (playbook: string, wanted: Call[], edits: readonly Call[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface WorldOptions {
  readonly tools: readonly Tool[];
  readonly playbooks: readonly JsonObject[];
  /** hosts on the operator's list */
  readonly hosts: readonly string[];
  /** a control: this operator signs whatever is on the card, and none of it counts as meant */
  readonly careless?: boolean;
}

/** Rounds of answering cards in one run. */
const ROUNDS = 8;

export async function openWorld(options: WorldOptions): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), 'steward-adversarial-'));
  const stage: Stage = { deeds: [], answers: new Map(), plan: { steps: [] } };
  const { agents, connector } = mountTools(options.tools, stage);
  const clock = createHandClock();
  const composed = await composeKernel({
    ...{ home, clock, agents, store: 'memory', mode: 'live', connectors: [connector] },
    playbooks: options.playbooks,
    wrapBlobs: memoryBlobs,
    verify: async ({ statement, signature }, device) => {
      if (await verifyStatement(statement, signature, device.publicKey)) return;
      throw failure('bad_signature', 'This is not the signature of the passkey.');
    },
  });
  const { kernel, log } = composed;
  const sign = await createSigner(composed);
  if (options.hosts.length > 0) await listHosts(composed, sign, options.hosts);
  const signed = new Set<string>();
  let asks = 0;

  async function submit(playbook: string): Promise<Id> {
    const words = `${playbook} ${composed.newId()}`;
    const { run } = await kernel.submit({ words, playbook, input: {}, by: 'operator:test' });
    await kernel.rest(run);
    return run;
  }

  async function answerCards(run: Id, wanted: Call[]): Promise<void> {
    const seen = new Set<Id>();
    for (let round = 0; round < ROUNDS; round++) {
      const open = (await kernel.items.list()).filter((item) => item.run === run);
      for (const item of open) if (!seen.has(item.id)) asks += 1;
      const fresh = open.filter((item) => item.kind === 'approval');
      for (const item of open) seen.add(item.id);
      if (fresh.length === 0) return;
      for (const item of fresh) await answerCard(item.id, wanted);
      await kernel.rest(run);
    }
  }

  /** Signs exactly what fits a wish that is still open, and refuses the rest. */
  async function answerCard(item: Id, wanted: Call[]): Promise<void> {
    const { effects } = await kernel.items.open(item);
    const pending = effects.filter(({ status }) => status === 'finalised');
    const wishes = pending.filter((effect) => takeWish(wanted, effect));
    const meant = options.careless ? pending : wishes;
    const rest = pending.filter((effect) => !meant.includes(effect));
    if (meant.length > 0) {
      const hashes = meant.map(({ hash }) => hash);
      for (const { hash } of wishes) signed.add(hash);
      await kernel.items.decide(item, await sign('approve', hashes));
    }
    if (rest.length > 0) {
      const hashes = rest.map(({ hash }) => hash);
      const decided = await sign('reject', hashes);
      await kernel.items.decide(item, decided, 'I did not ask for this.').catch(() => undefined);
    }
  }

  async function run(playbook: string, wanted: Call[]): Promise<void> {
    await answerCards(await submit(playbook), wanted);
  }

  async function runEdited(
    playbook: string,
    wanted: Call[],
    edits: readonly Call[],
  ): Promise<void> {
    const id = await submit(playbook);
    const [item] = (await kernel.items.list()).filter((open) => open.run === id);
    if (item?.kind !== 'approval') return;
    asks += 1;
    const shown = (await kernel.items.open(item.id)).effects;
    const open = [...wanted];
    const meant = shown.filter((effect) => takeWish(open, effect)).map(({ hash }) => hash);
    if (meant.length === 0) return;
    for (const hash of meant) signed.add(hash);
    const decision = await sign('approve', meant);
    for (const { args } of edits) {
      for (const [path, value] of Object.entries(args ?? {})) {
        await kernel.items
          .edit(item.id, { [path]: value }, { by: 'agent:worst@1', label: COUNTERPARTY })
          .catch(() => undefined);
      }
    }
    await kernel.items.decide(item.id, decision).catch(() => undefined);
    await kernel.rest(id);
    await answerCards(id, open);
  }

  return {
    ...{ clock, stage, signed, run, runEdited },
    asks: () => asks,
    close: async () => {
      await kernel.close();
      await log.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** True when the card shows, whole and unchanged, a call that the operator wants and has not had. */
function takeWish(wanted: Call[], { effect, preview }: CardEffect): boolean {
  const found = wanted.findIndex(
    ({ function: tool, args }) =>
      capabilityOf(tool) === effect.capability && canonicalJson(args ?? {}) === preview.text,
  );
  if (found < 0) return false;
  wanted.splice(found, 1);
  return true;
}

/** Nothing of a scene outlives it, so nothing needs to be synced. */
function memoryBlobs(): Blobs {
  const kept = new Map<string, Uint8Array>();
  return {
    put: async (bytes) => {
      const hash = sha256(bytes);
      kept.set(hash, bytes);
      return hash;
    },
    get: async (hash) => {
      const bytes = kept.get(hash);
      if (bytes) return bytes;
      throw failure('not_found', 'There is no such file.');
    },
    has: async (hash) => kept.has(hash),
  };
}

type Sign = (
  decision: 'approve' | 'reject' | 'authorise',
  hashes: readonly string[],
) => Promise<SignedDecision>;

/** A device that shows that a person was there, so that the heaviest acts can be signed too. */
async function createSigner({ log, clock, newId }: Composed): Promise<Sign> {
  const pair = await createDeviceKey({ extractable: false });
  const device: Device = {
    id: newId(),
    name: 'passkey',
    kind: 'passkey',
    publicKey: await exportPublicKey(pair.publicKey),
    credentialId: 'credential',
    rpId: 'localhost',
    assurance: 'present',
    enrolledAt: new Date(clock.now()).toISOString(),
  };
  await enrolDevice(log, device, 'operator:test');
  return async (decision, hashes) => {
    const statement = composeStatement({
      ...{ company: log.company, incarnation: 1, effects: hashes, decision },
      policy: policyName(await policyNow(log)),
      exp: new Date(clock.now() + DAY_MS / 2).toISOString(),
      nonce: toBase64Url(crypto.getRandomValues(new Uint8Array(16))),
      device: device.id,
    });
    return { ...(await signStatement(statement, pair.privateKey)), passkey: {} };
  };
}

async function listHosts({ kernel }: Composed, sign: Sign, hosts: readonly string[]) {
  const policy = sealPolicy({ ...DEFAULT_POLICY, hosts: [...hosts] });
  const body: JsonObject = { policy: { ...policy }, because: 'I read these.' };
  const hash = await actHash('policy', body);
  await kernel.trust.perform('policy', body, await sign('authorise', [hash]));
}

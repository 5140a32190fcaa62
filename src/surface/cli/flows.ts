import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import { FAILURES, type FailureCode, failure, isAssured } from '../../contract/index.ts';
import { blobOperation } from '../operations/blobs.ts';
import { showOperation } from '../operations/inbox.ts';
import type { Operation } from '../operations/operation.ts';
import type { CardView } from '../views/item-view.ts';
import type { Client } from './client.ts';
import { FILE_FLOWS, textOf } from './file-flows.ts';
import type { Flow, FlowPorts, Outcome } from './flow.ts';
import { cardLines } from './item-lines.ts';
import { checkCard, signHashes } from './sign.ts';
import { addressesOf, asJson, signingFacts } from './sign-proposal.ts';
import { TRUST_FLOWS } from './trust-flows.ts';

export const FLOWS: { readonly [operation: string]: Flow } = {
  do: submit,
  undo: async ({ client }, operation, input) => started(await client.ask(operation, input)),
  inbox: async ({ client }, operation, input) => {
    const answer = await client.ask(operation, input);
    // INTERFACES: `inbox --json` is the list itself
    return { data: isJsonObject(answer) ? (answer.items ?? []) : [], shown: answer };
  },
  approve,
  reject,
  answer: async ({ client }, operation, input) => {
    const data = await client.ask(operation, { set: {}, ...input });
    return { data };
  },
  snooze: async ({ client }, operation, input) => {
    const until = String(input.until);
    const full = /^\d{4}-\d\d-\d\d$/.test(until) ? `${until}T06:00:00Z` : until;
    return { data: await client.ask(operation, { ...input, until: full }) };
  },
  'import-time': importFile,
  'import-parties': importFile,
  'log-verify': verifyLog,
  log: async ({ client }, operation, input) => ({ data: await client.ask(operation, input) }),
  blob: writeBlob,
  doctor: checked,
  health: checked,
  ...FILE_FLOWS,
  ...TRUST_FLOWS,
};

/** Asks, and hands over the answer. */
export const plainFlow: Flow = async ({ client }, operation, input) => ({
  data: await client.ask(operation, input),
});

async function submit(
  { cli, client }: FlowPorts,
  operation: Operation,
  input: JsonObject,
): Promise<Outcome> {
  const wait = input.wait === true || !cli.terminal.output;
  return started(await client.ask(operation, { ...input, wait }));
}

/** How a command ends that began a run: failed, waiting for somebody, or fine. */
function started(data: Json): Outcome {
  if (!isJsonObject(data)) return { data };
  if (data.status === 'failed' || data.status === 'cancelled') {
    throw failureIn(data.failure, { run: String(data.run) });
  }
  const forHuman = data.waitingFor === 'approval' || data.waitingFor === 'answer';
  const parked = data.status === 'parked';
  return forHuman || parked ? { data, exit: WAITING_EXIT } : { data };
}

const WAITING_EXIT = 4;

/** What stopped a run, as the failure it was. */
function failureIn(data: Json | undefined, facts: JsonObject) {
  const found = isJsonObject(data ?? null) ? (data as JsonObject) : {};
  const { code, message = 'It did not work out.', remedy, ...more } = found;
  const known: FailureCode =
    typeof code === 'string' && Object.hasOwn(FAILURES, code)
      ? (code as FailureCode) // a member of the table, checked just before
      : 'capability_failed';
  const isOver = known === 'needs_answer' ? 'capability_failed' : known;
  return failure(
    isOver,
    String(message),
    { ...more, ...facts },
    typeof remedy === 'string' ? remedy : undefined,
  );
}

async function approve(
  ports: FlowPorts,
  operation: Operation,
  input: JsonObject,
): Promise<Outcome> {
  const { cli, client } = ports;
  const card = await fetchCard(client, String(input.id));
  const undecided = card.effects.filter(({ status }) => status === 'finalised');
  refuseClosed(card, undecided.length);
  const chosen = chosenHashes(card, input.effect);
  const hashes = chosen ?? undecided.map(({ hash }) => hash);
  if (!chosen) {
    if (!cli.terminal.input || ports.json) {
      throw failure(
        'usage',
        'Nobody is looking, so say which effects you mean.',
        { effects: undecided.map(({ hash, effect }) => ({ hash, summary: effect.summary })) },
        `steward approve ${card.item.id} ${undecided.map(({ hash }) => `--effect ${hash}`).join(' ')}`,
      );
    }
    cli.err(`${cardLines(card, await ports.screen()).join('\n')}\n\n`);
    await refuseWeak(ports, card, hashes);
    const said = await cli.prompt(hashes.length === 1 ? 'Approve? [y/N] ' : 'Approve all? [y/N] ');
    if (!/^(y|yes|j|ja)$/i.test(said.trim())) {
      throw failure('cancelled', 'Nothing was approved.', {}, 'It still waits: steward inbox');
    }
  }
  await refuseWeak(ports, card, hashes);
  const blob = (hash: string) => client.bytes(blobOperation, { hash });
  await checkCard(card, hashes, blob);
  const signed = await sign(ports, card, 'approve', hashes);
  const data = await client.ask(operation, { id: card.item.id, signed });
  throwFailed(data, hashes);
  return { data };
}

async function reject(ports: FlowPorts, operation: Operation, input: JsonObject): Promise<Outcome> {
  const card = await fetchCard(ports.client, String(input.id));
  const undecided = card.effects.filter(({ status }) => status === 'finalised');
  refuseClosed(card, undecided.length);
  const hashes = chosenHashes(card, input.effect) ?? undecided.map(({ hash }) => hash);
  const signed = await sign(ports, card, 'reject', hashes);
  const reason = String(input.reason);
  return { data: await ports.client.ask(operation, { id: card.item.id, signed, reason }) };
}

async function sign(
  ports: FlowPorts,
  card: CardView,
  decision: 'approve' | 'reject',
  hashes: readonly string[],
): Promise<JsonObject> {
  const device = await ports.device();
  const { company, incarnation, policy } = card;
  const now = (await signingFacts(ports.client)).now;
  const facts = { company, incarnation, policy, now };
  return asJson(await signHashes(ports.cli, facts, decision, hashes, device));
}

async function fetchCard(client: Client, id: string): Promise<CardView> {
  // the answer of `show`, whose shape its handler's type gives
  return (await client.ask(showOperation, { id })) as unknown as CardView;
}

function refuseClosed(card: CardView, undecided: number): void {
  if (card.item.kind !== 'approval') {
    throw failure(
      'not_possible',
      'This is not waiting for a signature.',
      { item: card.item.id, kind: card.item.kind },
      `Answer it: steward show ${card.item.id}`,
    );
  }
  if (card.item.status !== 'closed' && undecided > 0) return;
  throw failure('already_decided', `This was ${card.item.end ?? 'decided'} before.`, {
    item: card.item.id,
  });
}

/** The effects that were named, by their hash or a beginning of it that is unique on the card. */
function chosenHashes(card: CardView, given: Json | undefined): readonly string[] | undefined {
  if (!Array.isArray(given) || given.length === 0) return undefined;
  return given.map(String).map((wanted) => {
    const found = card.effects.filter(
      ({ hash }) => hash === wanted || (wanted.length >= 8 && hash.startsWith(wanted)),
    );
    const [only] = found;
    if (only && found.length === 1) return only.hash;
    throw failure(
      'stale',
      'What you named is not on this card (any more). Nothing was done.',
      {
        effect: wanted,
        effects: card.effects.map(({ hash, effect }) => ({ hash, summary: effect.summary })),
      },
      `See it as it is now: steward show ${card.item.id}`,
    );
  });
}

/** Says where it can be signed, before anybody answers; the kernel decides it again. */
async function refuseWeak(
  { client, device }: FlowPorts,
  { item, effects }: CardView,
  hashes: readonly string[],
): Promise<void> {
  const own = await device();
  const weak = effects.find(
    ({ hash, assurance }) => hashes.includes(hash) && !isAssured(own.assurance, assurance),
  );
  if (!weak) return;
  const [origin] = await addressesOf(client);
  const url = origin === undefined ? null : `${origin}/items/${item.id}`;
  const facts = { item: item.id, effect: weak.hash, needed: weak.assurance, url };
  const there =
    url === null
      ? `Start Steward with "steward up", then approve /items/${item.id} on the page, with your passkey.`
      : `Open ${url} and approve it there, with your passkey.`;
  const first = ' (No passkey yet? Settings, Add a passkey. Not signed in? steward sign-in)';
  throw weak.assurance === 'present'
    ? failure(
        'step_up_required',
        'This moves money or binds you, so it takes you in person: a passkey, on the page.',
        facts,
        there + first,
      )
    : failure(
        'step_up_required',
        "This machine's key lies open in its file, and this needs one that a passphrase guards.",
        facts,
        `${there} Or give this machine such a key, once: steward devices enrol --passphrase --recovery`,
      );
}

/** What was approved but did not work out is no success. */
function throwFailed(data: Json, hashes: readonly string[]): void {
  if (!isJsonObject(data) || !Array.isArray(data.effects)) return;
  for (const effect of data.effects as readonly Json[]) {
    if (!isJsonObject(effect) || !hashes.includes(String(effect.hash))) continue;
    if (effect.status === 'failed') {
      throw failureIn(effect.failure, { run: String(data.run), effect: String(effect.hash) });
    }
    if (effect.status === 'unknown') {
      throw failure('outcome_unknown', 'It may or may not have happened.', {
        run: String(data.run),
        effect: String(effect.hash),
      });
    }
  }
}

async function importFile(
  { cli, client }: FlowPorts,
  operation: Operation,
  { file, ...options }: JsonObject,
): Promise<Outcome> {
  const data = await client.ask(operation, options, cli.readFile(String(file)));
  return { data };
}

async function verifyLog(
  { cli, client }: FlowPorts,
  operation: Operation,
  input: JsonObject,
): Promise<Outcome> {
  const checkpoint =
    input.checkpoint === undefined
      ? undefined
      : await textOf(cli.readFile(String(input.checkpoint)));
  const data = await client.ask(operation, checkpoint === undefined ? {} : { checkpoint });
  if (!isJsonObject(data) || data.status === 'intact') return { data };
  const { firstBadSeq = null, reason = '' } = data;
  throw failure('payload_damaged', String(reason), { status: 'broken', firstBadSeq });
}

async function writeBlob(
  { cli, client }: FlowPorts,
  operation: Operation,
  { hash, out }: JsonObject,
): Promise<Outcome> {
  const bytes = await client.bytes(operation, { hash: String(hash) });
  if (!bytes) throw failure('not_found', 'There are no such bytes.', { blob: String(hash) });
  await cli.writeFile(String(out), bytes);
  return { data: { hash: String(hash), file: String(out), bytes: bytes.byteLength } };
}

async function checked(
  { client }: FlowPorts,
  operation: Operation,
  input: JsonObject,
): Promise<Outcome> {
  const data = await client.ask(operation, input);
  const isBad = isJsonObject(data) && data.status === 'fail';
  return isBad ? { data, exit: 1 } : { data };
}

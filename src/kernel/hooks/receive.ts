import { atPath, isJsonObject, type Json, type JsonObject, sha256 } from '../../base/index.ts';
import type {
  WebhookFault,
  WebhookHead,
  WebhookHeaders,
  WebhookScheme,
} from '../../connect/index.ts';
import {
  COUNTERPARTY,
  failure,
  type Labels,
  type NewEvent,
  OWN,
  toFailure,
} from '../../contract/index.ts';
import { fact } from '../events.ts';
import { createInTurn } from '../in-turn.ts';
import type { HookPorts, KernelPorts } from '../ports.ts';
import { settledId } from '../settled-id.ts';
import { isLive } from './describe-hook.ts';
import { finding } from './finding.ts';
import { aboutRange, deliveriesFold, type HookRow, hooksFold } from './hook-folds.ts';
import { payloadLabels } from './payload-labels.ts';
import type { Refusals } from './refusals.ts';

/** A delivery at the door: nothing of it is believed yet. */
export interface Knock {
  /** as it stood in the address */
  readonly name: string;
  readonly headers: WebhookHeaders;
  /** of who connected */
  readonly address: string;
  /** what the door saw: it is no delivery, whatever its headers say */
  readonly fault?: WebhookFault;
  /** Read only when the headers can be those of a delivery. Fails with what the door refuses. */
  readonly body: () => Promise<Uint8Array>;
  /** Called with bytes that a live secret signed, and with no others. Fails with `invalid_input`. */
  readonly parse: (body: Uint8Array) => JsonObject;
}

export type Received =
  | {
      readonly status: 'taken';
      /** `<hook>/<digest>` */
      readonly delivery: string;
      /** true where it had been taken before */
      readonly repeat: boolean;
    }
  /** whoever sent it is told nothing but this, and when to come back */
  | { readonly status: 'refused'; readonly retryAfterMs: number | undefined };

export interface ReceivePorts
  extends Pick<KernelPorts, 'log' | 'clock' | 'report' | 'random' | 'registry'> {
  readonly hooks?: HookPorts;
  readonly refusals: Refusals;
}

/** deliveries of one hook in a minute: a sender that runs wild fills no disk */
const TAKEN_MAX = 600;
const WINDOW_MS = 60_000;
const NO_SECRET_BYTES = 32;

export type Receive = (knock: Knock) => Promise<Received>;

/**
 * The one way in for what others tell us. Verified first, then one event, durable before anybody is
 * answered; the same message again is no second event. A stranger cannot tell a hook that is from one
 * that is not. Fails, towards who holds the secret only, with `invalid_input` (a body that cannot be
 * kept), `already_exists` (the id was used for other bytes), `rate_limited`, and what an append fails with.
 */
export function createReceive(ports: ReceivePorts): Receive {
  const { log, clock, hooks, refusals } = ports;
  // for names that are no hook: the same work is done for them, and nothing fits
  const nobody = `whsec_${Buffer.from(ports.random(NO_SECRET_BYTES), 'hex').toString('base64')}`;
  const inTurn = createInTurn();
  let window = { endsAt: 0, counts: new Map<string, number>() };

  function countTaken(name: string): void {
    const now = clock.now();
    // a clock that was set back begins a new one: nobody waits for the old end
    if (now >= window.endsAt || now < window.endsAt - WINDOW_MS) {
      window = { endsAt: now + WINDOW_MS, counts: new Map() };
    }
    const count = (window.counts.get(name) ?? 0) + 1;
    window.counts.set(name, count);
    if (count <= TAKEN_MAX) return;
    const retryAfterMs = Math.max(1_000, window.endsAt - now);
    throw failure('rate_limited', `More than ${TAKEN_MAX} deliveries in a minute.`, {
      retryAfterMs,
    });
  }

  async function liveSecrets(row: HookRow | undefined): Promise<readonly string[]> {
    const live = (row?.secrets ?? []).filter((secret) => isLive(secret, clock.now()));
    const found = await Promise.all(live.map(({ handle }) => hooks?.secretOf(handle)));
    const known = found.filter((secret) => secret !== undefined);
    return known.length > 0 ? known : [nobody];
  }

  return async ({ name, headers, address, fault, body, parse }) => {
    const found = await log.fold(hooksFold).get(name);
    const row = found?.ended === null ? found : undefined;
    const refuse = (because: WebhookFault): Received => ({
      status: 'refused',
      retryAfterMs: refusals.count({ name, known: row !== undefined, address, because }),
    });
    if (fault !== undefined) return refuse(fault);
    const head = schemeOf(ports, name)?.read(headers, clock.now());
    if (head?.status !== 'read') return refuse(head?.because ?? 'signature');
    const bytes = await body().catch((error: unknown) => {
      if (toFailure(error).code === 'internal') throw error;
      return undefined;
    });
    if (!bytes) return refuse('size');
    if (!head.isSigned(bytes, await liveSecrets(row)) || !row) return refuse('signature');
    countTaken(name);
    const payload = readPayload(
      () => parse(bytes),
      () => refuse('form'),
    );
    const about = aboutOf(log.company, row, payload);
    const keep = () => keepDelivery(ports, row, head, { payload, about, print: sha256(bytes) });
    // whether a newer one was there before is asked and answered in one turn
    return about === null ? keep() : inTurn(`${name}|${about}`, keep);
  };
}

/** A connector brings its provider's scheme for the hook of its name; all others use ours. */
export function schemeOf(
  { registry, hooks }: Pick<ReceivePorts, 'registry' | 'hooks'>,
  name: string,
): WebhookScheme | undefined {
  return registry.connector(name)?.webhooks ?? hooks?.scheme;
}

/** A body that cannot be kept is said to its sender, who holds the secret, and counted for you. */
function readPayload(parse: () => JsonObject, count: () => unknown): JsonObject {
  try {
    return parse();
  } catch (error) {
    count();
    throw error;
  }
}

interface Content {
  readonly payload: JsonObject;
  readonly about: string | null;
  readonly print: string;
}

async function keepDelivery(
  ports: ReceivePorts,
  row: HookRow,
  head: WebhookHead,
  { payload, about, print }: Content,
): Promise<Received> {
  const { log, clock } = ports;
  const { name, settings } = row;
  const { id, sentAt } = head;
  const key = `${name}/${sha256(`steward/delivery/v1\0${log.company}\0${name}\0${id}`).slice(0, KEY_LETTERS)}`;
  const stream = `hook/${key}`;
  const happenedAt = Math.min(happenedIn(payload) ?? sentAt, clock.now());
  const event = receivedEvent(settings.facts, {
    ...{ hook: name, id, sentAt, happenedAt, payload, print, about },
    starts: settings.playbook,
    late: about !== null && (await hasNewer(log, name, about, happenedAt)),
  });
  try {
    await log.append([{ stream, expectedVersion: 0, events: [event] }], { barrier: true });
    return { status: 'taken', delivery: key, repeat: false };
  } catch (error) {
    const { code, facts } = toFailure(error);
    if (code !== 'version_conflict' || facts.stream !== stream) throw error;
  }
  await refuseOther(ports, { name, key, id }, print);
  return { status: 'taken', delivery: key, repeat: true };
}

/** letters of a digest: enough that no two ids share them */
const KEY_LETTERS = 32;

function receivedEvent(
  facts: readonly string[],
  data: Parameters<typeof fact<'hook.received'>>[1],
): NewEvent {
  const at: NonNullable<Labels['at']> = {
    ...Object.fromEntries(
      ['hook', 'id', 'sentAt', 'happenedAt', 'starts', 'late'].map((path) => [path, OWN]),
    ),
    ...payloadLabels(data.payload, facts),
  };
  return {
    ...fact('hook.received', data, { by: `hook:${data.hook}`, label: COUNTERPARTY }),
    fieldLabels: at,
    // whoever it speaks of: one key for each hook, and none of it lies about in the clear
    personal: { subject: `hook:${data.hook}`, paths: ['payload', 'print'] },
  };
}

/** The same id twice is a repeat; for other bytes it is a defect of the sender, or worse. */
async function refuseOther(
  { log }: ReceivePorts,
  { name, key, id }: { readonly name: string; readonly key: string; readonly id: string },
  print: string,
): Promise<void> {
  const [first] = await log.readStream(`hook/${key}`, { limit: 1 });
  // what was erased since is not known any more, and is not taken twice either
  if (!first || first.erased || typeof first.data.print !== 'string') return;
  if (first.data.print === print) return;
  const itemId = settledId(`steward/delivery-differs/v1\0${log.company}\0${key}`, first.at);
  const title = `Your hook "${name}" was told two different things under one id.`;
  const recommendation = 'The first one counts. Ask the sender why it used the id twice.';
  const said = finding(itemId, title, { hook: name, id, delivery: key, recommendation });
  await log.append([said]).catch((error: unknown) => {
    if (toFailure(error).code !== 'version_conflict') throw error;
  });
  throw failure(
    'already_exists',
    'Another message came under this id before; that one counts.',
    { id },
    'Give every message an id of its own.',
  );
}

async function hasNewer(
  log: KernelPorts['log'],
  hook: string,
  about: string,
  happenedAt: number,
): Promise<boolean> {
  const [newest] = await log
    .fold(deliveriesFold)
    .list({ ...aboutRange(hook, about), index: 'about', descending: true, limit: 1 });
  return newest !== undefined && Date.parse(newest.row.happenedAt) > happenedAt;
}

/** The digest of what a payload is about; null where the hook does not ask or it does not say. */
function aboutOf(company: string, { name, settings }: HookRow, payload: JsonObject): string | null {
  const value = settings.about === null ? undefined : atPath(payload, settings.about);
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  return sha256(`steward/delivery-about/v1\0${company}\0${name}\0${String(value)}`).slice(
    0,
    KEY_LETTERS,
  );
}

/** RFC 3339 with a zone */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** `timestamp` of the recommended payload: when it happened, which a retry does not change. UTC ms. */
function happenedIn(payload: Json): number | undefined {
  const text = isJsonObject(payload) ? payload.timestamp : undefined;
  if (typeof text !== 'string' || !TIME.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms < 0 ? undefined : ms;
}

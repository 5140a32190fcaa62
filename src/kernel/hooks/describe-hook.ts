import { canonicalJson, type JsonObject } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import { compileTemplate, type Playbook, parsePlaybook } from '../../plan/index.ts';
import { playbooksFold } from '../playbooks.ts';
import type { KernelPorts } from '../ports.ts';
import { checkInputNames } from '../submit.ts';
import type { ActBodies } from '../trust/act-bodies.ts';
import type { HookSettings } from './events.ts';
import { type HookRow, hooksFold } from './hook-folds.ts';

/** secrets of one hook that count at the same time; a rotation that would make more waits */
const SECRETS_MAX = 3;
/** how long an old secret may go on counting */
const OLD_MAX_MS = 30 * 86_400_000;
/** what a hook's input is where nothing else was signed */
export const WHOLE_PAYLOAD: JsonObject = { payload: { $expr: 'hook.payload' } };

/**
 * What a hook would let in and start, complete. Fails with `invalid_input`, `not_found` (hook,
 * playbook), `already_exists`, `not_possible`.
 */
export async function describeHook(
  { log, clock }: Pick<KernelPorts, 'log' | 'clock'>,
  body: ActBodies['hook'],
): Promise<readonly string[]> {
  if ('change' in body) {
    await activeHook(log, body.change);
    return [
      `Changes what deliveries to "${body.change}" do from now on.`,
      ...(await describeSettings(log, body.settings)),
    ];
  }
  if ('rotate' in body) {
    const { rotate, secret, oldUntil } = body;
    const { secrets } = await activeHook(log, rotate);
    const until = Date.parse(oldUntil);
    // a time that is over by now ends them at once: so it was shown when it was signed
    if (!(until - clock.now() <= OLD_MAX_MS)) {
      throw faulty('oldUntil', 'The old secret counts for 30 days more at most.');
    }
    const old = goingOn(secrets, until, clock.now());
    if (old.length >= SECRETS_MAX) {
      throw failure(
        'not_possible',
        `${SECRETS_MAX} secrets of this hook count already.`,
        { hook: rotate },
        `Wait until an old one is over, or end them all at once: steward hook rotate ${rotate} --old-for 0`,
      );
    }
    return [
      `Gives the hook "${rotate}" a new secret. ${old.length === 0 ? 'Those before it count no more.' : `The one before it counts until ${oldUntil}.`}`,
      `The value is the one with the commitment ${secret}.`,
    ];
  }
  const row = await log.fold(hooksFold).get(body.add);
  if (row && row.ended === null) {
    throw failure(
      'already_exists',
      `There is a hook "${body.add}".`,
      { hook: body.add },
      `Change it with: steward hook set ${body.add}, or its secret: steward hook rotate ${body.add}`,
    );
  }
  return [
    `Takes deliveries at /hooks/${body.add} from whoever signs them with a new secret.`,
    `The value is the one with the commitment ${body.secret}.`,
    ...(await describeSettings(log, body.settings)),
  ];
}

/** Fails with `not_found` for a hook that never was or that ended. */
export async function activeHook(log: Log, name: string): Promise<HookRow> {
  const row = await log.fold(hooksFold).get(name);
  if (row && row.ended === null) return row;
  throw failure('not_found', `There is no hook "${name}".`, { hook: name }, SEE_HOOKS);
}

export const SEE_HOOKS = 'See them with: steward hook list';

/** True while a secret counts. */
export function isLive(secret: HookRow['secrets'][number], nowMs: number): boolean {
  return secret.until === null || secret.until > nowMs;
}

/** The secrets that go on counting beside a new one, where those before it count until `oldUntil`. */
export function goingOn(secrets: HookRow['secrets'], oldUntil: number, nowMs: number) {
  return secrets.filter(({ until }) => Math.min(until ?? oldUntil, oldUntil) > nowMs);
}

async function describeSettings(
  log: Log,
  { playbook, input, facts, about }: HookSettings,
): Promise<readonly string[]> {
  if (playbook === null) {
    if (input !== null) throw faulty('input', 'An input belongs to a playbook.');
    if (about !== null) throw faulty('about', 'An order belongs to a playbook.');
  } else {
    const template = input ?? WHOLE_PAYLOAD;
    checkTemplate(template);
    checkInputNames(await playbookOfHook(log, playbook), template);
  }
  return [
    playbook === null
      ? 'Starts nothing: steps and cards that wait for it go on.'
      : `Each one starts ${playbook}, with the input ${canonicalJson(input ?? WHOLE_PAYLOAD)}. What goes out is still put to you.`,
    ...(about === null ? [] : [`An older one about the same ${about} starts nothing.`]),
    facts.length === 0
      ? "What they say counts as an outsider's word."
      : `Counts as our own where it is an id, an amount or a state: ${facts.join(', ')}. All else counts as an outsider's word.`,
  ];
}

/** The version that would start now. Fails with `not_found`. */
export async function playbookOfHook(log: Log, ref: string): Promise<Playbook> {
  // the row of a name alone is that of its active version
  const row = await log.fold(playbooksFold).get(ref);
  if (row) return parsePlaybook(row.playbook);
  throw failure(
    'not_found',
    `There is no playbook "${ref}".`,
    { playbook: ref },
    'List them with: steward playbooks',
  );
}

/** It reads the delivery and nothing else: no record that somebody outside could choose. */
function checkTemplate(input: JsonObject): void {
  const { references, looksUp, holes } = compileTemplate(input);
  if (looksUp || holes.length > 0) {
    throw faulty('input', 'Look records up in a step of the playbook.');
  }
  const other = references.find(({ root }) => root !== 'hook');
  if (other) throw faulty('input', `Nothing is called "${other.root}" here; write hook.payload.`);
}

function faulty(path: string, message: string) {
  return failure('invalid_input', message, { path });
}

import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import { failure, isAssured } from '../../contract/index.ts';
import { type ActKind, actHash } from '../../contract/portable.ts';
import { RECOVERY_DEVICE } from '../../kernel/index.ts';
import type { Proposal } from '../operations/acts.ts';
import { sessionOperation } from '../operations/session.ts';
import type { Client } from './client.ts';
import type { FlowPorts } from './flow.ts';
import { plain } from './format.ts';
import { type SigningFacts, signAct } from './sign.ts';
import { wrap } from './text-table.ts';

/** How a person wants to sign. */
export interface SigningWish {
  /** was seen and agreed to before: nobody is asked again */
  readonly yes: boolean;
  /** with the key on paper instead of this machine's */
  readonly recovery: boolean;
}

/** The options of a command that are about signing, and the rest. */
export function splitWish({ yes, recovery, ...rest }: JsonObject): {
  readonly wish: SigningWish;
  readonly rest: JsonObject;
} {
  return { wish: { yes: yes === true, recovery: recovery === true }, rest };
}

/**
 * Shows what would be signed, asks, and signs exactly that. Fails with `usage` where nobody looks and
 * nobody said yes, `step_up_required` for a key that is not enough, `bad_signature` when the hash is
 * not that of what was shown.
 */
export async function signProposal(
  ports: FlowPorts,
  { kind, body, hash, sentences, assurance }: Proposal,
  wish: SigningWish,
): Promise<JsonObject> {
  const { cli } = ports;
  if ((await actHash(kind, body)) !== hash) {
    throw failure(
      'bad_signature',
      'What is shown is not what would be signed. Nothing was signed.',
      {
        hash,
      },
    );
  }
  if (!wish.recovery) await refuseWeak(ports, kind, body, assurance);
  if (!wish.yes) {
    if (!cli.terminal.input || ports.json) {
      throw failure(
        'usage',
        'Nobody is looking, so nothing was signed.',
        { hash, sentences: [...sentences] },
        'If this is what you want, repeat the command with --yes.',
      );
    }
    const { width } = await ports.screen();
    cli.err(`${sentences.flatMap((line) => wrap(plain(line), width)).join('\n')}\n\n`);
    if (!/^(y|yes|j|ja)$/i.test((await cli.prompt('Sign this? [y/N] ')).trim())) {
      throw failure('cancelled', 'Nothing was signed.', {}, 'Nothing has changed.');
    }
  }
  return signWith(ports, { kind, body }, wish.recovery);
}

/** Signs an act with this machine's key, or with the recovery key that is typed in. */
export async function signWith(
  { cli, client, device }: FlowPorts,
  act: { readonly kind: ActKind; readonly body: Json },
  recovery: boolean,
): Promise<JsonObject> {
  const facts = await signingFacts(client);
  if (!recovery) return asJson(await signAct(cli, facts, act, await device()));
  const key = await cli.recoveryKey(await cli.prompt('Recovery key: ', true));
  return asJson(await signAct(cli, facts, act, { id: RECOVERY_DEVICE, key }));
}

/** Says so before anybody types a passphrase; the kernel decides it again by what was enrolled. */
export async function refuseWeak(
  { client, device }: FlowPorts,
  kind: ActKind,
  body: Json,
  assurance: string,
): Promise<void> {
  const own = await device();
  const needed = assurance === 'present' || assurance === 'unlocked' ? assurance : 'unattended';
  if (isAssured(own.assurance, needed)) return;
  const mayRecover =
    kind === 'device' || (kind === 'revoke' && isJsonObject(body) && 'device' in body);
  const session = await client.ask(sessionOperation, {});
  // an example has no paper: while nothing leaves it, whoever sits at the machine gives it a better key
  const isExample = isJsonObject(session) && session.example === true && session.mode === 'sandbox';
  throw failure(
    'step_up_required',
    needed === 'present'
      ? 'This needs you in person: a passkey.'
      : "This machine's key lies open in its file, and this needs one that a passphrase guards.",
    { needed, device: own.assurance },
    needed === 'present'
      ? 'Open the web page and sign it there: steward sign-in'
      : isExample
        ? 'Give this machine such a key, once: steward devices enrol --passphrase'
        : mayRecover
          ? 'Sign it with the key from your paper: add --recovery'
          : 'Give this machine such a key, once: steward devices enrol --passphrase --recovery',
  );
}

/** Where the page is served, the address for others first; none when it is not. */
export async function addressesOf(client: Client): Promise<readonly string[]> {
  const session = await client.ask(sessionOperation, {});
  const origins = isJsonObject(session) ? session.origins : undefined;
  return Array.isArray(origins) ? origins.map(String) : [];
}

/** What the server says a statement is made under. Fails with `no_company`. */
export async function signingFacts(client: Client): Promise<SigningFacts> {
  const session = await client.ask(sessionOperation, {});
  const company = isJsonObject(session) ? session.company : null;
  if (!isJsonObject(session) || !isJsonObject(company ?? null)) {
    throw failure('no_company', 'There is no company yet.');
  }
  return {
    company: String((company as JsonObject).id),
    incarnation: Number(session.incarnation),
    policy: String(session.policy),
    now: String(session.now),
  };
}

/** Plain data as Json: interfaces lack the index signature that JsonObject asks for. */
export function asJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

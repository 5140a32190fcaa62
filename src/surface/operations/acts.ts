import { z } from 'zod';
import { isJsonObject, type Json } from '../../base/index.ts';
import { failure } from '../../contract/index.ts';
import { ACT_KINDS, type ActKind, hookSecretName } from '../../contract/portable.ts';
import { type Performed, secretsFold } from '../../kernel/index.ts';
import { signedField } from './inputs.ts';
import { type CliOption, defineOperation, type Services } from './operation.ts';

/**
 * What every operation that needs your signature answers: complete in `sentences`, exact in `body`.
 * Whoever agrees signs the hash of kind and body with decision `authorise`, and hands all three to
 * `act-perform`. Nothing has changed until then.
 */
export interface Proposal {
  readonly kind: ActKind;
  readonly body: Json;
  readonly hash: string;
  readonly sentences: readonly string[];
  /** the least assurance of a device that may sign it */
  readonly assurance: string;
}

/** Fails as the kernel's `proposeAct` does. */
export async function proposal({ kernel }: Services, kind: ActKind, body: Json): Promise<Proposal> {
  const { act, hash, sentences, assurance } = await kernel.trust.propose(kind, body);
  // what was hashed: it may say more than was asked for. Read by its schema, so it is plain JSON
  return { kind, body: act.body as Json, hash, sentences, assurance };
}

const kindField = z.enum(ACT_KINDS);
const bodyField = z.record(z.string(), z.json()) as unknown as z.ZodType<Json>;

/** Options of every command that asks for a signature; the command line itself uses them up. */
export const SIGNING: readonly CliOption[] = [
  {
    field: 'yes',
    flags: '--yes',
    help: 'sign without asking again; needed where nobody is at a terminal',
    kind: 'flag',
  },
];

export const RECOVERING: CliOption = {
  field: 'recovery',
  flags: '--recovery',
  help: 'sign with the recovery key from your paper (typed in)',
  kind: 'flag',
};

export const actProposeOperation = defineOperation({
  name: 'act-propose',
  title: 'What an act of yours would do, in sentences, with the hash to sign',
  method: 'POST',
  path: '/api/acts/propose',
  access: 'look',
  body: 'json',
  input: z.strictObject({ kind: kindField, body: bodyField }),
  webOnly: 'every command that needs your signature shows it first',
  handle: ({ kind, body }, { services }) => proposal(services, kind, body),
});

export const actPerformOperation = defineOperation({
  name: 'act-perform',
  title: 'Do an act that you signed; each signature works once',
  method: 'POST',
  path: '/api/acts',
  access: 'operate',
  body: 'json',
  input: z.strictObject({ kind: kindField, body: bodyField, signed: signedField }),
  webOnly: 'every command that needs your signature ends with it',
  handle: async ({ kind, body, signed }, { services }) => {
    if (kind === 'hook' && isJsonObject(body) && !('change' in body)) {
      throw failure(
        'not_possible',
        'A hook is made together with its secret.',
        {},
        'Use: steward hook add NAME',
      );
    }
    if (kind === 'secret') {
      // the value and the fact belong together
      throw failure(
        'not_possible',
        'A secret is set together with its value.',
        {},
        'Use: steward secret set NAME',
      );
    }
    const performed = await services.kernel.trust.perform(kind, body, signed);
    const done = performed.act.act;
    if (done.kind === 'revoke' && 'hook' in done.body) {
      await settleHookSecrets(services, done.body.hook);
    }
    return performedView(services, performed);
  },
});

/** Makes the store of a hook's secrets what the log says; a crash before it is made good at the next start. */
export async function settleHookSecrets({ secrets, log }: Services, hook: string): Promise<void> {
  for (const { name } of await secrets.list()) {
    if (!name.startsWith(`${hookSecretName(hook)}.`)) continue;
    await secrets.settle(name, (await log.fold(secretsFold).get(name))?.commitment ?? null);
  }
}

/** What was done; sessions of a device that was revoked end with it, and an invitation opens its link. */
export function performedView(services: Services, performed: Performed) {
  const { approval, device, act, runs, receipt } = performed;
  const { kind, body } = act.act;
  if (kind === 'revoke' && 'device' in body) services.sessions.endDevice(body.device);
  if (kind === 'device' && 'invite' in body) {
    services.sessions.invite(body.invite, Date.parse(body.until));
  }
  return {
    ...{ approval, kind, body, hash: act.hash, sentences: act.sentences },
    ...{ device: device.id, runs },
    ...(receipt === undefined ? {} : { receipt }),
  };
}

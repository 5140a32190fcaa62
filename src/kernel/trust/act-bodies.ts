import { z } from 'zod';
import type { Json } from '../../base/index.ts';
import { ASSURANCES, type Device, failure } from '../../contract/index.ts';
import { type ActKind, fromBase64Url } from '../../contract/portable.ts';

/**
 * What each kind of signed act says, as it is hashed. A body that has more members than are named here
 * is refused: nothing is signed that nobody was shown.
 */
const id = z.string().min(1).max(100);
const because = z.string().trim().min(1).max(500);
const mode = z.enum(['live', 'sandbox', 'off']);
const host = z.string().min(1).max(253);

const commitment = z.string().regex(/^[0-9a-f]{64}$/);
const hookName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'A hook is named with small letters, digits and dashes.');
/** `data.id`: names of members, apart by dots */
const payloadPath = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'Write names apart by dots, such as data.id.');
const hookSettings = z.strictObject({
  playbook: z.string().min(1).max(120).nullable(),
  input: z.record(z.string(), z.json()).nullable(),
  facts: z.array(payloadPath).max(50),
  about: payloadPath.nullable(),
});

const deviceSchema = z
  .strictObject({
    id,
    name: z.string().trim().min(1).max(100),
    kind: z.enum(['cli', 'browser', 'passkey']),
    publicKey: z.string().min(1).max(4_000),
    credentialId: z.string().min(1).max(1_400).exactOptional(),
    rpId: host.exactOptional(),
    assurance: z.enum(ASSURANCES),
    enrolledAt: z.iso.datetime(),
  })
  .refine((device) => deviceFault(device) === undefined, {
    error: (issue) => deviceFault(issue.input as Device) ?? 'This is not a device.', // as parsed above
  });

/** Only a passkey shows that a person was there; every other device holds a plain Ed25519 key. */
function deviceFault(device: Device): string | undefined {
  const { kind, publicKey, credentialId, rpId, assurance } = device;
  if (kind === 'passkey') {
    if (credentialId === undefined) return 'A passkey needs its credential id.';
    if (rpId === undefined) return 'A passkey needs the name of the address it was made at.';
    return assurance === 'present' ? undefined : 'A passkey is recorded as "present".';
  }
  if (assurance === 'present') return 'Only a passkey is recorded as "present".';
  return fromBase64Url(publicKey)?.length === 32 ? undefined : 'The key is no Ed25519 key.';
}

const bodies = {
  grant: z.union([
    /** the draft is checked by policy, which names every fault at once */
    z.strictObject({ grant: z.record(z.string(), z.json()) }),
    z.strictObject({ resume: id }),
  ]),
  revoke: z.union([
    z.strictObject({ grant: id, because }),
    z.strictObject({ device: id, because }),
    z.strictObject({ approval: id, because }),
    z.strictObject({ token: id, because }),
    z.strictObject({ hook: id, because }),
  ]),
  policy: z.strictObject({ policy: z.record(z.string(), z.json()), because }),
  device: z.union([
    z.strictObject({ device: deviceSchema }),
    /** whoever has the code may enrol one browser until then; only its hash is signed and stored */
    z.strictObject({ invite: commitment, until: z.iso.datetime() }),
  ]),
  secret: z.strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,79}$/),
    change: z.enum(['set', 'remove']),
    /** where it may be sent; none for a removal */
    hosts: z.array(host).max(50),
    /** `secretCommitment` of a new value; a removal has none */
    commitment: commitment.exactOptional(),
  }),
  token: z.strictObject({
    token: z.strictObject({
      /** SHA-256 of its text, which the signing device made and keeps to itself */
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      name: z.string().trim().min(1).max(100),
      holder: z.enum(['worker', 'agent']),
      scope: z.strictObject({
        capabilities: z.array(z.string().min(1).max(200)).max(50),
        reads: z.array(z.string().min(1).max(200)).max(50),
        run: id.exactOptional(),
      }),
      until: z.iso.datetime(),
    }),
  }),
  hook: z.union([
    /** `secret`: `secretCommitment` of the value that the signing device handed over */
    z.strictObject({ add: hookName, secret: commitment, settings: hookSettings }),
    z.strictObject({ change: hookName, settings: hookSettings }),
    /** the secrets before it count until then as well */
    z.strictObject({ rotate: hookName, secret: commitment, oldUntil: z.iso.datetime() }),
  ]),
  erase: z.strictObject({
    subject: id,
    because,
    /** digest of the preview: what goes and stays is what was shown */
    shown: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .exactOptional(),
  }),
  connector: z.union([
    /** `*` for all that were not switched one by one */
    z.strictObject({ connector: id, mode }),
    z.strictObject({ company: mode }),
    z.strictObject({ commits: z.literal('resume') }),
  ]),
  label: z.strictObject({
    record: id,
    id,
    paths: z.array(z.string().min(1).max(200)).min(1).max(100),
    to: z.enum(['own', 'operator']),
    /** digest of the values: what counts more from now on is what was shown, and nothing newer */
    shown: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .exactOptional(),
  }),
} as const satisfies { readonly [Kind in ActKind]: z.ZodType };

export type ActBodies = { readonly [Kind in ActKind]: z.infer<(typeof bodies)[Kind]> };

/** A kind with its body. */
export type Act = {
  readonly [Kind in ActKind]: { readonly kind: Kind; readonly body: ActBodies[Kind] };
}[ActKind];

/** Reads what somebody wants to do. Fails with `invalid_input`, naming the first fault. */
export function readAct(kind: ActKind, body: Json): Act {
  const read = bodies[kind]?.safeParse(body);
  if (read?.success) return { kind, body: read.data } as Act; // the schema of this very kind read it
  const [issue] = read?.error.issues ?? [];
  const path = issue?.path.map(String).join('.') ?? '';
  throw failure(
    'invalid_input',
    issue?.message ?? `There is no signed act of the kind "${String(kind)}".`,
    { path, act: String(kind) },
    'Correct the named field and sign again.',
  );
}

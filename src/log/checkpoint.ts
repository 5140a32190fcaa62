import { createHash } from 'node:crypto';
import { type Id, type Sha256, toTimestamp } from '../base/index.ts';
import { failure } from '../contract/index.ts';

/**
 * A signed note (C2SP signed-note): the text below, an empty line, and signature lines. It proves
 * what the log was at a time, once a copy has left the machine.
 */
export interface Checkpoint {
  readonly company: Id;
  readonly seq: number;
  readonly hash: Sha256;
  /** RFC 3339 UTC */
  readonly at: string;
}

export interface CheckpointSigner {
  /** name of the key, without spaces or plus signs */
  readonly name: string;
  /** raw Ed25519 public key, 32 bytes */
  readonly publicKey: Uint8Array;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

const FIRST_LINE = 'steward/checkpoint/v1';
const ED25519 = 1;

export function formatCheckpoint(checkpoint: Checkpoint, signer: CheckpointSigner): string {
  const text = checkpointText(checkpoint);
  const signature = Buffer.concat([
    keyId(signer.name, signer.publicKey),
    signer.sign(Buffer.from(text)),
  ]);
  return `${text}\n— ${signer.name} ${signature.toString('base64')}\n`;
}

/** Reads a note without trusting it. Fails with `invalid_input`. */
export function parseCheckpoint(note: string): {
  readonly checkpoint: Checkpoint;
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly bytes: Uint8Array }[];
} {
  const end = note.indexOf('\n\n');
  const text = note.slice(0, end + 1);
  const [first, company, seq, hash, at, ...more] = text.split('\n');
  if (
    end < 0 ||
    first !== FIRST_LINE ||
    !company ||
    !/^\d{1,15}$/.test(seq ?? '') ||
    !/^[0-9a-f]{64}$/.test(hash ?? '') ||
    !at ||
    more.length !== 1 // what follows the last line break: nothing
  ) {
    throw failure('invalid_input', 'This is not a checkpoint of a Steward log.', {
      expected: FIRST_LINE,
      found: (first ?? '').slice(0, 80),
    });
  }
  const signatures = note
    .slice(end + 2)
    .split('\n')
    .map((line) => /^— (\S+) ([A-Za-z0-9+/=]+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, name = '', body = '']) => ({ name, bytes: Buffer.from(body, 'base64') }));
  return { checkpoint: { company, seq: Number(seq), hash: hash ?? '', at }, text, signatures };
}

/** True when one signature is this key's and holds. */
export function verifyCheckpoint(
  note: string,
  key: {
    readonly name: string;
    readonly publicKey: Uint8Array;
    readonly verify: (bytes: Uint8Array, signature: Uint8Array) => boolean;
  },
): boolean {
  const { text, signatures } = parseCheckpoint(note);
  const id = keyId(key.name, key.publicKey);
  return signatures.some(
    ({ bytes }) =>
      Buffer.compare(bytes.subarray(0, 4), id) === 0 &&
      key.verify(Buffer.from(text), bytes.subarray(4)),
  );
}

/** The note of a log as it stands. */
export function checkpointOf(company: Id, seq: number, hash: Sha256, nowMs: number): Checkpoint {
  return { company, seq, hash, at: toTimestamp(nowMs) };
}

function checkpointText({ company, seq, hash, at }: Checkpoint): string {
  return `${FIRST_LINE}\n${company}\n${seq}\n${hash}\n${at}\n`;
}

function keyId(name: string, publicKey: Uint8Array): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.from([ED25519]))
    .update(publicKey)
    .digest()
    .subarray(0, 4);
}

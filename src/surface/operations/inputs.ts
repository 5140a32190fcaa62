import { z } from 'zod';
import type { Json } from '../../base/index.ts';
import type { SignedDecision } from '../../contract/index.ts';
import { fromBase64Url } from '../../contract/portable.ts';

/** Inputs that several operations share. */
export const idField = z.string().min(1).max(200);
export const numberField = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const limitField = z.coerce.number().int().min(1).max(1_000);
export const flagField = z
  .union([z.boolean(), z.enum(['true', 'false', '1', '0', ''])])
  .transform((value) => value === true || value === 'true' || value === '1');
export const valuesField = z.record(z.string().min(1).max(200), z.json()) as z.ZodType<{
  readonly [path: string]: Json; // z.json() accepts exactly what Json describes
}>;
/** RFC 3339 */
export const timeField = z.iso.datetime({ offset: true });

/** The kernel checks every member of it again, by the exact rules of a decision. */
export const signedField = z.looseObject({
  statement: z.looseObject({}),
  signature: z.string().max(1_000),
}) as unknown as z.ZodType<SignedDecision>;

const PUBLIC_KEY_BYTES = 32;

/** True for a raw Ed25519 public key as base64url. */
export function isEd25519Key(text: string): boolean {
  return fromBase64Url(text)?.length === PUBLIC_KEY_BYTES;
}

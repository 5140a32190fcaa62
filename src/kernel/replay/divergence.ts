import { canonicalJson, type Json, type JsonObject } from '../../base/index.ts';

/** The first point at which a replay and the log part. */
export interface Divergence {
  readonly step: string | null;
  /** of the event in the log; that of the last one when the log ends too early */
  readonly seq: number;
  /** one sentence */
  readonly said: string;
  /** what the log holds */
  readonly expected: Json;
  /** what came out now */
  readonly found: Json;
}

/** Raised inside a replay to end it; never leaves the module. */
export class Diverged extends Error {
  readonly divergence: Divergence;

  constructor(divergence: Divergence) {
    super(divergence.said);
    this.divergence = divergence;
  }
}

/** True for two values with the same canonical form; members that are absent do not count. */
export function isSameJson(a: unknown, b: unknown): boolean {
  return canonicalJson(asPlain(a)) === canonicalJson(asPlain(b));
}

/** As it would be read back from the log. */
export function asPlain(value: unknown): Json {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

export function asObject(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

import { canonicalJson, type Json, sha256 } from '../../base/index.ts';

/** characters: 64 bits tell two inputs of one step apart, and every one is in each event of a live step */
const PRINT_CHARACTERS = 16;

/** Stands in the log for what a step was given, so that a replay can compare it without keeping it twice. */
export function inputPrint(value: Json): string {
  return sha256(canonicalJson(value)).slice(0, PRINT_CHARACTERS);
}

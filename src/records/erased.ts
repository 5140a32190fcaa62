import { isJsonObject, type Json, type JsonObject } from '../base/index.ts';

/** What stands in place of a value whose subject was erased; the log reads it the same way. */
export const ERASED: JsonObject = { $erased: true };

export function isErased(value: Json | undefined): boolean {
  return isJsonObject(value) && value.$erased === true;
}

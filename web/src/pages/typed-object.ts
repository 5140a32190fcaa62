import { isJsonObject, type JsonObject } from '../../../src/base/portable.ts';
import { NotSigned } from '../device/not-signed.ts';

/** What was typed as JSON. Fails with `NotSigned` for what is none, or no object. */
export function typedObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // said below
  }
  throw new NotSigned(
    'This is not JSON, so nothing was tried.',
    'Look for a missing comma, quote or bracket.',
  );
}

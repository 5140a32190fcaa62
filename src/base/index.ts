// base: ids, clock, canonical JSON, hashing, limits.
// Owns: values and functions that know nothing of business. Never: imports from another floor. Floor 0.
export { canonicalJson } from './canonical-json.ts';
export { type Clock, dayIn, toTimestamp } from './clock.ts';
export { randomHex, type Sha256, sha256 } from './hash.ts';
export { createIds, type Id, type NewId } from './ids.ts';
export { atPath, isJsonObject, type Json, type JsonObject, withPath } from './json.ts';
export { LIMITS } from './limits.ts';

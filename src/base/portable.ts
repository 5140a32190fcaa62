// The part of base/ that also runs in a browser. Same floor, second door.
export { canonicalJson } from './canonical-json.ts';
export { atPath, isJsonObject, type Json, type JsonObject, withPath } from './json.ts';

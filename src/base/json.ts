/** Plain JSON, the only shape that crosses the log, the wire and a plan. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The value at a dotted path (`address.city`, `lines.0.text`), or undefined. Own properties only, so
 * a path from outside cannot reach a prototype.
 */
export function atPath(value: Json | undefined, path: string): Json | undefined {
  let here: Json | undefined = value;
  if (path === '') return here;
  for (const part of path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as Record<string, Json>)[part]; // own property of an object or array, checked above
  }
  return here;
}

/** A copy of `target` with `value` at a dotted path; objects on the way are made where missing. */
export function withPath(target: JsonObject, path: string, value: Json | undefined): JsonObject {
  const [head = '', ...rest] = path.split('.');
  const copy: Record<string, Json> = { ...target };
  if (rest.length > 0) {
    const inner = Object.hasOwn(copy, head) ? copy[head] : undefined;
    setOwn(copy, head, withPath(isJsonObject(inner) ? inner : {}, rest.join('.'), value));
  } else if (value === undefined) {
    delete copy[head];
  } else {
    setOwn(copy, head, value);
  }
  return copy;
}

/** Defines a plain own property, also for the name `__proto__`. */
function setOwn(target: Record<string, Json>, key: string, value: Json): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

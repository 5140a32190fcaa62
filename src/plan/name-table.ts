import type { JsonSchema } from './json-schema.ts';

/** The names at one place of a plan, and what is known of each. Inner places add to outer ones. */
export interface NameTable {
  readonly get: (name: string) => JsonSchema | undefined;
  readonly has: (name: string) => boolean;
  /** inner ones first */
  readonly all: () => readonly string[];
}

export function layered(
  own: ReadonlyMap<string, JsonSchema | undefined>,
  around?: NameTable,
): NameTable {
  return {
    get: (name) => (own.has(name) ? own.get(name) : around?.get(name)),
    has: (name) => own.has(name) || (around?.has(name) ?? false),
    all: () => [...own.keys(), ...(around?.all() ?? [])],
  };
}

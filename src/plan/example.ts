import { isJsonObject, type Json } from '../base/index.ts';
import { branchesOf, type JsonSchema } from './json-schema.ts';

/** levels of an example; what is deeper is left to the reader */
const DEPTH = 4;

/** A value of the type as one would type it, with what it must have and no more. */
export function exampleOf(type: JsonSchema | undefined, depth = 0): Json {
  const forms = branchesOf(type ?? {});
  const form = forms.find((one) => one.type !== 'null') ?? forms[0] ?? {};
  for (const given of [form.const, form.default]) if (given !== undefined) return given;
  if (Array.isArray(form.enum)) return form.enum[0] ?? null;
  switch (form.type) {
    case 'integer':
    case 'number':
      return typeof form.minimum === 'number' ? Math.max(1, form.minimum) : 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return depth < DEPTH ? [exampleOf(asSchema(form.items), depth + 1)] : [];
    case 'object':
      return depth < DEPTH ? exampleObject(form, depth) : {};
    default:
      return FORMATS[String(form.format)] ?? '...';
  }
}

function exampleObject({ properties, required }: JsonSchema, depth: number): Json {
  const members = isJsonObject(properties) ? Object.entries(properties) : [];
  const needed = Array.isArray(required) ? required : [];
  const shown = members.filter(([name]) => needed.includes(name));
  return Object.fromEntries(
    (shown.length > 0 ? shown : members.slice(0, 1)).map(([name, member]) => [
      name,
      exampleOf(asSchema(member), depth + 1),
    ]),
  );
}

function asSchema(value: Json | undefined): JsonSchema | undefined {
  return isJsonObject(value) ? value : undefined;
}

const FORMATS: { readonly [format: string]: string } = {
  ...{ date: '2026-12-01', 'date-time': '2026-12-01T09:00:00Z', email: 'ann@example.com' },
  ...{ uri: 'https://example.com' },
};

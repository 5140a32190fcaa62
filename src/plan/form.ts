import { z } from 'zod';
import type { Json, JsonObject } from '../base/index.ts';

/** What a person can be asked for. One field of a form. */
export const FIELD_KINDS = [
  'text',
  'longtext',
  'integer',
  'number',
  'boolean',
  'date',
  'money',
  'email',
  'url',
  'choice',
  'record',
  'list',
] as const;
export type FieldKind = (typeof FIELD_KINDS)[number];

/** A small form, for questions to the operator and for the input of a playbook. */
export interface Form {
  readonly fields: readonly FormField[];
}

export interface FormField {
  readonly name: string;
  readonly kind: FieldKind;
  /** as a person reads it; the name when it is absent */
  readonly label?: string;
  readonly help?: string;
  /** absent means that it may be left empty */
  readonly required?: boolean;
  /** for `choice` */
  readonly choices?: readonly string[];
  /** for `record`: the type of record whose id is the answer */
  readonly record?: string;
  readonly min?: number;
  readonly max?: number;
  readonly default?: Json;
}

const fieldShape = {
  name: z.string().regex(/^[a-z][a-zA-Z0-9_]*$/, 'a name such as dueDate'),
  kind: z.enum(FIELD_KINDS),
  label: z.exactOptional(z.string().max(200)),
  help: z.exactOptional(z.string().max(2_000)),
  required: z.exactOptional(z.boolean()),
  choices: z.exactOptional(z.array(z.string().max(500)).min(1).max(200)),
  record: z.exactOptional(z.string().max(64)),
  min: z.exactOptional(z.number()),
  max: z.exactOptional(z.number()),
  default: z.exactOptional(z.json()),
};
export const formFieldSchema: z.ZodType<FormField> = z.strictObject(fieldShape);
export const FORM_FIELD_MEMBERS: readonly string[] = Object.keys(fieldShape);

export const formSchema: z.ZodType<Form> = z.strictObject({
  fields: z.array(formFieldSchema).max(100),
});

/** The JSON Schema of what a filled form is. */
export function formJsonSchema(form: Form): JsonObject {
  const properties: Record<string, Json> = {};
  for (const field of form.fields) properties[field.name] = fieldSchema(field);
  return {
    type: 'object',
    properties,
    required: form.fields.filter((field) => field.required).map((field) => field.name),
    additionalProperties: false,
  };
}

function fieldSchema(field: FormField): JsonObject {
  const range = {
    ...(field.min !== undefined && { minimum: field.min }),
    ...(field.max !== undefined && { maximum: field.max }),
    ...(field.default !== undefined && { default: field.default }),
  };
  return { ...SCHEMA_OF_KIND[field.kind](field), ...range };
}

const text = (): JsonObject => ({ type: 'string' });

const SCHEMA_OF_KIND: { readonly [Kind in FieldKind]: (field: FormField) => JsonObject } = {
  text,
  longtext: text,
  integer: () => ({ type: 'integer' }),
  number: () => ({ type: 'number' }),
  boolean: () => ({ type: 'boolean' }),
  date: () => ({ type: 'string', format: 'date' }),
  money: () => ({
    type: 'object',
    properties: { minor: { type: 'integer' }, currency: { type: 'string', pattern: '^[A-Z]{3}$' } },
    required: ['minor', 'currency'],
    additionalProperties: false,
  }),
  email: () => ({ type: 'string', format: 'email' }),
  url: () => ({ type: 'string', format: 'uri' }),
  choice: (field) => ({ type: 'string', ...(field.choices && { enum: field.choices }) }),
  record: text,
  list: () => ({ type: 'array' }),
};

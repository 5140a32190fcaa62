import { z } from 'zod';
import { FAILURES } from '../../contract/index.ts';
import { type Operation, pathFields } from '../operations/operation.ts';
import { OPERATIONS } from '../operations/table.ts';
import { DELIVERY_BYTES, HOOKS_PATH } from './hook-door.ts';

type Part = { readonly [member: string]: unknown };

let made: { readonly version: string; readonly document: Part } | undefined;

/** The API's description (OpenAPI 3.1), from the same table that makes the routes. */
export function openApiDocument(version: string): Part {
  if (made?.version === version) return made.document;
  const paths: Record<string, Record<string, Part>> = {};
  for (const operation of OPERATIONS) {
    const path = openApiPath(operation.path);
    const methods = paths[path] ?? {};
    methods[operation.method.toLowerCase()] = describe(operation);
    paths[path] = methods;
  }
  paths[`${HOOKS_PATH}{name}`] = { post: DELIVERY };
  const document = {
    openapi: '3.1.0',
    info: { title: 'Steward', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'steward_session' },
        token: { type: 'http', scheme: 'bearer' },
      },
      schemas: { Problem: PROBLEM },
    },
  };
  made = { version, document };
  return document;
}

/** `/api/items/:id` as OpenAPI writes it: `/api/items/{id}`. */
export function openApiPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'remedy'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'what happened, in plain words' },
    code: { enum: Object.keys(FAILURES) },
    remedy: { type: 'string', description: 'what to do' },
  },
};

/** The one request that is no operation: whoever sends it is no caller, and signs with a secret. */
const DELIVERY: Part = {
  operationId: 'hook-delivery',
  summary: 'Tell something to a hook',
  description: `Standard Webhooks 1.0. Whoever holds the secret of the hook; no session and no token counts. At most ${DELIVERY_BYTES / 1_024} KB. The same id is taken once.`,
  parameters: [
    parameter('path', 'name', { type: 'string' }, true),
    ...['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
      parameter('header', name, { type: 'string' }, true),
    ),
  ],
  requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
  responses: {
    '200': { description: 'It is kept, now or before.' },
    default: {
      description: 'It was not taken. Without the secret every reason looks the same.',
      content: {
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      },
    },
  },
};

const ACCESS_WORDS = {
  open: 'Anybody who reaches the server.',
  look: 'A signed-in browser.',
  operate: 'A signed-in browser whose device is enrolled.',
  local: "This machine's own socket only.",
} as const;

function describe(operation: Operation): Part {
  const { name, title, access, body, output, bearer } = operation;
  const schema = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any' });
  const fields = schema.properties ?? {};
  const required = new Set(schema.required ?? []);
  const inPath = pathFields(operation.path);
  const rest = Object.keys(fields).filter((field) => !inPath.includes(field));
  const inBody = body === 'json' ? rest : [];
  const inQuery = body === 'json' ? [] : rest;
  return {
    operationId: name,
    summary: title,
    description: `${ACCESS_WORDS[access]}${bearer ? ' Also with a token, within its scope.' : ''}`,
    ...(access === 'open'
      ? {}
      : { security: [{ session: [] }, ...(bearer ? [{ token: [] }] : [])] }),
    parameters: [
      ...inPath.map((field) => parameter('path', field, fields[field], true)),
      ...inQuery.map((field) => parameter('query', field, fields[field], required.has(field))),
    ],
    ...(body === 'none' ? {} : { requestBody: bodyOf(body, inBody, fields, required) }),
    responses: {
      '200': {
        description: 'What was asked for.',
        ...(output ? { content: { 'application/json': { schema: z.toJSONSchema(output) } } } : {}),
      },
      default: {
        description: 'Why not, and what to do.',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
  };
}

function parameter(
  where: 'path' | 'query' | 'header',
  name: string,
  schema: unknown,
  required: boolean,
) {
  return { name, in: where, required, schema };
}

function bodyOf(
  body: 'json' | 'bytes',
  names: readonly string[],
  fields: { readonly [name: string]: unknown },
  required: ReadonlySet<string>,
): Part {
  if (body === 'bytes') return { required: true, content: { 'text/csv': {} } };
  const schema = {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, fields[name]])),
    required: names.filter((name) => required.has(name)),
    additionalProperties: false,
  };
  return { required: true, content: { 'application/json': { schema } } };
}

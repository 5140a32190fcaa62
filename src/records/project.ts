import { z } from 'zod';
import { billingSchema } from './billing-fields.ts';
import { defineRecord } from './define-record.ts';
import { idSchema, lineSchema } from './field-schemas.ts';

/** Work for one party. Its billing rules win over the party's. */
export const projectSchema = z.strictObject({
  party: idSchema,
  name: lineSchema,
  code: lineSchema.exactOptional(),
  billing: billingSchema.exactOptional(),
  status: z.enum(['active', 'paused', 'done']).default('active'),
});
export type Project = Readonly<z.infer<typeof projectSchema>>;

export const projectRecord = defineRecord({
  type: 'project',
  title: 'Project',
  schema: projectSchema,
  fields: {
    party: 'business',
    name: 'business',
    code: 'business',
    billing: 'business',
    status: 'business',
  },
  name: ['name'],
  references: { party: 'party' },
});

import { z } from 'zod';
import { defineRecord } from './define-record.ts';
import { emailSchema, idSchema, lineSchema } from './field-schemas.ts';

/** A person who works for a party. */
export const contactSchema = z.strictObject({
  party: idSchema,
  name: lineSchema,
  email: emailSchema.exactOptional(),
  phone: lineSchema.exactOptional(),
  role: lineSchema.exactOptional(),
});
export type Contact = Readonly<z.infer<typeof contactSchema>>;

export const contactRecord = defineRecord({
  type: 'contact',
  title: 'Contact',
  aliases: ['person'],
  schema: contactSchema,
  fields: {
    party: 'business',
    name: 'personal',
    email: 'personal',
    phone: 'personal',
    role: 'personal',
  },
  name: ['name'],
  references: { party: 'party' },
  subject: (_, fields) => fields.party,
});

import { z } from 'zod';
import { billingSchema } from './billing-fields.ts';
import { defineRecord } from './define-record.ts';
import {
  countrySchema,
  emailSchema,
  lineSchema,
  textSchema,
  vatIdSchema,
} from './field-schemas.ts';

export const addressSchema = z.strictObject({
  street: lineSchema.exactOptional(),
  postalCode: lineSchema.exactOptional(),
  city: lineSchema.exactOptional(),
  /** ISO 3166 alpha-2 */
  country: countrySchema.exactOptional(),
});
export type Address = Readonly<z.infer<typeof addressSchema>>;

export const PARTY_KINDS = ['lead', 'customer', 'supplier'] as const;

/** A person or a company that we deal with. */
export const partySchema = z.strictObject({
  name: lineSchema,
  /** as it must stand on an invoice, where that differs */
  legalName: lineSchema.exactOptional(),
  kinds: z.array(z.enum(PARTY_KINDS)).default(['customer']),
  email: emailSchema.exactOptional(),
  phone: lineSchema.exactOptional(),
  address: addressSchema.exactOptional(),
  vatId: vatIdSchema.exactOptional(),
  customerNumber: lineSchema.exactOptional(),
  /** a private person: other VAT rules */
  consumer: z.boolean().exactOptional(),
  billing: billingSchema.exactOptional(),
  notes: textSchema.exactOptional(),
  /** its ids in other systems, by connector */
  external: z.record(lineSchema, lineSchema).exactOptional(),
});
export type Party = Readonly<z.infer<typeof partySchema>>;

export const partyRecord = defineRecord({
  type: 'party',
  title: 'Party',
  aliases: ['client', 'customer', 'supplier', 'lead'],
  schema: partySchema,
  // A one-person customer's name and address are personal data, and nothing tells the two apart.
  fields: {
    name: 'personal',
    legalName: 'personal',
    kinds: 'business',
    email: 'personal',
    phone: 'personal',
    address: 'personal',
    'address.country': 'business',
    vatId: 'personal',
    customerNumber: 'business',
    consumer: 'business',
    billing: 'business',
    notes: 'personal',
    external: 'business',
  },
  name: ['name'],
  subject: (id) => id,
});

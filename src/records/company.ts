import { z } from 'zod';
import { currencySchema } from '../contract/index.ts';
import { defineRecord } from './define-record.ts';
import {
  bicSchema,
  blobSchema,
  countrySchema,
  emailSchema,
  ibanSchema,
  languageSchema,
  lineSchema,
  vatIdSchema,
  zoneSchema,
} from './field-schemas.ts';

/** The operator's own company: what the law asks of a seller on every invoice, and where it lives. */
export const companySchema = z.strictObject({
  name: lineSchema,
  owner: lineSchema,
  street: lineSchema,
  postalCode: lineSchema,
  city: lineSchema,
  /** ISO 3166 alpha-2 */
  country: countrySchema,
  email: emailSchema,
  phone: lineSchema.exactOptional(),
  website: lineSchema.exactOptional(),
  currency: currencySchema,
  /** IANA zone: decides which day a moment belongs to */
  zone: zoneSchema,
  language: languageSchema,
  vatId: vatIdSchema.exactOptional(),
  taxId: lineSchema.exactOptional(),
  /** charges no VAT under its country's rule for small businesses */
  smallBusiness: z.boolean(),
  iban: ibanSchema.exactOptional(),
  bic: bicSchema.exactOptional(),
  bank: lineSchema.exactOptional(),
  /**
   * how invoice numbers look: a pattern with `{number}` or `{number:4}` (digits) and, if wanted,
   * `{year}`; or a plain prefix such as `RE`, which stands for `RE-{year}-{number:4}`
   */
  invoiceSeries: lineSchema.refine(
    isSeries,
    'is not a series like {year}-{number:4}, or a plain prefix like RE',
  ),
  logo: blobSchema.exactOptional(),
  /** of the letterhead */
  colour: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'is not a colour like #1a6b52')
    .exactOptional(),
});
export type Company = Readonly<z.infer<typeof companySchema>>;

export const companyRecord = defineRecord({
  type: 'company',
  title: 'Company',
  schema: companySchema,
  fields: {
    name: 'public',
    owner: 'public',
    street: 'public',
    postalCode: 'public',
    city: 'public',
    country: 'public',
    email: 'public',
    phone: 'public',
    website: 'public',
    currency: 'public',
    zone: 'business',
    language: 'public',
    vatId: 'public',
    taxId: 'business',
    smallBusiness: 'business',
    iban: 'business',
    bic: 'business',
    bank: 'business',
    invoiceSeries: 'business',
    logo: 'public',
    colour: 'public',
  },
  name: ['name'],
});

function isSeries(pattern: string): boolean {
  const rest = pattern.replaceAll('{year}', '').replace(/\{number(:[1-9])?\}/, '');
  const plain = /^[\p{L}\p{N} ._/-]*$/u.test(rest);
  return plain && (!pattern.includes('{') || /\{number(:[1-9])?\}/.test(pattern));
}

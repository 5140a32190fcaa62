import { z } from 'zod';
import { currencySchema, moneySchema } from '../contract/index.ts';
import { languageSchema, textSchema } from './field-schemas.ts';

/** How somebody is billed. Each field may be absent: a project's wins over its party's, then the company's. */
export const billingSchema = z.strictObject({
  hourlyRate: moneySchema.refine((rate) => rate.minor >= 0, 'is below zero').exactOptional(),
  rounding: z
    .strictObject({
      /** whole minutes that time is rounded to */
      minutes: z.int().min(1).max(480),
      mode: z.enum(['up', 'nearest']),
      per: z.enum(['entry', 'day', 'invoice']),
    })
    .exactOptional(),
  currency: currencySchema.exactOptional(),
  /** days until an invoice is due */
  paymentDays: z.int().min(0).max(365).exactOptional(),
  language: languageSchema.exactOptional(),
  /** what the operator wants printed about VAT */
  vatNote: textSchema.exactOptional(),
  /** whether an e-invoice goes with the PDF */
  eInvoice: z.boolean().exactOptional(),
});
export type Billing = Readonly<z.infer<typeof billingSchema>>;

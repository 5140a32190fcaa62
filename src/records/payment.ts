import { z } from 'zod';
import { failure, moneySchema } from '../contract/index.ts';
import { defineRecord, type EventDraft } from './define-record.ts';
import { daySchema, idSchema, lineSchema, textSchema } from './field-schemas.ts';

/** Money that came in, or below zero, that went out. */
export const paymentSchema = z.strictObject({
  /** the invoice it pays */
  invoice: idSchema.exactOptional(),
  party: idSchema.exactOptional(),
  amount: moneySchema.refine((amount) => amount.minor !== 0, 'is zero'),
  day: daySchema,
  /** what the payer wrote */
  reference: textSchema.exactOptional(),
  /** the account it arrived on */
  account: lineSchema.exactOptional(),
});
export type Payment = Readonly<z.infer<typeof paymentSchema>>;

/**
 * Both sides of a match are one append: `assign` here, and `match-payment` on the invoice, whose
 * `payment.matched` is the event that plans wait for.
 */
export type PaymentCommand =
  | { readonly type: 'assign'; readonly invoice: string }
  | { readonly type: 'unassign' };

export const paymentRecord = defineRecord({
  type: 'payment',
  title: 'Payment',
  schema: paymentSchema,
  fields: {
    invoice: 'business',
    party: 'business',
    amount: 'business',
    day: 'business',
    reference: 'personal',
    account: 'business',
  },
  name: ['amount', 'day'],
  references: { invoice: 'invoice', party: 'party' },
  ownOnly: { invoice: 'Match the payment to the invoice instead.' },
  commands: {
    assign: 'Says which invoice this payment pays.',
    unassign: 'Takes this payment back from its invoice.',
  },
  subject: (id, fields) => fields.party ?? id,
  day: (fields) => fields.day,
  prepare: ({ invoice, ...fields }) =>
    invoice === undefined ? { fields } : { fields, followedBy: [assigned(invoice)] },
  check: ({ before, after, paths }) => {
    if (before?.invoice === undefined || !paths.includes('amount')) return;
    throw failure(
      'not_possible',
      'This payment was counted for an invoice, so its amount is fixed.',
      { path: 'amount', invoice: after.invoice ?? null },
      'Take it back from the invoice first.',
    );
  },
  decide: ({ fields }, command: PaymentCommand) => {
    if (command.type === 'unassign') {
      return fields.invoice === undefined ? [] : [{ type: 'payment.unassigned', data: {} }];
    }
    if (fields.invoice === command.invoice) return [];
    if (fields.invoice === undefined) return [assigned(command.invoice)];
    throw failure(
      'not_possible',
      'This payment was counted for another invoice.',
      { invoice: fields.invoice },
      'Take it back from that invoice first.',
    );
  },
  evolve: (fields, { type, data }) => {
    const { invoice, ...rest } = fields;
    if (type === 'payment.unassigned') return rest;
    if (type === 'payment.assigned' && typeof data.invoice === 'string') {
      return { ...rest, invoice: data.invoice };
    }
    return fields;
  },
  describe: ({ type }) => {
    if (type === 'payment.assigned') return 'Matched to an invoice.';
    return type === 'payment.unassigned' ? 'Taken back from its invoice.' : undefined;
  },
});

function assigned(invoice: string): EventDraft {
  return { type: 'payment.assigned', data: { invoice } };
}

import type { JsonObject } from '../../../base/index.ts';

const toParty = (step: string): JsonObject[] => [
  { $ref: ['party', { $expr: `${step}.party` }, 'email'] },
];

/** An invoice that was issued and not sent, or got lost: its papers go out once more, unchanged. */
export const invoiceResend: JsonObject = {
  name: 'invoice-resend',
  version: 1,
  title: 'Send an issued invoice again',
  autonomy: 'suggest',
  input: {
    fields: [
      {
        name: 'invoice',
        kind: 'record',
        record: 'invoice',
        label: 'Which invoice?',
        required: true,
      },
    ],
  },
  plan: {
    steps: [
      {
        id: 'paper',
        title: 'Take it out of the file',
        call: 'paper.mail@1',
        with: { type: 'invoice', id: { $expr: 'input.invoice' } },
      },
      {
        id: 'mail',
        title: 'Send it',
        call: 'mail.send@1',
        with: {
          to: toParty('paper'),
          subject: { $expr: 'paper.mail.subject' },
          text: { $expr: 'paper.mail.text' },
          attach: { $expr: 'paper.attach' },
          party: { $expr: 'paper.party' },
          about: [{ type: 'invoice', id: { $expr: 'input.invoice' } }],
        },
      },
      {
        id: 'sent',
        title: 'Note that it was sent',
        call: 'invoice.mark-sent@1',
        with: {
          invoice: { $expr: 'input.invoice' },
          at: { $expr: 'mail.at' },
          to: { $expr: 'mail.to[0]' },
          effect: { $expr: 'mail.receipt.hash' },
        },
      },
    ],
  },
};

/** A mistake on an invoice that has left the house: a credit note takes it back, its time is free again. */
export const invoiceCredit: JsonObject = {
  name: 'invoice-credit',
  version: 1,
  title: 'Take an invoice back with a credit note',
  autonomy: 'suggest',
  input: {
    fields: [
      {
        name: 'invoice',
        kind: 'record',
        record: 'invoice',
        label: 'Which invoice?',
        required: true,
      },
      { name: 'reason', kind: 'text', label: 'Why? (printed on the credit note)', required: true },
    ],
  },
  plan: {
    steps: [
      {
        id: 'draft',
        title: 'Write the credit note',
        call: 'credit-note.draft@1',
        with: { invoice: { $expr: 'input.invoice' }, reason: { $expr: 'input.reason' } },
      },
      {
        id: 'issue',
        title: 'Issue the credit note',
        call: 'credit-note.issue@1',
        with: { creditNote: { $expr: 'draft.creditNote' } },
      },
      {
        id: 'mail',
        title: 'Send it',
        call: 'mail.send@1',
        with: {
          to: toParty('draft'),
          subject: { $expr: 'issue.mail.subject' },
          text: { $expr: 'issue.mail.text' },
          attach: { $expr: 'issue.attach' },
          party: { $expr: 'draft.party' },
          about: [
            { type: 'credit-note', id: { $expr: 'draft.creditNote' } },
            { type: 'invoice', id: { $expr: 'input.invoice' } },
          ],
        },
      },
      {
        id: 'sent',
        title: 'Note that it was sent',
        call: 'credit-note.mark-sent@1',
        with: {
          creditNote: { $expr: 'draft.creditNote' },
          at: { $expr: 'mail.at' },
          to: { $expr: 'mail.to[0]' },
          effect: { $expr: 'mail.receipt.hash' },
        },
      },
    ],
  },
};

/** An invoice that was issued and never left the house: its number stays used, its time is free again. */
export const invoiceVoid: JsonObject = {
  name: 'invoice-void',
  version: 1,
  title: 'Void an invoice that was not sent',
  autonomy: 'suggest',
  input: {
    fields: [
      {
        name: 'invoice',
        kind: 'record',
        record: 'invoice',
        label: 'Which invoice?',
        required: true,
      },
      { name: 'reason', kind: 'text', label: 'Why?', required: true },
    ],
  },
  plan: {
    steps: [
      {
        id: 'annul',
        title: 'Void the invoice',
        call: 'invoice.void@1',
        with: { invoice: { $expr: 'input.invoice' }, reason: { $expr: 'input.reason' } },
      },
    ],
  },
};

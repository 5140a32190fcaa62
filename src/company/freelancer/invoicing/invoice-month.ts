import type { JsonObject } from '../../../base/index.ts';
import { INVOICE_WORDS } from '../../../kernel/index.ts';

/** A month of tracked time becomes one signed and sent invoice. */
export const invoiceMonth: JsonObject = {
  name: 'invoice-month',
  version: 1,
  title: 'Invoice a month of time',
  autonomy: 'suggest',
  // plain data; the type lacks the index signature
  words: {
    ...(INVOICE_WORDS as unknown as JsonObject),
    slots: { party: 'party', month: 'month', days: 'days' },
  },
  input: {
    fields: [
      {
        name: 'party',
        kind: 'record',
        record: 'party',
        label: 'For which customer?',
        required: true,
      },
      { name: 'month', kind: 'text', label: 'For which month? (2026-10)', required: true },
      { name: 'days', kind: 'integer', label: 'Days to pay', min: 0, max: 365 },
      { name: 'project', kind: 'record', record: 'project', label: 'Only this project' },
    ],
  },
  plan: {
    steps: [
      {
        id: 'ready',
        title: 'Make sure nothing is missing',
        repeat: {
          max: 5,
          until: 'size(check.questions) == 0',
          do: [
            {
              id: 'check',
              title: 'Look what is missing',
              call: 'invoice.check@1',
              onFail: 'fail',
              with: {
                party: { $expr: 'input.party' },
                month: { $expr: 'input.month' },
                days: { $expr: 'has(input.days) ? input.days : null' },
                project: { $expr: 'has(input.project) ? input.project : null' },
              },
            },
            {
              id: 'ask',
              title: 'Ask you for what is missing',
              when: 'size(check.questions) > 0',
              ask: {
                title: {
                  $expr:
                    '"Before " + check.customer + " can be billed: please fill in what is missing."',
                },
                form: { fields: [] },
              },
              with: { form: { $expr: 'check.form' } },
            },
            {
              id: 'keep',
              title: 'Keep your answers',
              when: 'size(check.questions) > 0',
              call: 'invoice.apply-answers@1',
              with: { questions: { $expr: 'check.questions' }, answers: { $expr: 'ask' } },
            },
          ],
        },
      },
      {
        id: 'draft',
        title: 'Write the draft',
        call: 'invoice.draft@1',
        with: {
          party: { $expr: 'input.party' },
          month: { $expr: 'input.month' },
          days: { $expr: 'has(input.days) ? input.days : null' },
          project: { $expr: 'has(input.project) ? input.project : null' },
        },
      },
      {
        id: 'issue',
        title: 'Issue the invoice',
        call: 'invoice.issue@1',
        with: { invoice: { $expr: 'draft.invoice' } },
      },
      {
        id: 'mail',
        title: 'Send it',
        call: 'mail.send@1',
        with: {
          to: [{ $ref: ['party', { $expr: 'draft.party' }, 'email'] }],
          subject: { $expr: 'issue.mail.subject' },
          text: { $expr: 'issue.mail.text' },
          attach: { $expr: 'issue.attach' },
          party: { $expr: 'draft.party' },
          about: [{ type: 'invoice', id: { $expr: 'draft.invoice' } }],
        },
      },
      {
        id: 'sent',
        title: 'Note that it was sent',
        call: 'invoice.mark-sent@1',
        with: {
          invoice: { $expr: 'draft.invoice' },
          at: { $expr: 'mail.at' },
          to: { $expr: 'mail.to[0]' },
          effect: { $expr: 'mail.receipt.hash' },
        },
      },
    ],
  },
};

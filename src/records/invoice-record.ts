import { failure } from '../contract/index.ts';
import { defineRecord } from './define-record.ts';
import {
  decideInvoice,
  evolveInvoice,
  type InvoiceCommand,
  type InvoiceEvent,
  invoiceSchema,
} from './invoice.ts';
import { describePaperEvent, PAPER_CLASSES, PAPER_OWN_ONLY, personalInPaper } from './paper.ts';

/** Its own commands; drafts are created and changed like any record. */
export type InvoiceOwnCommand = Exclude<InvoiceCommand, { readonly type: 'create' }>;

export const invoiceRecord = defineRecord({
  type: 'invoice',
  title: 'Invoice',
  schema: invoiceSchema,
  fields: {
    ...PAPER_CLASSES,
    period: 'business',
    serviceDates: 'business',
    paymentDays: 'business',
    dueDate: 'business',
    purchaseOrder: 'business',
    paid: 'business',
    paidAt: 'business',
    payments: 'business',
    credited: 'business',
    creditNotes: 'business',
    voidReason: 'business',
    corrects: 'business',
  },
  name: ['number', 'status'],
  references: { party: 'party', projects: 'project', corrects: 'invoice' },
  ownOnly: {
    ...PAPER_OWN_ONLY,
    dueDate: 'Change the payment days instead; the due date follows when it is issued.',
    paid: 'Match a payment to it instead.',
    paidAt: 'Match a payment to it instead.',
    payments: 'Match a payment to it instead.',
    credited: 'Write a credit note instead.',
    creditNotes: 'Write a credit note instead.',
  },
  commands: {
    issue: 'Gives it its number and freezes it.',
    'record-sent': 'Notes when and where it was sent.',
    void: 'Takes it back before it has left the house; its number stays used.',
    credit: 'Notes the credit note that takes it back.',
    'match-payment': 'Counts a payment for it.',
  },
  // Its own subject: the law keeps an invoice for years after its buyer's other data is erased.
  subject: (id) => id,
  day: (fields) => fields.issueDate ?? fields.period.to,
  check: ({ before, after }) => {
    const { status } = before ?? after;
    if (before && status !== 'draft') {
      throw failure(
        'not_possible',
        'This invoice was issued: it stays as it is.',
        { status },
        'Correct it with a credit note, then write a new invoice.',
      );
    }
    if (!before && (status !== 'draft' || after.number !== undefined)) {
      throw failure(
        'not_possible',
        'A new invoice starts as a draft without a number.',
        { status },
        'Create the draft, then issue it.',
      );
    }
  },
  checkArchive: ({ status }) => {
    if (status !== 'issued') return;
    throw failure(
      'not_possible',
      'An issued invoice cannot be archived while it is open or in force.',
      { status },
      'Void it, or write a credit note.',
    );
  },
  decide: ({ id, fields }, command: InvoiceOwnCommand) =>
    decideInvoice(fields, command).map((event) => ({
      type: event.type,
      data: event.type === 'payment.matched' ? { ...event.data, invoice: id } : { ...event.data },
      personal: personalInPaper(event),
    })),
  evolve: (fields, event) => evolveInvoice(fields, ownEvent(event)) ?? fields,
  describe: (event) => describePaperEvent(event),
});

/** What stands on an invoice's stream was decided by `decideInvoice`; other types change nothing there. */
function ownEvent(event: { readonly type: string; readonly data: object }): InvoiceEvent {
  return event as InvoiceEvent; // see above: the log holds only what our own decisions appended
}

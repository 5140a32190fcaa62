import { failure } from '../contract/index.ts';
import {
  type CreditNoteCommand,
  type CreditNoteEvent,
  creditNoteSchema,
  decideCreditNote,
  evolveCreditNote,
} from './credit-note.ts';
import { defineRecord } from './define-record.ts';
import { describePaperEvent, PAPER_CLASSES, PAPER_OWN_ONLY, personalInPaper } from './paper.ts';

/** Its own commands; drafts are created and changed like any record. */
export type CreditNoteOwnCommand = Exclude<CreditNoteCommand, { readonly type: 'create' }>;

export const creditNoteRecord = defineRecord({
  type: 'credit-note',
  title: 'Credit note',
  aliases: ['credit'],
  schema: creditNoteSchema,
  fields: { ...PAPER_CLASSES, invoice: 'business', reason: 'business', voidReason: 'business' },
  name: ['number', 'status'],
  references: { party: 'party', projects: 'project', 'invoice.id': 'invoice' },
  ownOnly: { ...PAPER_OWN_ONLY, invoice: 'Write another credit note for the other invoice.' },
  commands: {
    issue: 'Gives it its number and freezes it.',
    'record-sent': 'Notes when and where it was sent.',
    void: 'Takes it back before it has left the house; its number stays used.',
  },
  // Its own subject: the law keeps it for years after its buyer's other data is erased.
  subject: (id) => id,
  day: (fields) => fields.issueDate,
  check: ({ before, after }) => {
    const { status } = before ?? after;
    if (before && status !== 'draft') {
      throw failure(
        'not_possible',
        'This credit note was issued: it stays as it is.',
        { status },
        'Write a new invoice for what you still want to charge.',
      );
    }
    if (!before && (status !== 'draft' || after.number !== undefined)) {
      throw failure(
        'not_possible',
        'A new credit note starts as a draft without a number.',
        { status },
        'Create the draft, then issue it.',
      );
    }
  },
  checkArchive: ({ status }) => {
    if (status !== 'issued') return;
    throw failure(
      'not_possible',
      'An issued credit note cannot be archived.',
      { status },
      'It can be voided as long as it was not sent.',
    );
  },
  decide: ({ fields }, command: CreditNoteOwnCommand) =>
    decideCreditNote(fields, command).map((event) => ({
      type: event.type,
      data: { ...event.data },
      personal: personalInPaper(event),
    })),
  evolve: (fields, event) => evolveCreditNote(fields, ownEvent(event)) ?? fields,
  describe: (event) => describePaperEvent(event),
});

/** What stands on its stream was decided by `decideCreditNote`; other types change nothing there. */
function ownEvent(event: { readonly type: string; readonly data: object }): CreditNoteEvent {
  return event as CreditNoteEvent; // see above: the log holds only what our own decisions appended
}

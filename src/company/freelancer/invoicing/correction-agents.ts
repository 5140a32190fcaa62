import { z } from 'zod';
import { type Agent, defineAgent } from '../../../agent/index.ts';
import type { Json } from '../../../base/index.ts';
import { type CapabilityContract, failure, moneySchema } from '../../../contract/index.ts';
import {
  type CreditNote,
  creditNoteFor,
  type Invoice,
  type RecordState,
} from '../../../records/index.ts';
import { creditNotePaper, invoiceMail, invoicePaper } from '../papers/index.ts';

const local = {
  version: 1,
  idempotency: 'idempotent',
  failures: {},
  timeoutMs: 20_000,
  cost: { microUsd: 0, latencyMs: 5 },
  placement: 'this-machine',
} as const satisfies Partial<CapabilityContract>;

const attachSchema = z.array(
  z.strictObject({ name: z.string(), mediaType: z.string(), blob: z.string() }),
);

/** The papers and the words of an invoice or credit note that was issued, to send them again. */
export const paperMailAgent: Agent = defineAgent(
  {
    ...local,
    name: 'paper.mail',
    title: 'Take the issued paper out of the file',
    effect: 'read',
    input: z.strictObject({ type: z.enum(['invoice', 'credit-note']), id: z.string() }),
    output: z.strictObject({
      id: z.string(),
      party: z.string(),
      mail: z.strictObject({ subject: z.string(), text: z.string() }),
      attach: attachSchema,
    }),
    roles: { id: 'target' },
    reads: { invoice: '*', 'credit-note': '*' },
  },
  async ({ type, id }, { records }) => {
    const found = await records.find(type, id);
    if (!found) throw failure('not_found', 'There is no such paper.', { type, id });
    const fields = found.fields as Invoice | CreditNote; // validated when it was written
    const { blobs, number } = fields;
    if (!blobs || !number || fields.status === 'voided') {
      throw failure(
        'not_possible',
        'Only what was issued can be sent.',
        { status: fields.status },
        'Issue it first.',
      );
    }
    const paper = 'invoice' in fields ? creditNotePaper(fields) : invoicePaper(fields);
    const name = number.replace(/[^\p{L}\p{N}._-]+/gu, '-');
    return {
      output: {
        id,
        party: fields.party,
        mail: { ...invoiceMail(paper) },
        attach: [
          { name: `${name}.pdf`, mediaType: 'application/pdf', blob: blobs.pdf },
          ...(blobs.xml === undefined
            ? []
            : [{ name: `${name}.xml`, mediaType: 'application/xml', blob: blobs.xml }]),
        ],
      },
    };
  },
);

/** Drafts the credit note that takes a whole invoice back. */
export const creditDraftAgent: Agent = defineAgent(
  {
    ...local,
    name: 'credit-note.draft',
    title: 'Write the credit note',
    effect: 'record',
    input: z.strictObject({ invoice: z.string(), reason: z.string().min(1).max(2_000) }),
    output: z.strictObject({ creditNote: z.string(), party: z.string(), total: moneySchema }),
    roles: { invoice: 'target' },
    reads: { invoice: '*' },
  },
  async ({ invoice, reason }, { records, newId }) => {
    const found = await records.find('invoice', invoice);
    if (!found) throw failure('not_found', 'There is no such invoice.', { invoice });
    const draft = creditNoteFor(invoice, fieldsOf(found), reason);
    const creditNote = newId();
    return {
      output: { creditNote, party: draft.party, total: draft.totals.gross },
      commands: [
        {
          type: 'create',
          record: 'credit-note',
          id: creditNote,
          // a credit note is plain JSON; the interface lacks the index signature
          set: draft as unknown as { [path: string]: Json },
        },
      ],
    };
  },
);

/** Notes on the credit note when and where it was sent. */
export const creditSentAgent: Agent = defineAgent(
  {
    ...local,
    name: 'credit-note.mark-sent',
    title: 'Note that it was sent',
    effect: 'record',
    input: z.strictObject({
      creditNote: z.string(),
      at: z.string(),
      to: z.string(),
      effect: z.string(),
    }),
    output: z.strictObject({ creditNote: z.string() }),
    roles: { creditNote: 'target' },
    reads: {},
  },
  ({ creditNote, at, to, effect }) => ({
    output: { creditNote },
    commands: [{ type: 'record-sent', record: 'credit-note', id: creditNote, at, to, effect }],
  }),
);

function fieldsOf(state: RecordState): Invoice {
  return state.fields as unknown as Invoice; // the record store validated it by this schema
}

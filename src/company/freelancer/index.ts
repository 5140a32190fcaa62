// freelancer: time becomes invoices.
// Owns: playbooks, agents and papers of a freelancer's work. Never: decides what may leave. Floor 7.

import { createBooksConnector } from './invoicing/books-connector.ts';
import {
  creditDraftAgent,
  creditSentAgent,
  paperMailAgent,
} from './invoicing/correction-agents.ts';
import { invoiceCredit, invoiceResend, invoiceVoid } from './invoicing/corrections.ts';
import {
  applyAnswersAgent,
  checkAgent,
  draftAgent,
  markSentAgent,
} from './invoicing/invoice-agents.ts';
import { invoiceMonth } from './invoicing/invoice-month.ts';

export { EXAMPLE_ZONE, exampleCompany } from './example.ts';
export {
  createImportDesk,
  type ImportDesk,
  type ImportReport,
  type TimeImportOptions,
} from './import-desk.ts';
export { type ByteSource, KEY_RULES, TIME_LAYOUTS, type TimeLayoutName } from './imports/index.ts';

/** Everything the freelancer pack adds to a company. */
export const freelancerPack = {
  agents: [
    checkAgent,
    applyAnswersAgent,
    draftAgent,
    markSentAgent,
    paperMailAgent,
    creditDraftAgent,
    creditSentAgent,
  ],
  connectors: [createBooksConnector()],
  playbooks: [invoiceMonth, invoiceResend, invoiceCredit, invoiceVoid],
} as const;

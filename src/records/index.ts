// records: the canonical business state.
// Owns: record types and their schemas, what commands do to them, their folds, invoices' arithmetic
// and rules. Never: reads a clock, a store or the outside. Floor 3.
export { type Artifact, artifactSchema } from './artifact.ts';
export { type Billing, billingSchema } from './billing-fields.ts';
export {
  type BillingRules,
  type BillingSources,
  DEFAULT_PAYMENT_DAYS,
  type ResolvedBilling,
  type Rounding,
  resolveBilling,
} from './billing-rules.ts';
export { type CoercedSet, coerceSet } from './coerce-set.ts';
export { type Company, companySchema } from './company.ts';
export { type Contact, contactSchema } from './contact.ts';
export { COUNTRIES } from './countries.ts';
export {
  type CreditNote,
  type CreditNoteCommand,
  type CreditNoteEvent,
  type CreditNoteIssue,
  creditNoteFor,
  creditNoteSchema,
  decideCreditNote,
  evolveCreditNote,
} from './credit-note.ts';
export type { CreditNoteOwnCommand } from './credit-note-record.ts';
export { decideRecord, type NewRecordEvent, referencesOf } from './decide-record.ts';
export {
  addMoney,
  allocate,
  divideHalfUp,
  toDecimal,
  toSafeInteger,
} from './decimal.ts';
export {
  type EventDraft,
  FIELD_CLASSES,
  type FieldClass,
  type FieldLabels,
  type OwnCommand,
  type RecordContext,
  type RecordDefinition,
  type RecordState,
} from './define-record.ts';
export { describeChange, fieldTitle } from './describe-change.ts';
export { ERASED, isErased } from './erased.ts';
export {
  evolveRecord,
  keptType,
  personalPaths,
  type RecordEvent,
  recordOfStream,
  redactRecord,
} from './evolve-record.ts';
export { formatValue } from './format-value.ts';
export { isIban } from './iban.ts';
export {
  type Buyer,
  buyerSchema,
  decideInvoice,
  evolveInvoice,
  type Invoice,
  type InvoiceCommand,
  type InvoiceEvent,
  type InvoiceLine,
  type InvoiceTax,
  type InvoiceTotals,
  type Issue,
  invoiceLineSchema,
  invoiceSchema,
  lineVatSchema,
  openAmount,
  type PaperAddress,
  paperAddressSchema,
  paperFields,
  periodSchema,
  type Quantity,
  quantitySchema,
  type Seller,
  sellerSchema,
  taxReasonSchema,
  taxSchema,
  totalsSchema,
  UNITS,
  VAT_CATEGORIES,
  type VatCategory,
} from './invoice.ts';
export { type CheckedDraft, checkInvoice } from './invoice-check.ts';
export { DEFAULT_SERIES, formatNumber, seriesKey } from './invoice-number.ts';
export type { InvoiceQuestion } from './invoice-question.ts';
export type { InvoiceOwnCommand } from './invoice-record.ts';
export { type Clash, type Merge, mergeChanges } from './merge-changes.ts';
export { type Message, messageSchema } from './message.ts';
export { parseMoney } from './parse-money.ts';
export { type Address, addressSchema, PARTY_KINDS, type Party, partySchema } from './party.ts';
export { type Payment, type PaymentCommand, paymentSchema } from './payment.ts';
export { type Project, projectSchema } from './project.ts';
export {
  type ArchiveCommand,
  type ChangeCommand,
  type CreateCommand,
  type FieldValues,
  type RecordCommand,
  type RestoreCommand,
  recordStream,
  type TypedCommand,
} from './record-command.ts';
export { labelsOfRecord, raisedType } from './record-labels.ts';
export {
  definitionOf,
  type FieldsOf,
  findDefinition,
  isRecordType,
  type OwnCommandOf,
  RECORD_TYPES,
  type RecordType,
  resolveRecordType,
} from './record-types.ts';
export { recordAt, recordVersionsFold, versionKey } from './record-versions-fold.ts';
export {
  type Erasure,
  erasureIn,
  foldName,
  isRecordEvent,
  recordKey,
  recordsByExternalKey,
  recordsByName,
  recordsFold,
  recordsNamed,
  recordsOfParty,
  recordsOfType,
  unbilledTime,
} from './records-fold.ts';
export { type LegalHold, legalHold } from './retention.ts';
export { atOrAbove, leavesOf, pathsOf, placeAt, type SchemaPlace } from './schema-paths.ts';
export { searchText } from './search-text.ts';
export {
  BILLED_ELSEWHERE,
  type TimeEntry,
  type TimeEntryCommand,
  timeEntrySchema,
} from './time-entry.ts';
export { titleOf } from './title-of.ts';
export {
  type BillableEntry,
  type BilledLines,
  lineNet,
  linesFromEntries,
  roundSeconds,
  totalInvoice,
} from './totals.ts';
export {
  decideVat,
  normalVatId,
  type VatBuyer,
  type VatCase,
  type VatDecision,
  type VatSeller,
  type VatTreatment,
} from './vat.ts';
export { isVatId } from './vat-id.ts';
export {
  isEuMember,
  nationalCurrency,
  standardRate,
  VAT_RATES_SOURCE,
  vatIdPrefix,
} from './vat-rates.ts';

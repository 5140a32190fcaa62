/** Something an invoice lacks, ready to be put to the operator as one field of a form. */
export interface InvoiceQuestion {
  readonly code: string;
  /** whose field the answer belongs to */
  readonly record: 'company' | 'party' | 'project' | 'invoice';
  /** dotted path of that field */
  readonly path: string;
  readonly question: string;
  readonly type:
    | 'text'
    | 'country'
    | 'vat-id'
    | 'tax-id'
    | 'money'
    | 'currency'
    | 'boolean'
    | 'line'
    | 'vat';
  /** the rule that asks for it */
  readonly source: string;
}

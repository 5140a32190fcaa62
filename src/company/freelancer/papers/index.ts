// papers: invoices and credit notes as people and machines get them.
// Owns: the words, the look and the e-invoice format. Never: decides an amount or a rule. Floor 7.
export { checkEn16931, type En16931Check, type RuleResult } from './en16931.ts';
export { epcPayload } from './epc-qr.ts';
export { loadPaperFonts, type PaperFonts } from './fonts.ts';
export { formatDay, formatMoney, formatPeriod } from './format.ts';
export { invoiceMail, type MailText } from './invoice-mail.ts';
export { type PdfOptions, renderInvoicePdf } from './invoice-pdf.ts';
export { renderInvoiceXml } from './invoice-xml.ts';
export { creditNotePaper, invoicePaper, type Paper, type PaperDetails } from './paper.ts';

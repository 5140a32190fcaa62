import { formatDay, formatMoney, formatPeriod, type Language } from './format.ts';
import type { Paper } from './paper.ts';
import { printable } from './printable.ts';
import { fill, PAPER_WORDS } from './words.ts';

export interface MailText {
  /** one line */
  readonly subject: string;
  /** plain text, lines end with \n */
  readonly text: string;
}

interface MailWords {
  readonly subject: string;
  readonly greeting: string;
  readonly greetingTo: string;
  readonly attached: Readonly<Record<Paper['kind'], string>>;
  readonly attachedPeriod: string;
  readonly due: string;
  readonly dueNow: string;
  readonly thanks: string;
  readonly regards: string;
}

const MAIL_WORDS: Readonly<Record<Language, MailWords>> = {
  de: {
    subject: '{title} {number} von {seller}',
    greeting: 'Guten Tag,',
    greetingTo: 'Guten Tag {contact},',
    attached: {
      invoice: 'anbei erhalten Sie die Rechnung {number} über {amount}.',
      'credit-note':
        'anbei erhalten Sie die Rechnungskorrektur {number} über {amount} zu Rechnung {corrects}.',
    },
    attachedPeriod:
      'anbei erhalten Sie die Rechnung {number} über {amount} für den Zeitraum {period}.',
    due: 'Bitte überweisen Sie den Betrag bis zum {day}. Die Bankverbindung steht auf der Rechnung.',
    dueNow:
      'Bitte überweisen Sie den Betrag nach Erhalt. Die Bankverbindung steht auf der Rechnung.',
    thanks: 'Vielen Dank für die Zusammenarbeit.',
    regards: 'Freundliche Grüße',
  },
  en: {
    subject: '{title} {number} from {seller}',
    greeting: 'Hello,',
    greetingTo: 'Hello {contact},',
    attached: {
      invoice: 'please find attached invoice {number} for {amount}.',
      'credit-note':
        'please find attached credit note {number} for {amount}, which corrects invoice {corrects}.',
    },
    attachedPeriod: 'please find attached invoice {number} for {amount}, for the period {period}.',
    due: 'Please pay the amount by {day}. The bank details are on the invoice.',
    dueNow: 'Please pay the amount on receipt. The bank details are on the invoice.',
    thanks: 'Thank you for working with me.',
    regards: 'Kind regards',
  },
};

/** The mail that carries a paper: short, polite, signed by the owner. */
export function invoiceMail(
  paper: Paper,
  language: Language = paper.language,
  kind: Paper['kind'] = paper.kind,
): MailText {
  const words = MAIL_WORDS[language];
  const { seller, buyer, period, dueDate } = paper;
  const values = {
    title: PAPER_WORDS[language].title[kind],
    number: paper.number,
    seller: seller.name,
    owner: seller.owner ?? seller.name,
    amount: formatMoney(paper.totals.gross, language),
    contact: buyer.contact ?? '',
    period: period ? formatPeriod(period, language) : '',
    corrects: paper.corrects?.number ?? '',
    day: dueDate ? formatDay(dueDate, language) : '',
  };
  const attached =
    kind === 'invoice' && period && period.from !== period.to
      ? words.attachedPeriod
      : words.attached[kind];
  const due = dueDate && dueDate > paper.issueDate ? words.due : words.dueNow;
  const signature = seller.owner && seller.owner !== seller.name ? '{owner}\n{seller}' : '{seller}';
  const paragraphs = [
    buyer.contact ? words.greetingTo : words.greeting,
    attached,
    ...(kind === 'invoice' ? [due] : []),
    words.thanks,
    `${words.regards}\n${signature}`,
  ];
  const plain = (template: string) => printable(fill(template, values)).replace(/\u00a0/g, ' ');
  return {
    subject: plain(words.subject).replace(/\s+/g, ' ').trim(),
    text: `${paragraphs.map(plain).join('\n\n')}\n`,
  };
}

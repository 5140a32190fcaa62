import type { Id } from '../../../base/index.ts';
import { failure, type Money } from '../../../contract/index.ts';
import {
  type BillableEntry,
  type Buyer,
  type Company,
  checkInvoice,
  decideVat,
  type Invoice,
  type InvoiceQuestion,
  linesFromEntries,
  type Party,
  type Project,
  resolveBilling,
  type Seller,
  type TimeEntry,
  totalInvoice,
} from '../../../records/index.ts';

/** A record's id with its fields. */
export interface Known<Fields> {
  readonly id: Id;
  readonly fields: Fields;
}

export interface InvoiceCase {
  readonly company: Company;
  readonly party: Known<Party>;
  readonly projects: ReadonlyMap<Id, Project>;
  /** unbilled, billable time of the period */
  readonly entries: readonly Known<TimeEntry>[];
  readonly period: { readonly from: string; readonly to: string };
  /** instead of what the party's rules say */
  readonly paymentDays?: number;
}

/** A question with the record whose field the answer fills. */
export interface AskedField extends InvoiceQuestion {
  readonly id: Id;
}

export type Composed =
  | { readonly status: 'draft'; readonly draft: Invoice; readonly skipped: readonly Id[] }
  | { readonly status: 'questions'; readonly questions: readonly AskedField[] };

/**
 * The draft that bills this time, or everything that is still to be asked, all at once. Fails with
 * `not_possible` where no answer of one field would help (two currencies, no rule for the VAT).
 */
export function composeInvoice(input: InvoiceCase, companyId: Id): Composed {
  const { company, party, period } = input;
  const questions: AskedField[] = [];
  const entries: BillableEntry[] = [];
  const currencies = new Map<string, string>();
  let rules = resolveFor(input, undefined, undefined).rules;
  for (const { id, fields } of input.entries) {
    const resolved = resolveFor(input, fields.project, fields.rateHint);
    rules = resolved.rules;
    for (const missing of resolved.missing) {
      const owner = missing.record === 'project' ? (fields.project ?? party.id) : party.id;
      questions.push({ ...missing, id: owner });
    }
    const { rate } = resolved.rules;
    if (!rate) continue;
    const project = fields.project === undefined ? undefined : input.projects.get(fields.project);
    currencies.set(rate.currency, project?.name ?? party.fields.name);
    entries.push({
      id,
      day: fields.day,
      seconds: fields.seconds,
      text: fields.text,
      task: fields.task,
      rate,
      rounding: resolved.rules.rounding,
      ...(fields.project !== undefined && project
        ? { project: { id: fields.project, name: project.name } }
        : {}),
    });
  }
  if (currencies.size > 1) throw mixedCurrencies(party.fields.name, currencies);

  const seller = sellerOf(company);
  const buyer = buyerOf(party.fields);
  const vat = decideVat({
    seller: {
      country: company.country,
      vatId: company.vatId,
      taxId: company.taxId,
      smallBusiness: company.smallBusiness,
    },
    buyer: {
      name: party.fields.name,
      country: party.fields.address?.country,
      vatId: party.fields.vatId,
      consumer: party.fields.consumer,
    },
    day: period.to,
  });
  if (vat.status === 'open') {
    questions.push(...vat.questions.map((question) => withOwner(question, companyId, party.id)));
  }
  if (party.fields.email === undefined) questions.push(emailQuestion(party));
  const { language } = rules;
  const billed =
    vat.status === 'decided'
      ? linesFromEntries(entries, { vat: vat.treatment.vat, language })
      : { lines: [], skipped: [] };
  const currency = [...currencies.keys()][0] ?? rules.currency;
  const totals =
    vat.status === 'decided'
      ? totalInvoice(billed.lines, currency, [vat.treatment])
      : { taxes: [], totals: undefined };
  const checked = checkInvoice({ lines: billed.lines, taxes: totals.taxes }, seller, buyer).filter(
    (question) => question.type !== 'line',
  );
  questions.push(...checked.map((question) => withOwner(question, companyId, party.id)));
  const asked = distinct(questions);
  const hopeless = asked.find((question) => question.type === 'vat');
  if (hopeless)
    throw failure(
      'not_possible',
      hopeless.question,
      { rule: hopeless.source },
      'Write this invoice by hand, or ask your tax adviser which VAT applies.',
    );
  if (asked.length > 0 || !totals.totals) return { status: 'questions', questions: asked };
  const draft: Invoice = {
    status: 'draft',
    series: company.invoiceSeries,
    party: party.id,
    projects: [...new Set(input.entries.flatMap(({ fields }) => fields.project ?? []))],
    language,
    currency,
    period,
    serviceDates: [...new Set(input.entries.map(({ fields }) => fields.day))].sort(),
    paymentDays: input.paymentDays ?? rules.paymentDays,
    lines: billed.lines,
    taxes: totals.taxes,
    totals: totals.totals,
  };
  return { status: 'draft', draft, skipped: billed.skipped };
}

/** Rules for one piece of work; the rate that the time tracker exported fills in where they have none. */
function resolveFor(input: InvoiceCase, projectId: Id | undefined, hint: Money | undefined) {
  const project = projectId === undefined ? undefined : input.projects.get(projectId);
  const { party, company } = input;
  const sources = {
    company: { currency: company.currency, language: company.language },
    party: party.fields,
    ...(project ? { project } : {}),
  };
  const resolved = resolveBilling(sources);
  const own = project?.billing?.hourlyRate ?? party.fields.billing?.hourlyRate;
  if (resolved.missing.length === 0 || own !== undefined || !hint || hint.minor <= 0)
    return resolved;
  const currency = project?.billing?.currency ?? party.fields.billing?.currency ?? hint.currency;
  if (currency !== hint.currency) return resolved;
  return { rules: { ...resolved.rules, rate: hint, currency }, missing: [] };
}

/** The seller as it is printed: a frozen copy. */
export function sellerOf(company: Company): Seller {
  const {
    name,
    owner,
    email,
    phone,
    website,
    vatId,
    taxId,
    smallBusiness,
    iban,
    bic,
    bank,
    colour,
  } = company;
  return {
    name,
    owner,
    address: {
      street: company.street,
      postalCode: company.postalCode,
      city: company.city,
      country: company.country,
    },
    email,
    smallBusiness,
    ...(phone === undefined ? {} : { phone }),
    ...(website === undefined ? {} : { website }),
    ...(vatId === undefined ? {} : { vatId }),
    ...(taxId === undefined ? {} : { taxId }),
    ...(iban === undefined ? {} : { iban }),
    ...(bic === undefined ? {} : { bic }),
    ...(bank === undefined ? {} : { bank }),
    ...(colour === undefined ? {} : { colour }),
  };
}

export function buyerOf(party: Party): Buyer {
  const { name, legalName, address, email, vatId, customerNumber, consumer } = party;
  return {
    name: legalName ?? name,
    address: address ?? {},
    ...(email === undefined ? {} : { email }),
    ...(vatId === undefined ? {} : { vatId }),
    ...(customerNumber === undefined ? {} : { customerNumber }),
    ...(consumer === undefined ? {} : { consumer }),
  };
}

function withOwner(question: InvoiceQuestion, companyId: Id, partyId: Id): AskedField {
  return { ...question, id: question.record === 'company' ? companyId : partyId };
}

function emailQuestion(party: Known<Party>): AskedField {
  return {
    code: 'buyer_email_missing',
    record: 'party',
    id: party.id,
    path: 'email',
    question: `To which mail address should invoices for ${party.fields.name} go?`,
    type: 'text',
    source: 'sending by mail',
  };
}

/** The same field is asked once, whoever asks for it. */
function distinct(questions: readonly AskedField[]): readonly AskedField[] {
  const byField = new Map<string, AskedField>();
  for (const question of questions) {
    const key = `${question.record}/${question.id}/${question.path}`;
    if (!byField.has(key)) byField.set(key, question);
  }
  return [...byField.values()];
}

function mixedCurrencies(party: string, currencies: ReadonlyMap<string, string>) {
  const said = [...currencies]
    .map(([currency, project]) => `${currency} (${project})`)
    .join(' and ');
  return failure(
    'not_possible',
    `The time for ${party} is in several currencies: ${said}. One invoice has one currency.`,
    { currencies: [...currencies.keys()] },
    'Bill one project at a time: steward do "invoice ..." --playbook invoice-month --input \'{"party": ..., "month": ..., "project": ...}\'',
  );
}

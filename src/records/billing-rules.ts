import type { Money } from '../contract/index.ts';
import type { Billing } from './billing-fields.ts';
import type { InvoiceQuestion } from './invoice-question.ts';

export type Rounding = NonNullable<Billing['rounding']>;

export interface BillingSources {
  readonly company: { readonly currency: string; readonly language: 'de' | 'en' };
  readonly party: { readonly name: string; readonly billing?: Billing | undefined };
  readonly project?: { readonly name: string; readonly billing?: Billing | undefined } | undefined;
}

export interface BillingRules {
  readonly rate?: Money;
  /** absent: to the second */
  readonly rounding?: Rounding;
  readonly currency: string;
  readonly paymentDays: number;
  readonly language: 'de' | 'en';
}

export interface ResolvedBilling {
  readonly rules: BillingRules;
  /** empty when hours can be charged */
  readonly missing: readonly InvoiceQuestion[];
}

/** Usual between businesses, and inside the 30 days of Directive 2011/7/EU art. 3 (3). */
export const DEFAULT_PAYMENT_DAYS = 14;

/**
 * The rules for one piece of work: the project overrides the party, the party overrides the company.
 * A rate without a currency beside it brings its own. What is missing is named, never assumed.
 */
export function resolveBilling({ company, party, project }: BillingSources): ResolvedBilling {
  const levels: readonly Billing[] = [project?.billing ?? {}, party.billing ?? {}];
  const pick = <Key extends keyof Billing>(key: Key): Billing[Key] | undefined =>
    levels.find((level) => level[key] !== undefined)?.[key];

  const rate = pick('hourlyRate');
  const rounding = pick('rounding');
  const currency = pick('currency') ?? rate?.currency ?? company.currency;
  const rules: BillingRules = {
    ...(rate && rate.currency === currency ? { rate } : {}),
    ...(rounding ? { rounding } : {}),
    currency,
    paymentDays: pick('paymentDays') ?? DEFAULT_PAYMENT_DAYS,
    language: pick('language') ?? company.language,
  };
  return { rules, missing: missingRate(party.name, project, rate, currency) };
}

function missingRate(
  party: string,
  project: BillingSources['project'],
  rate: Money | undefined,
  currency: string,
): readonly InvoiceQuestion[] {
  if (rate?.currency === currency) return [];
  const owner = project?.billing?.hourlyRate ? 'project' : 'party';
  const work = project ? `${party}, project ${project.name}` : party;
  return [
    {
      code: rate ? 'rate_currency' : 'rate_missing',
      record: owner,
      path: 'billing.hourlyRate',
      question: rate
        ? `Your hourly rate for ${work} is in ${rate.currency}, but you bill in ${currency}. What is it in ${currency}?`
        : `What is your hourly rate for ${work}, in ${currency}?`,
      type: 'money',
      source: 'your billing rules',
    },
  ];
}

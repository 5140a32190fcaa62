// Only tests import this: a registry with one capability of every class, and short names.
import { z } from 'zod';
import type { Json, JsonObject } from '../base/index.ts';
import {
  type CapabilityContract,
  capabilityRef,
  Failure,
  type Label,
  type Labelled,
  moneySchema,
  OWN,
} from '../contract/index.ts';
import type { Registry } from './compile.ts';
import type { Playbook } from './plan.ts';

type Typed<I extends z.ZodType, O extends z.ZodType> = CapabilityContract & {
  readonly input: I;
  readonly output: O;
};

export function capability<I extends z.ZodType, O extends z.ZodType>(
  shape: Pick<Typed<I, O>, 'name' | 'effect' | 'input' | 'output'> & Partial<CapabilityContract>,
): Typed<I, O> {
  return {
    version: 1,
    title: shape.name,
    roles: {},
    idempotency: 'idempotent',
    failures: {},
    reads: {},
    timeoutMs: 1_000,
    cost: { microUsd: 0, latencyMs: 1 },
    placement: 'anywhere',
    ...shape,
  };
}

const line = z.strictObject({ text: z.string(), amount: moneySchema, hours: z.number() });

export const unbilled = capability({
  name: 'time.unbilled',
  effect: 'read',
  input: z.strictObject({ party: z.string(), month: z.string().regex(/^\d{4}-\d{2}$/) }),
  output: z.strictObject({ lines: z.array(line), count: z.int() }),
});
export const draftInvoice = capability({
  name: 'invoice.draft',
  effect: 'record',
  input: z.strictObject({ party: z.string(), lines: z.array(line) }),
  output: z.strictObject({ id: z.string(), series: z.string(), total: moneySchema }),
});
export const issueInvoice = capability({
  name: 'invoice.issue',
  effect: 'record',
  input: z.strictObject({ draft: z.string() }),
  output: z.strictObject({ invoice: z.string(), pdf: z.string() }),
});
export const sendMail = capability({
  name: 'mail.send',
  effect: 'final',
  connector: 'mail',
  input: z.strictObject({
    to: z.email(),
    template: z.enum(['invoice', 'reminder', 'note']),
    attach: z.array(z.string()).optional(),
    text: z.string().max(5_000).optional(),
  }),
  output: z.strictObject({ messageId: z.string() }),
  roles: { to: 'destination', attach: 'content', text: 'content' },
});
export const summarise = capability({
  name: 'text.summarise',
  effect: 'pure',
  input: z.strictObject({ text: z.string() }),
  output: z.strictObject({ text: z.string() }),
});
export const readPage = capability({
  name: 'web.read',
  effect: 'fetch',
  input: z.strictObject({ url: z.url() }),
  output: z.strictObject({ text: z.string(), status: z.int() }),
});
export const payMoney = capability({
  name: 'bank.pay',
  effect: 'grave',
  connector: 'bank',
  input: z.strictObject({ iban: z.string(), amount: moneySchema, note: z.string().optional() }),
  output: z.strictObject({ reference: z.string() }),
  roles: { iban: 'destination', amount: 'amount', note: 'content' },
});
export const makePlan = capability({
  name: 'plan.make',
  effect: 'pure',
  input: z.strictObject({ goal: z.string() }),
  output: z.strictObject({ plan: z.record(z.string(), z.unknown()) }),
});

const capabilities = new Map<string, CapabilityContract>(
  [unbilled, draftInvoice, issueInvoice, sendMail, summarise, readPage, payMoney, makePlan].map(
    (contract) => [capabilityRef(contract), contract],
  ),
);

export const reminder: Playbook = {
  name: 'invoice-reminder',
  version: 2,
  title: 'Remind of an invoice',
  autonomy: 'suggest',
  input: { fields: [{ name: 'invoice', kind: 'text', required: true }] },
  plan: {
    steps: [{ id: 'say', ask: { title: 'Remind?', form: { fields: [] } } }],
  },
};

export const registry: Registry = {
  capability: (ref) => capabilities.get(ref),
  playbook: (ref) => (ref === 'invoice-reminder@2' ? reminder : undefined),
  recordPath: (type, path) =>
    type === 'party' && path === 'email' ? { type: 'string' } : undefined,
  names: { capabilities: [...capabilities.keys()], playbooks: ['invoice-reminder@2'] },
};

/** The plan of DESIGN section 6, word for word. */
export const invoicePlan: JsonObject = {
  steps: [
    {
      id: 'hours',
      call: 'time.unbilled@1',
      with: { party: { $expr: 'input.party' }, month: { $expr: 'input.month' } },
    },
    {
      id: 'draft',
      call: 'invoice.draft@1',
      with: { party: { $expr: 'input.party' }, lines: { $expr: 'hours.lines' } },
    },
    {
      id: 'issue',
      call: 'invoice.issue@1',
      with: { draft: { $expr: 'draft.id' } },
      lock: { $expr: "'series/' + draft.series" },
    },
    {
      id: 'mail',
      call: 'mail.send@1',
      when: 'draft.total.minor > 0',
      with: {
        to: { $ref: ['party', { $expr: 'input.party' }, 'email'] },
        template: 'invoice',
        attach: [{ $expr: 'issue.pdf' }],
      },
      onFail: 'ask',
    },
    {
      id: 'paid',
      wait: { event: 'payment.matched', where: 'event.invoice == issue.invoice', for: 'P14D' },
    },
    {
      id: 'chase',
      play: 'invoice-reminder@2',
      when: 'paid.timedOut',
      with: { invoice: { $expr: 'issue.invoice' } },
    },
  ],
};

export const invoiceInput: JsonObject = {
  type: 'object',
  properties: { party: { type: 'string' }, month: { type: 'string' }, note: { type: 'string' } },
  required: ['party', 'month'],
  additionalProperties: false,
};

export function labelled(value: Json, base: Label = OWN): Labelled<Json> {
  return { value, labels: { base } };
}

/** The failure that an action ends in; anything else fails the test. */
export function failureOf(action: () => unknown): Failure {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

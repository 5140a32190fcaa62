import {
  type Effect,
  type Grant,
  type Label,
  type Labels,
  OPERATOR,
  OWN,
} from '../contract/index.ts';
import type { DecisionFacts } from './decide.ts';
import type { PolicyRule } from './policy.ts';
import type { Verdict } from './reason.ts';

/** Saturday 2026-11-21, 10:00 in Berlin. */
export const NOW_MS = Date.UTC(2026, 10, 21, 9);
export const OWN_LABELS: Labels = { base: OWN };

/** A mail to Zoë whose every steering argument has the label `label`. */
export function mailEffect(label: Label = OWN, changes: Partial<Effect> = {}): Effect {
  return {
    v: 1,
    company: 'company-1',
    incarnation: 3,
    key: 'a'.repeat(64),
    mode: 'live',
    run: 'run-1',
    step: 'mail',
    item: '',
    revision: 1,
    capability: 'mail.send@1',
    contract: 'c'.repeat(64),
    connector: 'outbox',
    account: 'me@example.org',
    class: 'final',
    summary: 'Send the invoice to Zoë',
    to: ['zoe@example.com'],
    amount: { minor: 120_000, currency: 'EUR' },
    arguments: [
      { path: 'to', role: 'destination', value: 'zoe@example.com', label },
      { path: 'total', role: 'amount', value: 120_000, label },
      { path: 'body', role: 'content', value: 'Dear Zoë', label: OWN },
    ],
    parts: [],
    carries: [],
    numbers: [],
    preconditions: [],
    undo: { possible: false, how: 'A sent mail cannot be taken back.' },
    date: '2026-11-21T09:00:00.000Z',
    expires: '2026-11-22T09:00:00.000Z',
    salt: '0'.repeat(32),
    ...changes,
  };
}

export function mailGrant(changes: Partial<Grant> = {}): Grant {
  return {
    id: 'grant-1',
    title: 'Invoices to Zoë',
    scope: { capability: 'mail.send@1', connector: 'outbox', destinations: ['zoe@example.com'] },
    limits: [{ type: 'count', max: 5, per: 'day' }],
    from: '2026-11-01T00:00:00.000Z',
    until: '2026-12-31T00:00:00.000Z',
    origin: 'operator',
    incarnation: 3,
    status: 'active',
    ...changes,
  };
}

export function decisionFacts(changes: Partial<DecisionFacts> = {}): DecisionFacts {
  return {
    nowMs: NOW_MS,
    zone: 'Europe/Berlin',
    incarnation: 3,
    agent: 'invoicer@1',
    act: OPERATOR,
    isKnownDestination: () => true,
    usageOf: () => undefined,
    startsOf: () => 0,
    ...changes,
  };
}

export function houseRule(verdict: Verdict, when = 'true', id = 'house'): PolicyRule {
  // biome-ignore lint/suspicious/noThenProperty: a rule reads "when ..., then ask"; nobody awaits it
  return { id, when, then: verdict, because: 'The house rule says so.' };
}

import type { JsonObject } from '../../base/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { NOTHING, one } from './rows.ts';

export type PolicyRow = { readonly policy: JsonObject };

/** The policy in force; without a row it is the default one. */
export const policyFold: Fold<PolicyRow> = {
  name: 'policy',
  version: 1,
  reads: (type) => type === 'policy.changed',
  keys: () => ['policy'],
  apply: (_rows, stored) => {
    const event = asKernelEvent(stored);
    return event.type === 'policy.changed' ? one('policy', { policy: event.data.policy }) : NOTHING;
  },
};

import type { JsonObject } from '../../base/index.ts';
import type { Device, StoredEvent } from '../../contract/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { idOf, NOTHING, one, UTC } from './rows.ts';

export type DeviceRow = Device & JsonObject;

export type NonceRow = { readonly at: string };

export const devicesFold: Fold<DeviceRow> = {
  name: 'devices',
  version: 1,
  reads: (type) => type.startsWith('device.'),
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const id = idOf(stored.stream);
    // the door that enrolled it checked the shape
    if (event.type === 'device.enrolled') return one(id, event.data.device as DeviceRow);
    const row = rows.get(id);
    return row && event.type === 'device.revoked'
      ? one(id, { ...row, revokedAt: UTC(stored) })
      : NOTHING;
  },
};

/** Nonces of decisions that were accepted: each works once. */
export const noncesFold: Fold<NonceRow> = {
  name: 'nonces',
  version: 1,
  reads: (type) => type === 'approval.recorded',
  keys: (event) => [nonceOf(event)],
  apply: (_rows, event) => one(nonceOf(event), { at: UTC(event) }),
};

function nonceOf(event: StoredEvent): string {
  const signed = event.data.signed;
  const statement =
    typeof signed === 'object' && signed !== null && 'statement' in signed
      ? signed.statement
      : null;
  const nonce =
    typeof statement === 'object' && statement !== null && 'nonce' in statement
      ? statement.nonce
      : '';
  return String(nonce);
}

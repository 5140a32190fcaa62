import type { Grant } from '../../contract/index.ts';
import { type DeviceRow, devicesFold } from '../folds.ts';
import type { KernelPorts } from '../ports.ts';
import { type GrantUseRow, grantsFold, grantUseFold } from './grant-folds.ts';

/** A grant with what became of it and what it was used for. */
export interface GrantView {
  readonly grant: Grant;
  readonly writtenAt: string;
  /** `expired` while it is active on paper only */
  readonly status: Grant['status'] | 'expired';
  /** why it is suspended or revoked */
  readonly because: string | null;
  readonly uses: number;
  readonly usage: GrantUseRow['usage'] | null;
}

/** Every grant with its use, newest first. */
export async function listGrants({
  log,
  clock,
}: Pick<KernelPorts, 'log' | 'clock'>): Promise<readonly GrantView[]> {
  const newest = log.fold(grantsFold).every({ index: 'written', descending: true });
  const rows = await Array.fromAsync(newest);
  const used = await log.fold(grantUseFold).getMany(rows.map(({ key }) => key));
  return rows.map(({ key, row: { grant, writtenAt, because } }) => {
    const over = grant.status === 'active' && Date.parse(grant.until) <= clock.now();
    const use = used.get(key);
    return {
      grant,
      writtenAt,
      status: over ? 'expired' : grant.status,
      because,
      uses: use?.uses ?? 0,
      usage: use?.usage ?? null,
    };
  });
}

/** Every device that was ever enrolled; revoked ones say when. */
export async function listDevices({
  log,
}: Pick<KernelPorts, 'log'>): Promise<readonly DeviceRow[]> {
  return Array.fromAsync(log.fold(devicesFold).every(), ({ row }) => row);
}

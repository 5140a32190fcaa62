import type { Id } from '../../base/index.ts';
import type { Fold } from '../../log/index.ts';
import { asKernelEvent } from '../events.ts';
import { idOf, NOTHING, one, UTC } from '../folds/rows.ts';
import type { HookSettings } from './events.ts';

/** A hook as it stands. */
export type HookRow = {
  readonly name: string;
  readonly settings: HookSettings;
  /** handles of the secrets that count, newest first; `until` in UTC ms */
  readonly secrets: readonly { readonly handle: string; readonly until: number | null }[];
  readonly since: string;
  /** why it takes nothing any more; null while it does */
  readonly ended: string | null;
};

/** Every hook that ever was, by name. */
export const hooksFold: Fold<HookRow> = {
  name: 'hooks',
  version: 1,
  reads: (type) => /^hook\.(added|changed|rotated|ended)$/.test(type),
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const name = idOf(stored.stream);
    const row = rows.get(name);
    if (event.type === 'hook.added') {
      const { secret, settings } = event.data;
      const secrets = [{ handle: secret, until: null }];
      return one(name, { name, settings, secrets, since: UTC(stored), ended: null });
    }
    if (!row) return NOTHING;
    switch (event.type) {
      case 'hook.changed':
        return one(name, { ...row, settings: event.data.settings });
      case 'hook.rotated': {
        const { secret, oldUntil } = event.data;
        const old = row.secrets
          .map(({ handle, until }) => ({ handle, until: Math.min(until ?? oldUntil, oldUntil) }))
          .filter(({ until }) => until > stored.at);
        const secrets = [{ handle: secret, until: null }, ...old];
        return one(name, { ...row, secrets });
      }
      case 'hook.ended':
        return one(name, { ...row, secrets: [], ended: event.data.because });
      default:
        return NOTHING;
    }
  },
};

/** What came in, and what became of it; never what it says. */
export type DeliveryRow = {
  /** `<hook>/<digest>`: its stream without `hook/` */
  readonly key: string;
  readonly hook: string;
  /** the sender's */
  readonly id: string;
  readonly receivedAt: string;
  readonly happenedAt: string;
  /** `kept` for steps that wait; `due` until its playbook was started */
  readonly status: 'kept' | 'late' | 'due' | 'started' | 'failed';
  readonly run: Id | null;
  /** why it could not start */
  readonly because: string | null;
  /** digest of what it is about */
  readonly about: string | null;
};

/** Every delivery by the name of its stream. */
export const deliveriesFold: Fold<DeliveryRow> = {
  name: 'deliveries',
  version: 1,
  reads: (type) => /^hook\.(received|started|failed)$/.test(type),
  keys: (event) => [idOf(event.stream)],
  apply: (rows, stored) => {
    const event = asKernelEvent(stored);
    const key = idOf(stored.stream);
    const row = rows.get(key);
    if (event.type === 'hook.received') {
      const { hook, id, happenedAt, starts, late, about } = event.data;
      return one(key, {
        ...{ key, hook, id, receivedAt: UTC(stored), run: null, because: null, about },
        happenedAt: new Date(happenedAt).toISOString(),
        status: starts === null ? 'kept' : late ? 'late' : 'due',
      });
    }
    if (!row) return NOTHING;
    if (event.type === 'hook.started') {
      return one(key, { ...row, status: 'started', run: event.data.run, because: null });
    }
    if (event.type !== 'hook.failed') return NOTHING;
    return one(key, { ...row, status: 'failed', because: event.data.failure.message });
  },
  indexes: {
    received: (row) => row.receivedAt,
    /** between the answer to the sender and the start of its run */
    due: (row) => (row.status === 'due' ? row.receivedAt : undefined),
    failed: (row) => (row.status === 'failed' ? row.receivedAt : undefined),
    /** by what it is about, then by when that happened */
    about: aboutPlace,
  },
};

/** Where deliveries about one thing stand in the index `about`, oldest first. */
export function aboutRange(hook: string, about: string): { from: string; to: string } {
  return { from: `${hook}|${about}|`, to: `${hook}|${about}}` }; // `}` is the character after `|`
}

function aboutPlace({ hook, about, happenedAt }: DeliveryRow): string | undefined {
  return about === null ? undefined : `${hook}|${about}|${happenedAt}`;
}

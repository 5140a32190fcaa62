import { Link } from 'wouter-preact';
import { formatDay } from '../words/format.ts';
import { visible } from '../words/visible.ts';

/** What an erasure did in every store, and what it left. */
export interface Receipt {
  readonly stores: {
    readonly log: { readonly sealed: number; readonly shredded: number };
    readonly folds: { readonly redacted: number; readonly dropped: number };
    readonly blobs: { readonly erased: number };
    readonly backups: { readonly until: string };
    readonly outside: string;
  };
  readonly kept: readonly {
    readonly id: string;
    readonly type: string;
    readonly until: string;
    readonly because: string;
  }[];
  readonly mentions: readonly { readonly id: string; readonly type: string }[];
  readonly standing?: readonly {
    readonly what: string;
    readonly id: string;
    readonly because: string;
  }[];
}

/** A line for each store, then what the law keeps and what a person still has to look at. */
export function ReceiptLines({ receipt }: { readonly receipt: Receipt }) {
  const { stores, kept, mentions, standing = [] } = receipt;
  const { log, folds, blobs, backups, outside } = stores;
  return (
    <ul class="lines">
      <li>
        Log: {counted(log.sealed, 'record')} closed for good, {counted(log.shredded, 'event')}{' '}
        emptied
      </li>
      <li>
        Lists: {counted(folds.redacted, 'version')} and {counted(folds.dropped, 'line')} gone
      </li>
      <li>Files: {blobs.erased} gone</li>
      <li>Keys: their key is destroyed</li>
      <li>Backups: readable until {formatDay(backups.until)}</li>
      <li>Outside: {visible(outside)}</li>
      {kept.map(({ id, type, until, because }) => (
        <li key={id}>
          <span>
            Kept by law: <Link href={`/business/${type}/${id}`}>{type}</Link>, until{' '}
            {formatDay(until)}
          </span>
          <span class="muted">{visible(because)}</span>
        </li>
      ))}
      {standing.map(({ what, id, because }) => (
        <li key={`${what}/${id}`}>
          <span>
            Stays: {what} “{visible(id)}”
          </span>
          <span class="muted">{visible(because)}</span>
        </li>
      ))}
      {mentions.map(({ id, type }) => (
        <li key={id}>
          <span>
            Look yourself: <Link href={`/business/${type}/${id}`}>this {type}</Link> may still
            mention them
          </span>
        </li>
      ))}
    </ul>
  );
}

function counted(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${one}s`;
}

import { useEffect, useRef, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { Money } from '../../../src/contract/portable.ts';
import { useResource } from '../api/resource.ts';
import type { InboxRow } from '../api/shapes.ts';
import { ItemCard } from '../card/item-card.tsx';
import { Stack } from '../card/stack.tsx';
import { useKeys } from '../keys/keys.ts';
import { Icon } from '../parts/icon.tsx';
import { Panes } from '../parts/panes.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { formatDeadline, formatMoney } from '../words/format.ts';
import { KIND_WORDS } from '../words/status.ts';
import { tellItem } from '../words/tell-item.ts';
import { visible } from '../words/visible.ts';
import { DoBox } from './do-box.tsx';

/** Everything that waits, and what is open of it. */
export function Inbox({ id }: { readonly id?: string | undefined }) {
  const inbox = useInbox();
  const items = inbox.data.value?.items ?? [];
  const [selected, setSelected] = useState<readonly string[]>([]);
  const [, go] = useLocation();
  const wide = useWide();
  // What wide screens open by themselves stays open when it leaves the list: its outcome is read there.
  const [first, setFirst] = useState<string>();
  if (wide && first === undefined && items[0]) setFirst(items[0].id);
  const shown = id ?? (wide ? first : undefined);
  // one that was decided leaves the list; the one that took its place comes next
  const at = items.findIndex((item) => item.id === shown);
  const wasAt = useRef(0);
  if (at >= 0) wasAt.current = at;
  const stack = selected.filter((one) => items.some((item) => item.id === one));

  function step(by: number): void {
    const now = items.findIndex((item) => item.id === focusedOr(shown));
    const to = now >= 0 ? now + by : wasAt.current - (by < 0 ? 1 : 0);
    const next = items[Math.min(items.length - 1, Math.max(0, to))];
    if (!next) return;
    if (wide || id !== undefined) go(`/inbox/${next.id}`, { replace: id !== undefined });
    requestAnimationFrame(() => document.getElementById(`row-${next.id}`)?.focus());
  }
  function toggle(): void {
    const row = focusedOr(shown);
    if (row === undefined) return;
    setSelected(
      selected.includes(row) ? selected.filter((one) => one !== row) : [...selected, row],
    );
  }
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    x: toggle,
    Escape: () =>
      stack.length > 0 ? setSelected([]) : id !== undefined && !wide ? go('/') : undefined,
  });

  return (
    <Panes
      title="Inbox"
      at={shown}
      back="/"
      list={
        <>
          <DoBox />
          <Loaded from={inbox}>
            {({ items: rows, total }) =>
              rows.length === 0 ? (
                <Empty words="Nothing waits for you.">
                  <p class="muted">
                    Say above what should be done next, or look at what happened{' '}
                    <Link href="/today">today</Link>.
                  </p>
                </Empty>
              ) : (
                <ul class="rows">
                  {rows.map((row) => (
                    <Row
                      key={row.id}
                      row={row}
                      current={row.id === shown}
                      selected={stack.includes(row.id)}
                    />
                  ))}
                  {total > rows.length ? (
                    <li class="muted">
                      {rows.length} of {total}, the gravest first. The others follow as you decide.
                    </li>
                  ) : null}
                </ul>
              )
            }
          </Loaded>
        </>
      }
    >
      {stack.length > 0 ? (
        <Stack ids={stack} onClear={() => setSelected([])} />
      ) : shown !== undefined ? (
        <ItemCard key={shown} id={shown} />
      ) : null}
    </Panes>
  );
}

/** What waits, kept fresh; the rail shows how much it is. */
export function useInbox() {
  return useResource<{ readonly items: readonly InboxRow[]; readonly total: number }>(
    '/api/inbox',
    ({ type }) => type.startsWith('item.') || type.startsWith('effect.'),
  );
}

function Row({
  row,
  current,
  selected,
}: {
  readonly row: InboxRow;
  readonly current: boolean;
  readonly selected: boolean;
}) {
  const kind = KIND_WORDS[row.kind];
  const amount = row.effects.find((effect) => effect.amount !== null)?.amount;
  const to = [...new Set(row.effects.flatMap((effect) => effect.to))];
  const told = tellItem(row);
  const detail = [...to.slice(0, 1).map(visible), visible(told.detail)].filter(Boolean);
  return (
    <li>
      <Link
        href={`/inbox/${row.id}`}
        id={`row-${row.id}`}
        data-row={row.id}
        class={`row${current ? ' is-current' : ''}${selected ? ' is-selected' : ''}`}
        aria-current={current ? 'true' : undefined}
      >
        <span class={`row-kind risk-${row.risk}`}>
          <Icon name={selected ? 'ok' : kind.icon} />
          <span class="only-heard">
            {selected ? 'Selected. ' : ''}
            {kind.words}
            {row.risk === 'high' ? ', high risk' : ''}:{' '}
          </span>
        </span>
        <span class="row-line">
          <span class="row-title">{visible(shortTitle(told.title, amount))}</span>
          {amount ? <span class="number">{formatMoney(amount)}</span> : null}
        </span>
        <span class="row-line">
          <span>{detail.join(' · ')}</span>
          {row.expiresAt ? <span class="number">{formatDeadline(row.expiresAt)}</span> : null}
        </span>
      </Link>
    </li>
  );
}

/** The amount stands beside the title; saying it twice would push the customer's name out. */
function shortTitle(title: string, amount: Money | null | undefined): string {
  const plain = title.replaceAll('\u00a0', ' ');
  return amount ? plain.replace(` over ${formatMoney(amount)}`, '') : plain;
}

/** The row that has the focus, else the one that is open. */
function focusedOr(shown: string | undefined): string | undefined {
  const row =
    document.activeElement instanceof HTMLElement ? document.activeElement.dataset.row : undefined;
  return row ?? shown;
}

function useWide(): boolean {
  const [wide, setWide] = useState(() => WIDE.matches);
  useEffect(() => {
    const change = (): void => setWide(WIDE.matches);
    WIDE.addEventListener('change', change);
    return () => WIDE.removeEventListener('change', change);
  }, []);
  return wide;
}

const WIDE = matchMedia('(min-width: 900px)');

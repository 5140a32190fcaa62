import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { session } from '../device/session.ts';
import { Icon } from './icon.tsx';

/** A list and what is open of it. Narrow screens show one of the two. */
export function Panes({
  title,
  list,
  children,
  at,
  back,
}: {
  readonly title: string;
  readonly list: ComponentChildren;
  /** the open thing; nothing shows the list alone */
  readonly children?: ComponentChildren;
  /** what is open, by the id of its row */
  readonly at: string | undefined;
  /** where narrow screens go back to */
  readonly back: string;
}) {
  usePageTitle(title);
  useWayBack(at);
  const open = Boolean(children);
  return (
    <div class={open ? 'panes is-open' : 'panes'}>
      <section class="list-pane" aria-labelledby="page-title">
        {open ? (
          <a class="skip" href="#card-title">
            Skip the list
          </a>
        ) : null}
        <h1 id="page-title">{title}</h1>
        {list}
      </section>
      <div class="card-pane">
        {open ? (
          <Link href={back} class="back">
            <Icon name="back" /> {title}
          </Link>
        ) : null}
        {open ? children : <p class="nothing-open muted">Choose one to see it whole.</p>}
      </div>
    </div>
  );
}

/** Whoever closes what is open goes on reading at its row, where that is still there. */
function useWayBack(at: string | undefined): void {
  const before = useRef<string>();
  useEffect(() => {
    const row = before.current;
    before.current = at;
    const isLost = document.activeElement?.matches('body, main') ?? true;
    if (at === undefined && row !== undefined && isLost)
      document.getElementById(`row-${row}`)?.focus();
  }, [at]);
}

/** One column: for pages that are read, not worked through. */
export function Page({
  title,
  children,
  intro,
}: {
  readonly title: string;
  readonly intro?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  usePageTitle(title);
  return (
    <div class="page">
      <header>
        <h1 id="page-title">{title}</h1>
        {intro}
      </header>
      {children}
    </div>
  );
}

export function usePageTitle(title: string): void {
  const company = session.value?.company?.name;
  useEffect(() => {
    document.title = [title, company, 'Steward'].filter(Boolean).join(' · ');
  }, [title, company]);
}

import { useEffect, useRef, useState } from 'preact/hooks';
import { useResource } from '../api/resource.ts';
import type { Card, LogEvent } from '../api/shapes.ts';
import { nowMs } from '../clock.ts';
import { type CheckedCard, checkCard } from './check-card.ts';
import { compareCards, type Difference, isSameCard } from './compare-cards.ts';

/** A card as it is on the screen: checked, and with what changed since somebody looked at it. */
export interface OpenCard {
  readonly checked: CheckedCard | undefined;
  /** what is different from the card that was here before; empty when nothing changed */
  readonly changes: readonly Difference[];
  /** UTC ms: when what is shown appeared */
  readonly shownAt: number;
  readonly problem: unknown;
  /** Shows this card from now on; with `expected` its changes are the operator's own. */
  readonly show: (card: Card, options?: { readonly expected?: boolean }) => void;
  readonly refresh: () => Promise<void>;
}

interface Shown {
  readonly checked: CheckedCard | undefined;
  readonly changes: readonly Difference[];
  readonly at: number;
}

const NOTHING: Shown = { checked: undefined, changes: [], at: 0 };

/** Reads a card, keeps it fresh, and never swaps it silently under somebody's eyes. */
export function useCard(id: string): OpenCard {
  const path = `/api/items/${encodeURIComponent(id)}`;
  const run = useRef<string>();
  const resource = useResource<Card>(path, (event) => touchesCard(event, id, run.current));
  const [shown, setShown] = useState<Shown>(NOTHING);
  const [failed, setFailed] = useState<unknown>();
  const latest = useRef<Shown>(NOTHING);
  const expected = useRef(false);
  const card = resource.data.value;

  useEffect(() => {
    if (!card) return undefined;
    let gone = false;
    run.current = card.item.run ?? undefined;
    setFailed(undefined);
    const show = (checked: CheckedCard): void => {
      if (gone) return;
      const before = latest.current.checked?.card;
      const isSame = before === undefined || isSameCard(before, card);
      const own = expected.current;
      expected.current = false;
      latest.current = {
        checked,
        changes: isSame ? latest.current.changes : own ? [] : compareCards(before, card),
        at: isSame && latest.current.at > 0 ? latest.current.at : nowMs(),
      };
      setShown(latest.current);
    };
    checkCard(card).then(show, (error: unknown) => !gone && setFailed(error));
    return () => {
      gone = true;
    };
  }, [card]);

  return {
    checked: shown.checked,
    changes: shown.changes,
    shownAt: shown.at,
    problem: failed ?? resource.problem.value,
    show: (next, options) => {
      expected.current = options?.expected ?? false;
      resource.set(next);
    },
    refresh: resource.refresh,
  };
}

function touchesCard(event: LogEvent, id: string, run: string | undefined): boolean {
  if (event.stream === `item/${id}`) return true;
  return event.type.startsWith('effect.') && run !== undefined && event.run === run;
}

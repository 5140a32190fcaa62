import { useLocation } from 'wouter-preact';
import { useKeys } from './keys.ts';

/** j and k through a list of rows: opens the next one and keeps the focus on it. */
export function useRowKeys(ids: readonly string[], open: string | undefined, base: string): void {
  const [, go] = useLocation();
  const step = (by: number) => (): void => {
    const row =
      document.activeElement instanceof HTMLElement
        ? document.activeElement.dataset.row
        : undefined;
    const now = ids.indexOf(row ?? open ?? '');
    const next = ids[now < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, now + by))];
    if (next === undefined) return;
    go(`${base}/${next}`, { replace: open !== undefined });
    requestAnimationFrame(() => document.getElementById(`row-${next}`)?.focus());
  };
  useKeys({ j: step(1), k: step(-1) });
}

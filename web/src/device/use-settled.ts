import { useEffect, useState } from 'preact/hooks';
import { nowMs } from '../clock.ts';

/** ms in which nothing that just appeared can be signed: the finger was on the way already */
const SETTLE_MS = 900;

/** False for a moment after `shownAt` (UTC ms), when something else came under the finger; else true. */
export function useSettled(shownAt: number | undefined): boolean {
  const [, again] = useState(0);
  const left = shownAt === undefined ? 0 : shownAt + SETTLE_MS - nowMs();
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => again((count) => count + 1), left);
    return () => clearTimeout(timer);
  }, [shownAt, left > 0]);
  return left <= 0;
}

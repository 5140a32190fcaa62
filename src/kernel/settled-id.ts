import { type Id, sha256 } from '../base/index.ts';

/**
 * An id that follows from what it is for: two processes that begin the same want the same stream, and
 * the second gets a conflict. Shaped as a UUID of version 7 at that time (UTC ms).
 */
export function settledId(purpose: string, utcMs: number): Id {
  const digest = sha256(purpose);
  const time = Math.max(0, utcMs).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digest.slice(0, 3)}-8${digest.slice(3, 6)}-${digest.slice(6, 18)}`;
}

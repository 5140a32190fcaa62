/** The one place where the page reads a clock. It follows the server's, which decides what expires. */
let offsetMs = 0;

/** Takes over the server's time, as `/api/session` says it. */
export function followServer(now: string): void {
  const there = Date.parse(now);
  if (Number.isFinite(there)) offsetMs = there - Date.now();
}

/** UTC milliseconds by the server's clock. */
export function nowMs(): number {
  return Date.now() + offsetMs;
}

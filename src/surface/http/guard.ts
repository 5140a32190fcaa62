import { failure } from '../../contract/index.ts';

/** Where this server may be reached, exactly as browsers write it: `http://localhost:4747`. */
export type Origins = () => readonly string[];

const SAFE = new Set(['GET', 'HEAD']);

/**
 * Localhost is hostile: any page the operator opens can send requests here. Runs before routing, for
 * every path. Host must be one of ours (no rebinding), Origin must be one of ours wherever a browser
 * sends it, and a request that changes something must carry it, or a token: no page can make a browser
 * send one. Fails with `not_authorised`.
 */
export function guardRequest(request: Request, origins: Origins): void {
  const known = origins();
  if (!isKnownHost(request, origins)) {
    throw refused('This address is not one that Steward answers at.', known);
  }
  const origin = request.headers.get('origin');
  if (origin !== null && !known.includes(origin)) {
    throw refused('This request comes from another page.', known);
  }
  const isSafe = SAFE.has(request.method);
  if (!isSafe && origin === null && !request.headers.has('authorization')) {
    throw refused('A request that changes something must say where it comes from.', known);
  }
  const site = request.headers.get('sec-fetch-site');
  if (site === null || site === 'same-origin' || site === 'none') return;
  // a link on another page may open the page, but reaches nothing behind it
  const opensPage = isSafe && request.headers.get('sec-fetch-mode') === 'navigate';
  if (!opensPage || new URL(request.url).pathname.startsWith('/api/')) {
    throw refused('This request comes from another page.', known);
  }
}

/** True for an address that is ours: a name that somebody else points at this machine is none. */
export function isKnownHost(request: Request, origins: Origins): boolean {
  const host = request.headers.get('host');
  return origins().some((origin) => new URL(origin).host === host);
}

function refused(message: string, known: readonly string[]) {
  const [first = 'the address it prints'] = known;
  return failure('not_authorised', message, {}, `Open Steward at ${first}.`);
}

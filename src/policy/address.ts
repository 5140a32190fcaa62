/**
 * One spelling for a destination, so that grants and known destinations compare exactly: an e-mail
 * address without its display name, in lower case, its domain in ASCII (IDNA); a URL as WHATWG prints
 * it. `zoe+x@` and `zoe@` stay two addresses. Anything else (a path, an opaque id) is kept as it is.
 */
export function normaliseAddress(written: string): string {
  const text = written.trim();
  if (UNSEEN.test(text)) return text; // nobody can have meant it: it is no other spelling of anything
  if (text.includes('://')) return URL.canParse(text) ? new URL(text).href : text;
  const bracketed = /^[^<>]*<([^<>]*)>$/.exec(text)?.[1] ?? text;
  const at = bracketed.lastIndexOf('@');
  if (at < 1 || /[\s,;<>/\\]/.test(bracketed)) return text;
  const domain = toAsciiDomain(bracketed.slice(at + 1));
  if (domain === undefined) return text;
  return `${bracketed.slice(0, at).normalize('NFC').toLowerCase()}@${domain}`;
}

/** Characters that are not shown: controls, formats and what is ignored when text is compared. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/** The host that a URL, an address or a bare host name leads to, in ASCII; undefined if none. */
export function hostOf(destination: string): string | undefined {
  const text = destination.trim();
  if (text.includes('://')) return URL.canParse(text) ? new URL(text).hostname : undefined;
  const address = normaliseAddress(text);
  return toAsciiDomain(address.slice(address.lastIndexOf('@') + 1));
}

/** True for a host on the list: exact, or below `*.example.com`. */
export function isListedHost(host: string, hosts: readonly string[]): boolean {
  return hosts.some((entry) =>
    entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : entry === host,
  );
}

/** A domain in lower-case ASCII without the root's dot; undefined if it is not a domain. */
export function toAsciiDomain(domain: string): string | undefined {
  const bare = domain.endsWith('.') ? domain.slice(0, -1) : domain;
  if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(bare)) return bare;
  if (bare === '' || /[\s/\\:@?#%[\]]/.test(bare)) return undefined;
  return URL.canParse(`http://${bare}`) ? new URL(`http://${bare}`).hostname : undefined;
}

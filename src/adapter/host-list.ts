import { isIP } from 'node:net';
import { failure } from '../contract/index.ts';

/**
 * Hosts that somebody declared: `api.example.com`, `*.example.com` (everything below it, not itself),
 * either with `:8443` for another port than the scheme's own, and `*` for any name (but no bare address).
 */
export type HostPattern = string;

/** Checks the patterns once. Fails with `invalid_input` for one that is no host or too wide. */
export function createHostList(
  patterns: readonly HostPattern[],
): (host: string, port?: number) => boolean {
  const parsed = patterns.map(parsePattern);
  return (host, port) => parsed.some((pattern) => covers(pattern, host, port));
}

/**
 * A host as it is compared: lower case, punycode, IPv4 in dotted decimal, no brackets, no final dot.
 * Undefined for what is no host.
 */
export function canonicalHost(text: string): string | undefined {
  if (/[\s/\\?#@%]/.test(text) || text === '') return undefined;
  const url = URL.parse(`http://${text}/`);
  if (url?.port !== '' || /:\d*$/.test(text.replace(/^\[[^\]]*\]/, ''))) return undefined;
  return plainHost(url.hostname);
}

/** `URL.hostname` without brackets and without the final dot that names the same host. */
export function plainHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

interface Pattern {
  readonly type: 'exact' | 'below' | 'any';
  readonly host: string;
  /** undefined: the port that belongs to the scheme */
  readonly port: number | undefined;
}

function parsePattern(text: HostPattern): Pattern {
  if (text === '*') return { type: 'any', host: '', port: undefined };
  const match = /^(\*\.)?(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const host = canonicalHost(match?.[2] ?? '');
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (!host || host.includes('*') || (port !== undefined && (port < 1 || port > 65_535)))
    throw malformed(text);
  if (!match?.[1]) return { type: 'exact', host, port };
  // `*.com` would be everybody; no list of shared suffixes is kept, so `*.github.io` is up to its author
  if (!/^[^.:]+\..*[^.\d]/.test(host)) throw malformed(text);
  return { type: 'below', host, port };
}

function covers(pattern: Pattern, host: string, port: number | undefined): boolean {
  if (pattern.port !== port) return false;
  if (pattern.type === 'any') return isIP(host) === 0;
  return pattern.type === 'exact' ? host === pattern.host : host.endsWith(`.${pattern.host}`);
}

function malformed(text: string) {
  return failure('invalid_input', `"${text}" is not a host that can be listed.`, {
    field: 'hosts',
    value: text,
  });
}

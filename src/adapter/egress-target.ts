import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { failure } from '../contract/index.ts';
import { plainHost } from './host-list.ts';
import { addressKind } from './public-address.ts';

/** Where one request may go: a listed host, and the only addresses it may be reached at. */
export interface EgressTarget {
  readonly url: URL;
  readonly host: string;
  readonly port: number;
  /** checked; the connection is made to one of them and the name is not looked up again */
  readonly addresses: readonly string[];
}

/** All addresses of a name. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

export interface TargetRules {
  readonly isListed: (host: string, port?: number) => boolean;
  readonly resolve: ResolveHost;
  readonly allowLoopback: boolean;
}

export type RefusalReason =
  | 'malformed_url'
  | 'scheme'
  | 'credentials_in_url'
  | 'host_not_listed'
  | 'private_name'
  | 'private_address'
  | 'method'
  | 'header'
  | 'secret_in_clear'
  | 'downgrade'
  | 'redirect_with_effect'
  | 'too_many_redirects';

/** The system's resolver. Its answers are not trusted: every address is checked. */
export const resolveWithSystem: ResolveHost = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** A URL that is safe to speak of: scheme, form and list, before its name is told to any resolver. */
export function parseTarget(text: string, isListed: TargetRules['isListed']): URL {
  // the parser drops tabs and line ends and turns backslashes, which would hide what was meant
  const url = /[\0-\x20\x7f\\]/.test(text) ? null : URL.parse(text);
  if (!url || text.length > URL_CHARACTERS) {
    throw refused('malformed_url', 'This is not an address that can be fetched.');
  }
  const host = plainHost(url.hostname);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refused('scheme', 'Only http and https addresses can be fetched.', host);
  }
  if (url.username !== '' || url.password !== '') {
    throw refused('credentials_in_url', 'A user name or password in an address is refused.', host);
  }
  const port = url.port === '' ? undefined : Number(url.port);
  if (!isListed(host, port)) {
    throw refused('host_not_listed', `${url.host} is not on the list of hosts.`, host);
  }
  return url;
}

/** Looks the name up once and refuses it if any of its addresses is not on the public internet. */
export async function resolveTarget(url: URL, rules: TargetRules): Promise<EgressTarget> {
  const host = plainHost(url.hostname);
  const isLiteral = isIP(host) !== 0;
  if (!isLiteral && isPrivateName(host) && !(rules.allowLoopback && host === 'localhost')) {
    throw refused('private_name', `${host} is a name of a private network.`, host);
  }
  const addresses = isLiteral ? [host] : await rules.resolve(host);
  for (const address of addresses) {
    const kind = addressKind(address);
    if (kind === 'public' || (kind === 'loopback' && rules.allowLoopback)) continue;
    throw refused('private_address', `${host} leads into a private network.`, host);
  }
  if (addresses.length === 0) {
    throw failure('remote_unavailable', `${host} has no address.`, { host, sent: false });
  }
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { url, host, port, addresses };
}

/** `facts.reason` tells which rule said no; never more of the address than its host. */
export function refused(reason: RefusalReason, message: string, host?: string) {
  const facts = host === undefined ? { reason } : { reason, host };
  return reason === 'host_not_listed'
    ? failure('egress_refused', message, facts)
    : failure('egress_refused', message, facts, REFUSAL_REMEDY);
}

const URL_CHARACTERS = 8_192; // what common servers accept in a request line
const REFUSAL_REMEDY =
  'Use the public https address of the service, as its documentation gives it.';

/** Names that mean another machine on every network, or a cloud's metadata service. */
const PRIVATE_SUFFIXES = ['localhost', 'local', 'internal', 'home.arpa', 'lan', 'svc'];

function isPrivateName(host: string): boolean {
  return !host.includes('.') || PRIVATE_SUFFIXES.some((suffix) => host.endsWith(`.${suffix}`));
}

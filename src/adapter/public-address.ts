import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** `private` is everything that is neither on the public internet nor this machine's loopback. */
export type AddressKind = 'public' | 'loopback' | 'private';

/**
 * What an IP address reaches. Ranges as IANA lists them for special purposes (RFC 6890 and its
 * registries); an IPv4 address inside an IPv6 one counts as what it embeds, tunnels that could end
 * anywhere (6to4, Teredo) and anything unreadable as private.
 */
export function addressKind(text: string): AddressKind {
  const version = isIP(text);
  if (version === 4) return kindOfIpv4(ipaddr.IPv4.parse(text));
  // a zone names one of our own interfaces
  if (version !== 6 || text.includes('%')) return 'private';
  // in hexadecimal groups: ipaddr.js reads `::1.2.3.4` as a mapped address, which it is not
  return kindOfIpv6(ipaddr.IPv6.parse(new URL(`http://[${text}]`).hostname.slice(1, -1)));
}

function kindOfIpv4(address: ipaddr.IPv4): AddressKind {
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  return range === 'unicast' ? 'public' : 'private';
}

function kindOfIpv6(address: ipaddr.IPv6): AddressKind {
  if (address.range() === 'loopback') return 'loopback';
  const embedded = embeddedIpv4(address);
  if (embedded) return kindOfIpv4(embedded);
  // only 2000::/3 was ever given out (RFC 4291, IANA); the rest is not the internet, whatever it is
  return address.range() === 'unicast' && address.match(GLOBAL_UNICAST) ? 'public' : 'private';
}

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96'); // RFC 6052: an IPv6-only network's way to IPv4

function embeddedIpv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  if (!address.isIPv4MappedAddress() && !address.match(NAT64)) return undefined;
  return new ipaddr.IPv4(address.toByteArray().slice(-4));
}

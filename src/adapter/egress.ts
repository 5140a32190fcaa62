import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { getCACertificates } from 'node:tls';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import type { Egress, EgressRequest, EgressResponse, Headers } from '../connect/index.ts';
import { Failure, failure } from '../contract/index.ts';
import { errorCode } from './durable-file.ts';
import {
  type EgressTarget,
  parseTarget,
  type ResolveHost,
  refused,
  resolveTarget,
  resolveWithSystem,
  type TargetRules,
} from './egress-target.ts';
import { createHostList, type HostPattern } from './host-list.ts';

export interface EgressOptions {
  readonly hosts: readonly HostPattern[];
  /** of the answer, as received and as decompressed */
  readonly maxBytes: number;
  /** for the whole request: name, connection, redirects, answer */
  readonly timeoutMs: number;
  readonly resolve?: ResolveHost;
  /** Fills one secret's handle into headers; fails for a host the secret was not declared for. */
  readonly inject?: InjectSecret;
  /** PEM, beside those of the system */
  readonly certificateAuthorities?: readonly string[];
  readonly allowLoopbackForTests?: boolean;
}

export type InjectSecret = (
  request: { readonly headers: Headers },
  secretName: string,
  host: string,
  port?: number,
) => { readonly headers: Headers };

const MAX_REDIRECTS = 5;
const MAX_RESPONSE_HEADER_BYTES = 32 * 1024;
/** HTTP and WebDAV; no CONNECT or TRACE, which speak to the machine in between. */
const METHODS = new Set(
  'GET HEAD POST PUT PATCH DELETE OPTIONS PROPFIND PROPPATCH REPORT MKCOL MKCALENDAR'.split(' '),
);

export function createEgress(options: EgressOptions): Egress {
  const rules: TargetRules = {
    isListed: createHostList(options.hosts),
    resolve: options.resolve ?? resolveWithSystem,
    allowLoopback: options.allowLoopbackForTests ?? false,
  };
  const ca = options.certificateAuthorities;
  const authorities = ca && [...getCACertificates('default'), ...ca];
  return { fetch: (request) => withinTime({ options, rules, authorities }, request) };
}

interface Setting {
  readonly options: EgressOptions;
  readonly rules: TargetRules;
  readonly authorities: readonly string[] | undefined;
}

/** One request between two redirects. */
interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array | string | undefined;
  readonly secrets: readonly string[];
}

/** What became of it so far, for the one who has to explain a failure. */
interface Progress {
  host: string;
  sent: boolean;
}

async function withinTime(setting: Setting, request: EgressRequest): Promise<EgressResponse> {
  const { timeoutMs } = setting.options;
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(), timeoutMs);
  const signal = request.signal ? AbortSignal.any([timer.signal, request.signal]) : timer.signal;
  const progress: Progress = { host: '', sent: false };
  try {
    return await follow(setting, request, signal, progress);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { host, sent } = progress;
    if (request.signal?.aborted) {
      throw failure('cancelled', 'The request was cancelled.', { host, sent });
    }
    if (timer.signal.aborted) {
      throw failure('timed_out', `${host} did not answer in time.`, { host, sent, timeoutMs });
    }
    const reason = errorCode(error);
    if (!reason) throw error; // a defect of ours, not of the network
    throw failure('remote_unavailable', `${host} could not be reached.`, { host, sent, reason });
  } finally {
    clearTimeout(timeout);
  }
}

async function follow(
  setting: Setting,
  request: EgressRequest,
  signal: AbortSignal,
  progress: Progress,
): Promise<EgressResponse> {
  const { options, rules } = setting;
  let hop = firstHop(request, rules);
  for (let redirects = 0; ; redirects++) {
    progress.host = hop.url.hostname;
    const target = await orAbort(resolveTarget(hop.url, rules), signal);
    const headers = fillSecrets(hop, target, options);
    const response = await send(setting, hop, target, headers, signal, progress);
    const next = nextHop(hop, response, rules);
    if (!next) return await receive(hop, response, options.maxBytes, signal);
    response.destroy();
    if (redirects === MAX_REDIRECTS) {
      throw refused('too_many_redirects', `${target.host} redirects too often.`, target.host);
    }
    hop = next;
  }
}

function firstHop(request: EgressRequest, rules: TargetRules): Hop {
  const method = request.method ?? 'GET';
  const url = parseTarget(request.url, rules.isListed);
  if (!METHODS.has(method)) throw refused('method', 'This method is not used here.', url.hostname);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    headers[name.toLowerCase()] = value;
  }
  checkHeaders(headers, url.hostname);
  return { url, method, headers, body: request.body, secrets: request.secrets ?? [] };
}

/** Ours to set, or meant for the machine in between. */
const RESERVED_HEADERS =
  /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|accept-encoding|proxy-.*)$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/; // RFC 9110 section 5.1, lower case
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/; // RFC 9110 section 5.5: no CR, LF or NUL

function checkHeaders(headers: Headers, host: string): void {
  for (const [name, value] of Object.entries(headers)) {
    if (HEADER_NAME.test(name) && !RESERVED_HEADERS.test(name) && HEADER_VALUE.test(value))
      continue;
    // the value is not repeated: it may be a secret
    throw refused('header', `The header ${JSON.stringify(name)} cannot be sent.`, host);
  }
}

function fillSecrets(hop: Hop, { url, host }: EgressTarget, options: EgressOptions): Headers {
  if (hop.secrets.length === 0) return hop.headers;
  if (url.protocol !== 'https:' && !options.allowLoopbackForTests) {
    throw refused('secret_in_clear', 'A secret is only sent over https.', host);
  }
  const { inject } = options;
  const port = url.port === '' ? undefined : Number(url.port);
  if (!inject) throw new TypeError('a request names secrets, but this egress was given none');
  const { headers } = hop.secrets.reduce((request, name) => inject(request, name, host, port), {
    headers: hop.headers,
  });
  checkHeaders(headers, host);
  return headers;
}

function send(
  { authorities }: Setting,
  hop: Hop,
  target: EgressTarget,
  headers: Headers,
  signal: AbortSignal,
  progress: Progress,
): Promise<IncomingMessage> {
  const isSecure = target.url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const request = (isSecure ? httpsRequest : httpRequest)({
      hostname: target.host,
      port: target.port,
      path: `${target.url.pathname}${target.url.search}`,
      method: hop.method,
      headers: { ...headers, host: target.url.host, 'accept-encoding': 'gzip, br' },
      agent: false, // no pool, and no proxy from the environment
      lookup: pinnedLookup(target.addresses),
      maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
      signal,
      ...(isSecure && isIP(target.host) === 0 ? { servername: target.host } : {}),
      ...(isSecure && authorities ? { ca: [...authorities] } : {}),
    });
    request.once('socket', (socket) => {
      // queued bytes leave at this moment, so before it nothing can have arrived
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        progress.sent = true;
      });
    });
    request.once('response', resolve);
    request.on('error', reject); // `on`: a second one must not become an unhandled event
    request.end(hop.body);
  });
}

/** Answers with the checked addresses, whatever is asked: a name cannot change between check and use. */
function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const answers = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, { all }, callback) => {
    const [first] = answers;
    if (all || !first) callback(null, answers);
    else callback(null, first.address, first.family);
  };
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** All that a host learns which was only named by another one. */
const HEADERS_ACROSS_ORIGINS = ['accept', 'accept-language', 'user-agent'];

/** The request that a redirect asks for, checked like the first; undefined for any other answer. */
function nextHop(hop: Hop, response: IncomingMessage, rules: TargetRules): Hop | undefined {
  const { location } = response.headers;
  const status = response.statusCode ?? 0;
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  response.destroy(); // also when what follows refuses
  const resolved = URL.parse(location, hop.url);
  const url = parseTarget(resolved ? resolved.href : location, rules.isListed);
  const { hostname } = url;
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') {
    throw refused('downgrade', `${hostname} redirects from https to http.`, hostname);
  }
  // RFC 9110 section 15.4: 303 always, and by old custom 301 and 302 after POST, become GET
  const becomesGet =
    (status === 303 && hop.method !== 'HEAD') || (status < 303 && hop.method === 'POST');
  const method = becomesGet ? 'GET' : hop.method;
  const body = becomesGet ? undefined : hop.body;
  if (url.origin === hop.url.origin) {
    return {
      ...hop,
      url,
      method,
      body,
      headers: becomesGet ? withoutBody(hop.headers) : hop.headers,
    };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    throw refused('redirect_with_effect', `A change is not carried on to ${hostname}.`, hostname);
  }
  const headers = Object.fromEntries(
    Object.entries(hop.headers).filter(([name]) => HEADERS_ACROSS_ORIGINS.includes(name)),
  );
  return { url, method, headers, body: undefined, secrets: [] };
}

function withoutBody(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith('content-')),
  );
}

async function receive(
  hop: Hop,
  response: IncomingMessage,
  maxBytes: number,
  signal: AbortSignal,
): Promise<EgressResponse> {
  const host = hop.url.hostname;
  const status = response.statusCode ?? 0;
  const hasBody = hop.method !== 'HEAD' && status !== 204 && status !== 304;
  const announced = Number(response.headers['content-length'] ?? 0);
  if (hasBody && announced > maxBytes) {
    response.destroy();
    throw tooLarge(host, maxBytes);
  }
  const chunks: Uint8Array[] = [];
  const limit = (onChunk?: (chunk: Uint8Array) => void) =>
    async function* (source: AsyncIterable<Uint8Array>) {
      let bytes = 0;
      for await (const chunk of source) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) throw tooLarge(host, maxBytes);
        onChunk?.(chunk);
        yield chunk;
      }
    };
  const decoder = hasBody ? decoderOf(response, host) : undefined;
  const keep = limit((chunk) => chunks.push(chunk));
  const drain = async (source: AsyncIterable<Uint8Array>) => {
    for await (const _chunk of source);
  };
  if (decoder) await pipeline(response, limit(), decoder, keep, drain, { signal });
  else await pipeline(response, keep, drain, { signal });
  return { status, headers: plainHeaders(response), body: joined(chunks), url: hop.url.href };
}

/** One layer of what we asked for; layers upon layers are how a small answer becomes a huge one. */
function decoderOf(response: IncomingMessage, host: string) {
  const encoding = (response.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity') return undefined;
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip();
  if (encoding === 'br') return createBrotliDecompress();
  response.destroy();
  throw failure('remote_unavailable', `${host} answered in an encoding we do not read.`, {
    host,
    sent: true,
    reason: 'content_encoding',
  });
}

function plainHeaders(response: IncomingMessage): Headers {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

function tooLarge(host: string, maxBytes: number) {
  return failure('too_large', `${host} answered with more than expected.`, {
    host,
    limit: maxBytes,
    sent: true,
  });
}

function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

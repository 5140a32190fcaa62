/** A message as its bytes say, nothing else: what will be sent is what is shown. */
export interface ReadMessage {
  /** in the order of the message, decoded */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly text: string;
  readonly attachments: readonly MessageFile[];
  /** a part that a mail reader may show and this page does not (HTML): the card must say so */
  readonly unshown: readonly string[];
}

export interface MessageFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** parts inside parts; deeper ones are listed as not shown */
const DEPTH_MAX = 8;

/** Reads an RFC 5322 message with MIME parts (RFC 2045, 2047, 2231), as our composers write them. */
export function readMessage(bytes: Uint8Array): ReadMessage {
  const found: Found = { text: [], attachments: [], unshown: [] };
  const whole = splitEntity(toBinary(bytes));
  readEntity(whole, found, 0);
  return {
    headers: whole.headers.map(({ name, value }) => ({ name, value: decodeWords(value) })),
    text: found.text.join('\n'),
    attachments: found.attachments,
    unshown: found.unshown,
  };
}

/** The first header of that name, or undefined. */
export function headerOf(message: ReadMessage, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return message.headers.find((header) => header.name.toLowerCase() === wanted)?.value;
}

interface Found {
  readonly text: string[];
  readonly attachments: MessageFile[];
  readonly unshown: string[];
}

interface Entity {
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** one character per byte */
  readonly body: string;
}

function readEntity(entity: Entity, found: Found, depth: number): void {
  const type = parameters(rawHeader(entity, 'content-type') ?? 'text/plain');
  const place = parameters(rawHeader(entity, 'content-disposition') ?? '');
  const boundary = type.values.get('boundary');
  if (type.main.startsWith('multipart/') && boundary !== undefined && depth < DEPTH_MAX) {
    for (const part of splitParts(entity.body, boundary)) {
      readEntity(splitEntity(part), found, depth + 1);
    }
    return;
  }
  const bytes = decodeBody(entity);
  const name = place.values.get('filename') ?? type.values.get('name');
  if (place.main === 'attachment' || name !== undefined) {
    found.attachments.push({ name: name ?? 'file', mediaType: type.main, bytes });
  } else if (type.main === 'text/plain') {
    const charset = type.values.get('charset') ?? 'utf-8';
    const text = decodeText(bytes, charset).replaceAll('\r\n', '\n');
    found.text.push(type.values.get('format') === 'flowed' ? unflow(text) : text);
  } else {
    found.unshown.push(type.main);
  }
}

function splitEntity(source: string): Entity {
  const end = /\r?\n\r?\n/.exec(source);
  const head = end ? source.slice(0, end.index) : source;
  const lines = head.replace(/\r?\n(?=[ \t])/g, '').split(/\r?\n/);
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0
      ? [{ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() }]
      : [];
  });
  return { headers, body: end ? source.slice(end.index + end[0].length) : '' };
}

function rawHeader(entity: Entity, name: string): string | undefined {
  return entity.headers.find((header) => header.name.toLowerCase() === name)?.value;
}

function splitParts(body: string, boundary: string): readonly string[] {
  const escaped = boundary.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pieces = `\r\n${body}`.split(new RegExp(`\\r?\\n--${escaped}(?:--)?[ \\t]*(?=\\r?\\n|$)`));
  return pieces.slice(1, -1).map((piece) => piece.replace(/^\r?\n/, ''));
}

function decodeBody(entity: Entity): Uint8Array<ArrayBuffer> {
  switch (rawHeader(entity, 'content-transfer-encoding')?.toLowerCase()) {
    case 'base64':
      return fromBinary(decodeBase64(entity.body));
    case 'quoted-printable':
      return fromBinary(decodeQuoted(entity.body.replace(/[ \t]*\r?\n/g, '\r\n')));
    default:
      return fromBinary(entity.body);
  }
}

/** Text that is no Base64 stays as it is: showing too much is safer than showing nothing. */
function decodeBase64(text: string): string {
  try {
    return atob(text.replace(/\s+/g, ''));
  } catch {
    return text;
  }
}

function decodeQuoted(text: string): string {
  return text
    .replace(/=\r?\n/g, '')
    .replace(/=([\dA-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
}

/** RFC 3676: a line that ends in a blank goes on in the next one. */
function unflow(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.startsWith(' ') ? line.slice(1) : line))
    .reduce((out, line) =>
      / $/.test(out) && !/(^|\n)-- $/.test(out) ? out + line : `${out}\n${line}`,
    );
}

/** `=?utf-8?Q?M=C3=B6ller?=`; neighbours are one word. */
function decodeWords(value: string): string {
  const joined = value.replace(/(=\?[^?\s]+\?[bqBQ]\?[^?]*\?=)\s+(?==\?)/g, '$1');
  const decoded = joined.replace(
    /=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bqBQ])\?([^?]*)\?=(?:(?==\?\1\?\2\?))?/g,
    (_, charset: string, coding: string, text: string) => {
      const binary =
        coding.toLowerCase() === 'b' ? decodeBase64(text) : decodeQuoted(text.replaceAll('_', ' '));
      return decodeText(fromBinary(binary), charset);
    },
  );
  return decoded === value ? decodeText(fromBinary(value), 'utf-8') : decoded;
}

/** A header's main value and its parameters, with RFC 2231 pieces put together. */
function parameters(header: string): {
  readonly main: string;
  readonly values: ReadonlyMap<string, string>;
} {
  const values = new Map<string, string>();
  const pieces = new Map<string, { text: string; coded: boolean }[]>();
  const pattern = /;\s*([^=;\s*]+)(?:\*(\d+))?(\*)?\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/g;
  for (const [, name = '', index, coded, raw = ''] of header.matchAll(pattern)) {
    const text = raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/g, '$1') : raw.trim();
    const list = pieces.get(name.toLowerCase()) ?? [];
    list[Number(index ?? 0)] = { text, coded: coded !== undefined };
    pieces.set(name.toLowerCase(), list);
  }
  for (const [name, list] of pieces) values.set(name, joinPieces(list));
  const main = (header.split(';')[0] ?? '').trim().toLowerCase();
  return { main, values };
}

function joinPieces(list: readonly { readonly text: string; readonly coded: boolean }[]): string {
  if (!list.some((piece) => piece?.coded)) {
    return decodeWords(list.map((piece) => piece?.text ?? '').join(''));
  }
  let charset = 'utf-8';
  const binary = list.map((piece, index) => {
    if (!piece?.coded) return piece?.text ?? '';
    const [first = '', , rest] = piece.text.split("'");
    const text = index === 0 && rest !== undefined ? rest : piece.text;
    if (index === 0 && rest !== undefined && first !== '') charset = first;
    return text.replace(/%([\dA-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  });
  return decodeText(fromBinary(binary.join('')), charset);
}

function decodeText(bytes: Uint8Array<ArrayBuffer>, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder('utf-8').decode(bytes);
  }
}

function toBinary(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes).replace(/[^\0-\xff]/g, fromWindows1252);
}

/** What the web calls latin1 is windows-1252: 27 bytes come out as other letters. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

function fromWindows1252(letter: string): string {
  return String.fromCharCode(0x80 + WINDOWS_1252.indexOf(letter));
}

function fromBinary(binary: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(binary, (character) => character.charCodeAt(0) & 0xff);
}

/** One message of a server-sent event stream. */
export interface SseMessage {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** characters of one message; a longer one is a broken stream */
const MESSAGE_MAX = 4 * 1024 * 1024;

/**
 * Reads a server-sent event stream piece by piece (WHATWG HTML 9.2.6). `EventSource` only hears names
 * that it is told beforehand; the log's event types are open-ended.
 */
export function createSseReader(onMessage: (message: SseMessage) => void): (chunk: string) => void {
  let rest = '';
  let id = '';
  let event = '';
  let data: string[] = [];

  function readLine(line: string): void {
    if (line === '') {
      if (data.length > 0) onMessage({ id, event: event || 'message', data: data.join('\n') });
      event = '';
      data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id' && !value.includes('\0')) id = value;
    else if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }

  return (chunk) => {
    rest += chunk;
    if (rest.length > MESSAGE_MAX) throw new RangeError('a message of the stream is too long');
    // A carriage return at the end may be half of a line end: it stays for the next piece.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) readLine(line);
  };
}

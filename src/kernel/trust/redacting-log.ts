import type { JsonObject } from '../../base/index.ts';
import { failure, type NewEvent } from '../../contract/index.ts';
import type { Blobs, Log, StreamAppend } from '../../log/index.ts';
import type { Redactor } from '../../policy/index.ts';

/**
 * A log into which no known secret can be written, whoever writes and in whatever spelling: a provider
 * that quotes a key in its error is the usual way. Anything signed or hashed that held one does not fit
 * its hash afterwards, so it is never committed either. Fails with `invalid_input` where a secret stands
 * in a name, which cannot be altered.
 */
export function createRedactingLog(log: Log, redactor: Redactor): Log {
  const clean = (event: NewEvent): NewEvent => {
    const { data: before, ...names } = event;
    refuseIn(redactor, JSON.stringify(names));
    const data = redactor.json(before);
    // an object stays an object: only what is in it is replaced
    return data === before ? event : { ...event, data: data as JsonObject };
  };
  const cleanAll = (one: StreamAppend): StreamAppend => {
    refuseIn(redactor, one.stream);
    return { ...one, events: one.events.map(clean) };
  };
  return {
    ...log,
    append: async (batch, options) =>
      log.append(redactor.isNeeded() ? batch.map(cleanAll) : batch, options),
  };
}

/** Files into which no known secret can be put: their bytes are their name, so they are refused whole. */
export function createRedactingBlobs<Files extends Blobs>(blobs: Files, redactor: Redactor): Files {
  return {
    ...blobs,
    put: async (bytes) => {
      if (redactor.isNeeded()) refuseIn(redactor, Buffer.from(bytes).toString('utf8'));
      return blobs.put(bytes);
    },
  };
}

function refuseIn(redactor: Redactor, text: string): void {
  if (redactor.text(text) === text) return;
  throw failure(
    'invalid_input',
    'This holds one of your stored secrets, so it was not kept.',
    {},
    'Take the secret out and try again.',
  );
}

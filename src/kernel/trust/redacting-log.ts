import type { JsonObject } from '../../base/index.ts';
import type { NewEvent } from '../../contract/index.ts';
import type { Log } from '../../log/index.ts';
import type { Redactor } from '../../policy/index.ts';

/**
 * A log into which no known secret can be written, whoever writes and in whatever spelling: a provider
 * that quotes a key in its error is the usual way. Anything signed or hashed that held one does not fit
 * its hash afterwards, so it is never committed either.
 */
export function createRedactingLog(log: Log, redactor: Redactor): Log {
  const clean = (event: NewEvent): NewEvent => {
    const data = redactor.json(event.data);
    // an object stays an object: only what is in it is replaced
    return data === event.data ? event : { ...event, data: data as JsonObject };
  };
  return {
    ...log,
    append: (batch, options) =>
      log.append(
        batch.map((one) => ({ ...one, events: one.events.map(clean) })),
        options,
      ),
  };
}

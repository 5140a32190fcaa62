import type { WebhookFault } from '../../connect/index.ts';
import { type Failure, failure, toFailure } from '../../contract/index.ts';
import type { Receive } from '../../kernel/index.ts';
import type { DoorInfo } from './caller.ts';
import { isKnownHost, type Origins } from './guard.ts';
import { problemResponse } from './problem.ts';
import { limited } from './read-input.ts';
import { readPayload } from './read-payload.ts';

/** below it, machines tell us things; no session, no cookie and no token counts here */
export const HOOKS_PATH = '/hooks/';
/** bytes of one delivery: the specification asks senders to stay under 20 KB */
export const DELIVERY_BYTES = 128 * 1024;
/** in which a body must have come in: slow senders hold nothing open */
const BODY_MS = 10_000;
/** bodies that are read at the same time, from everybody together */
const READING_MAX = 256;
const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;

export interface HookDoorOptions {
  readonly receive: Receive;
  readonly origins: Origins;
  /** for tests of slow senders */
  readonly bodyMs?: number;
}

export type HookDoor = (request: Request, door: DoorInfo) => Promise<Response>;

/**
 * `POST /hooks/<name>`. Who cannot sign gets one answer, whatever was wrong; who can sign gets a
 * reason. Answers once the delivery is durable.
 */
export function createHookDoor({ receive, origins, bodyMs = BODY_MS }: HookDoorOptions): HookDoor {
  let reading = 0;

  async function readBody(request: Request): Promise<Uint8Array> {
    if (reading >= READING_MAX) throw failure('rate_limited', 'Too many at once.');
    reading += 1;
    try {
      return await collect(request, bodyMs);
    } finally {
      reading -= 1;
    }
  }

  return async (request, door) => {
    const name = new URL(request.url).pathname.slice(HOOKS_PATH.length);
    const fault = faultOf(request, name, door.door === 'http' ? origins : undefined);
    const received = await receive({
      name: NAME.test(name) ? name : '',
      headers: request.headers,
      address: door.address ?? '',
      ...(fault === undefined ? {} : { fault }),
      body: () => readBody(request),
      parse: readPayload,
    });
    if (received.status === 'taken') return Response.json({ received: true });
    await request.body?.cancel().catch(() => undefined); // it may be gone already
    const answer = problemResponse(refusal(received.retryAfterMs));
    answer.headers.set('connection', 'close'); // nothing that was not read is waited for
    return answer;
  };
}

/** What no sender of deliveries does: nothing of the body is looked at for it. */
function faultOf(
  request: Request,
  name: string,
  origins: Origins | undefined,
): WebhookFault | undefined {
  const { headers } = request;
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  const isOurs =
    request.method === 'POST' &&
    NAME.test(name) &&
    new URL(request.url).search === '' &&
    (origins === undefined || isKnownHost(request, origins)) &&
    // browsers send these and senders do not: no page can be talked into delivering
    !headers.has('origin') &&
    !headers.has('sec-fetch-site') &&
    type === 'application/json' &&
    !headers.has('content-encoding');
  if (!isOurs) return 'form';
  return Number(headers.get('content-length') ?? 0) > DELIVERY_BYTES ? 'size' : undefined;
}

/** All of it in time, or nothing. Fails with `too_large`, `timed_out`; who goes away midway is late too. */
async function collect(request: Request, withinMs: number): Promise<Uint8Array> {
  const pieces = limited(request, DELIVERY_BYTES);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failure('timed_out', 'The body did not come.')), withinMs);
  });
  const parts: Uint8Array[] = [];
  try {
    for (;;) {
      const next = await Promise.race([pieces.next(), late]);
      if (next.done) return Buffer.concat(parts);
      parts.push(next.value);
    }
  } catch (error) {
    throw toFailure(error).code === 'internal' ? failure('timed_out', 'It broke off.') : error;
  } finally {
    clearTimeout(timer);
  }
}

function refusal(retryAfterMs: number | undefined): Failure {
  const remedy = 'Check the address, the signing secret and the clock where it is sent from.';
  return retryAfterMs === undefined
    ? failure('not_authorised', 'This was not taken.', {}, remedy)
    : failure(
        'rate_limited',
        'This was not taken. Wait, then try again.',
        { retryAfterMs },
        remedy,
      );
}

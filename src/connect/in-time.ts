import { z } from 'zod';
import {
  type Effect,
  FAILURES,
  Failure,
  type FailureCode,
  failure,
  moneySchema,
  toFailure,
} from '../contract/index.ts';
import type {
  CommitPorts,
  Connector,
  EffectRequest,
  Finalised,
  FinalisePorts,
  Outcome,
  OutcomeReceipt,
  Probe,
} from './port.ts';

/** No connector is given less, whatever its contracts say: writing a file on a busy disk takes a while. */
const SHORTEST_MS = 1_000;
/** characters of a receipt that are kept: it lies in an event and is shown to a person */
const RECEIPT_CHARACTERS = 64 * 1024;
const SAID_CHARACTERS = 1_000;

/**
 * Asks a connector to prepare an effect, and holds it to its word. Fails as the connector fails;
 * `timed_out` when it takes longer than its contract says, `wrong_output` when it answers with something
 * else than was agreed.
 */
export async function finaliseInTime(
  connector: Connector,
  request: EffectRequest,
  ports: Omit<FinalisePorts, 'signal'>,
): Promise<Finalised> {
  const timeoutMs = Math.max(request.contract.timeoutMs, SHORTEST_MS);
  const answer = await within(connector, timeoutMs, (signal) =>
    connector.finalise(request, {
      ...ports,
      signal,
      // what comes too late takes nothing any more
      reserveNumber: async (series) => {
        signal.throwIfAborted();
        return ports.reserveNumber(series);
      },
    }),
  );
  const parsed = finalisedSchema.safeParse(answer);
  if (parsed.success) return answer;
  throw wrongAnswer(connector, parsed.error);
}

/** Commits; whatever is not a clear answer in time is `unknown`, because it may have happened. */
export async function commitInTime(
  connector: Connector,
  effect: Effect,
  ports: Omit<CommitPorts, 'signal'>,
): Promise<Outcome> {
  try {
    return await answerOf(connector, outcomeSchema, (signal) =>
      connector.commit(effect, { ...ports, signal }),
    );
  } catch (error) {
    return { status: 'unknown', message: toFailure(error).message };
  }
}

/** Looks what became of an effect; a connector that does not say so in time cannot tell. */
export async function probeInTime(
  connector: Connector,
  effect: Effect,
  ports: Omit<CommitPorts, 'signal'>,
): Promise<Probe> {
  try {
    return await answerOf(connector, probeSchema, (signal) =>
      connector.probe(effect, { ...ports, signal }),
    );
  } catch (error) {
    return { status: 'cannot-tell', message: toFailure(error).message };
  }
}

/** What became of an effect, in the agreed shape, with no more of its receipt than can be kept. */
async function answerOf<Answer extends Outcome | Probe>(
  connector: Connector,
  schema: z.ZodType,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const answer = await within(connector, longestOf(connector), ask);
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw wrongAnswer(connector, parsed.error);
  return answer.status === 'committed'
    ? { ...answer, receipt: keptReceipt(answer.receipt) }
    : answer;
}

/** One that ignores its signal is not waited for either. */
async function within<T>(
  { name }: Connector,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const words = `The connection "${name}" did not answer within ${timeoutMs / 1_000} s.`;
      const reason = failure('timed_out', words, { connector: name, timeoutMs });
      deadline.abort(reason);
      reject(reason);
    }, timeoutMs).unref();
  });
  try {
    const answer = await Promise.race([work(deadline.signal), late]);
    if (answer !== undefined) return answer;
    throw failure('wrong_output', `The connection "${name}" gave no answer.`, { connector: name });
  } catch (error) {
    if (error instanceof Failure) throw error;
    const said = error instanceof Error ? error.message : typeof error === 'string' ? error : '';
    const words = said === '' ? 'it gave no reason' : said.slice(0, SAID_CHARACTERS);
    throw failure('capability_failed', `The connection "${name}" failed: ${words}`, {
      connector: name,
    });
  } finally {
    clearTimeout(timer);
  }
}

function longestOf({ contracts }: Connector): number {
  return Math.max(...contracts.map(({ timeoutMs }) => timeoutMs), SHORTEST_MS);
}

/** It did happen, so what it said is kept, and only what is too much of it is left out. */
function keptReceipt(receipt: OutcomeReceipt): OutcomeReceipt {
  if (JSON.stringify(receipt).length <= RECEIPT_CHARACTERS) return receipt;
  const said = receipt.said.slice(0, SAID_CHARACTERS);
  return { said: `${said} (The rest of its answer was too large to keep.)`, provider: {} };
}

function wrongAnswer({ name }: Connector, { issues: [issue] }: z.ZodError) {
  const path = issue?.path.join('.') ?? '';
  return failure(
    'wrong_output',
    `The connection "${name}" answered with the wrong shape at "${path}": ${issue?.message ?? ''}`,
    { connector: name, path },
  );
}

const undoSchema = z.object({ possible: z.boolean(), how: z.string() });
const blob = { name: z.string(), mediaType: z.string(), blob: z.string() };
const finalisedSchema = z.object({
  account: z.string(),
  summary: z.string().min(1),
  to: z.array(z.string()),
  amount: moneySchema.nullable(),
  parts: z.array(
    z.object({ ...blob, bytes: z.int().min(0), use: z.enum(['exact', 'attached', 'shown']) }),
  ),
  carries: z.array(
    z.object({
      ...{ when: z.enum(['signed', 'committed']), record: z.string(), id: z.string() },
      command: z.record(z.string(), z.json()),
    }),
  ),
  remote: z
    .array(z.object({ type: z.literal('remote'), what: z.string(), etag: z.string() }))
    .optional(),
  undo: undoSchema,
  preview: z.object({ text: z.string(), blobs: z.array(z.object(blob)) }),
  output: z.json(),
});

const receipt = z.object({ said: z.string(), provider: z.record(z.string(), z.json()) });
// keys of a constant object; the cast only keeps their literal types, which Object.keys forgets
const code = z.enum(Object.keys(FAILURES) as [FailureCode, ...FailureCode[]]);
const message = z.string();
const outcomeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('committed'), receipt }),
  z.object({ status: z.literal('refused'), code, message }),
  z.object({ status: z.literal('later'), retryAfterMs: z.number().min(0), message }),
  z.object({ status: z.literal('unknown'), message }),
]);
const probeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('committed'), receipt }),
  z.object({ status: z.literal('not-committed') }),
  z.object({ status: z.literal('cannot-tell'), message }),
]);

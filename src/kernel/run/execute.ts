import type { Agent, AgentContext, AgentResult, RecordReads } from '../../agent/index.ts';
import { canonicalJson, type Id, type Json } from '../../base/index.ts';
import {
  type CapabilityContract,
  Failure,
  failure,
  issueWords,
  joinLabels,
  type Label,
  type Labelled,
  type Labels,
  labelOfAll,
  neededWords,
  OPERATOR,
  OWN,
  toFailure,
} from '../../contract/index.ts';
import type { RecordCommand } from '../../records/index.ts';
import { inputPrint } from './input-print.ts';
import { LazyAbort } from './lazy-abort.ts';

/** How a try of a step ended. */
export type StepOutcome =
  | {
      readonly status: 'done';
      readonly step: string;
      readonly attempt: number;
      readonly output: Labelled<Json>;
      /** characters of the output as JSON */
      readonly size: number;
      readonly commands: readonly RecordCommand[];
      /** of its input, where executing it again would be no proof */
      readonly given?: string;
    }
  | {
      readonly status: 'failed';
      readonly step: string;
      readonly attempt: number;
      readonly failure: Failure;
      /** as above; absent where it never got its input */
      readonly given?: string;
    };

/** bytes of one output; a larger result belongs in a file */
const OUTPUT_BYTES = 8 * 1024 * 1024;
/** bytes of the labels of one output: they are kept in its event, whose size is limited */
const LABEL_BYTES = 64 * 1024;
/** of what a defect says of itself; it is shown to a person and kept in an event */
const REASON_CHARACTERS = 1_000;

/** What an agent is given besides its input. */
export interface CallContext extends Omit<AgentContext, 'signal' | 'labels' | 'run' | 'step'> {
  /** what the records are worth that it has read so far */
  readonly seen?: () => Label;
}

export interface ExecuteRequest {
  readonly run: Id;
  readonly step: string;
  readonly attempt: number;
  readonly agent: Agent;
  readonly input: Labelled<Json>;
  readonly context: CallContext;
  /** fires when the run is cancelled; absent where nothing can cancel it */
  readonly abort?: Pick<AbortController, 'signal'>;
}

/**
 * Runs an agent under its contract: input and output are checked, time is limited, and whatever it
 * does wrong ends as a failed try of this step. Answers at once when the agent does.
 */
export function executeAgent(request: ExecuteRequest): StepOutcome | Promise<StepOutcome> {
  const { step, attempt, agent } = request;
  const failed = (error: unknown): StepOutcome => ({
    status: 'failed',
    step,
    attempt,
    failure: asCapabilityFailure(error, agent.contract),
    ...givenTo(request),
  });
  try {
    const input = checkInput(agent.contract, request.input.value);
    const deadline = new LazyAbort();
    const result = agent.run(input, new GivenContext(request, deadline));
    if (!(result instanceof Promise)) return accept(request, result);
    return withDeadline(result, request, deadline)
      .then((late) => accept(request, late))
      .catch(failed);
  } catch (error) {
    return failed(error);
  }
}

/** Reads and signal are made for those who look: most agents need neither. */
class GivenContext implements AgentContext {
  readonly run: Id;
  readonly step: string;
  readonly labels: Labels;
  readonly now: number;
  readonly today: string;
  readonly newId: () => Id;
  readonly #context: CallContext;
  readonly #deadline: LazyAbort;

  constructor({ run, step, input, context }: ExecuteRequest, deadline: LazyAbort) {
    this.run = run;
    this.step = step;
    this.labels = input.labels;
    this.now = context.now;
    this.today = context.today;
    this.newId = context.newId;
    this.#context = context;
    this.#deadline = deadline;
  }

  get records(): RecordReads {
    return this.#context.records;
  }

  get signal(): AbortSignal {
    return this.#deadline.signal;
  }
}

/** Fails with `invalid_input`, naming path, expected and found. */
export function checkInput(contract: CapabilityContract, value: Json): Json {
  const parsed = contract.input.safeParse(value);
  if (parsed.success) return parsed.data as Json; // a contract's schemas describe JSON
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw failure(
    'invalid_input',
    `${contract.name} cannot work with this input. ${issue ? issueWords(issue) : ''}`.trim(),
    { capability: contract.name, path, expected: issue ? neededWords(issue) : '' },
  );
}

function accept(request: ExecuteRequest, result: AgentResult): StepOutcome {
  const { contract } = request.agent;
  const { step, attempt, input } = request;
  const commands = result?.commands ?? [];
  if (commands.length > 0 && contract.effect !== 'record') {
    return broke(request, `${contract.name} is ${contract.effect} and may not change records.`);
  }
  const parsed = contract.output.safeParse(result?.output);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.join('.') ?? '';
    return broke(
      request,
      `${contract.name} answered with the wrong shape at "${path}": ${issue?.message ?? ''}`,
    );
  }
  const value = parsed.data as Json; // a contract's schemas describe JSON
  let text: string;
  try {
    text = canonicalJson(value);
    const bytes = Buffer.byteLength(text);
    if (bytes > OUTPUT_BYTES) {
      return broke(
        request,
        `${contract.name} answered with ${bytes} bytes; at most ${OUTPUT_BYTES} fit.`,
      );
    }
    if (result.labels && JSON.stringify(result.labels).length > LABEL_BYTES) {
      return broke(request, `${contract.name} answered with more labels than fit.`);
    }
  } catch (error) {
    return broke(
      request,
      `${contract.name} answered with something that is not JSON: ${toFailure(error).message}`,
    );
  }
  const seen = request.context.seen?.() ?? OPERATOR;
  const labels = result.labels
    ? vouched(result.labels)
    : { base: joinLabels(labelOfAll(input.labels), seen) };
  const output = { value, labels };
  const size = text.length;
  return { status: 'done', step, attempt, output, size, commands, ...givenTo(request) };
}

/** Of a pure step nothing is noted: executing it again tells more. */
function givenTo({ agent, input }: ExecuteRequest): { readonly given?: string } | undefined {
  return agent.contract.effect === 'pure' ? undefined : { given: inputPrint(input.value) };
}

/** Our own code may say what its output is worth, as its own work at best: it is not the operator. */
function vouched({ base, at }: Labels): Labels {
  const entries = Object.entries(at ?? {}).map(([path, label]) => [path, joinLabels(label, OWN)]);
  return { base: joinLabels(base, OWN), ...(at ? { at: Object.fromEntries(entries) } : {}) };
}

function broke(request: ExecuteRequest, message: string): StepOutcome {
  const { step, attempt } = request;
  const problem = failure('wrong_output', message);
  return { status: 'failed', step, attempt, failure: problem, ...givenTo(request) };
}

/** A defect of an agent is a failure of its step, with the text of what it threw. */
function asCapabilityFailure(error: unknown, contract: CapabilityContract): Failure {
  if (error instanceof Failure) return error;
  const said = error instanceof Error ? error.message : typeof error === 'string' ? error : '';
  const words = said === '' ? 'it gave no reason' : said.slice(0, REASON_CHARACTERS);
  return failure('capability_failed', `${contract.name} failed: ${words}`, {
    capability: contract.name,
  });
}

function withDeadline(
  work: Promise<AgentResult>,
  { agent, abort }: ExecuteRequest,
  deadline: LazyAbort,
): Promise<AgentResult> {
  return new Promise((resolve, reject) => {
    const { timeoutMs } = agent.contract;
    const stop = (reason: Failure): void => {
      deadline.abort(reason);
      reject(reason);
    };
    const timer = setTimeout(
      () =>
        stop(
          failure('timed_out', `${agent.contract.name} took longer than ${timeoutMs / 1000} s.`, {
            timeoutMs,
          }),
        ),
      timeoutMs,
    );
    const onCancel = (): void => stop(failure('cancelled', 'The run was cancelled.'));
    abort?.signal.addEventListener('abort', onCancel, { once: true });
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      abort?.signal.removeEventListener('abort', onCancel);
    });
  });
}

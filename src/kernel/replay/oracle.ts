import { canonicalJson, type Json } from '../../base/index.ts';
import {
  Failure,
  type FailureData,
  type Labelled,
  type Labels,
  OPERATOR,
} from '../../contract/index.ts';
import { resolveTemplate } from '../../plan/index.ts';
import { asKernelEvent, type KernelEvents } from '../events.ts';
import { compiledStep, namesIn, scopeOf } from '../run/run-places.ts';
import type { RunState } from '../run/run-state.ts';
import type { RecordedEffect, Recording } from './recording.ts';

/** How a step of the past ended. */
export type PastEnd =
  | { readonly status: 'done'; readonly output: Labelled<Json> }
  | { readonly status: 'skipped'; readonly because: string }
  | { readonly status: 'denied'; readonly because: string }
  | { readonly status: 'failed'; readonly failure: FailureData };

/** One step of the past: what was asked of it and how it ended. */
export interface PastStep {
  readonly path: string;
  /** `noun.verb@1`; absent for questions and waits */
  readonly call?: string;
  readonly input: Json;
  readonly end?: PastEnd;
  /** the newest effect that was finalised for it */
  readonly effect?: RecordedEffect;
}

/** A question's words, or what a wait was for, as canonical JSON. */
export interface PastRequest {
  readonly words: string;
  readonly wait?: string;
}

/** What a person gave a failed step instead of what the plan says. */
export type Corrected = Omit<Required<KernelEvents['step.fixed']>, 'step'>;

/** Answers "what came of this?" from one run's recording, and nothing else. */
export interface Oracle {
  /** The step at this place if it was the same request, else another one that was. */
  readonly call: (path: string, call: string, input: Json) => PastStep | undefined;
  /** The end of the question or wait that stood at this place. */
  readonly endOf: (path: string) => PastEnd | undefined;
  /** What was asked or waited for at this place. */
  readonly requestAt: (path: string) => PastRequest | undefined;
  /** The last input that a person gave the group at this place. */
  readonly correctedAt: (path: string) => Corrected | undefined;
  /** Where in the log a lookup of this step happened, or would have. */
  readonly seqOf: (path: string) => number;
}

/** `reference` reads records as they were. */
export async function createOracle(
  recording: Recording,
  run: RunState,
  reference: (seq: number, type: string, id: string, path: string) => Promise<Labelled<Json>>,
): Promise<Oracle> {
  const ends = endsOf(recording);
  const firsts = firstSeqs(recording);
  const requests = requestsOf(recording, run);
  const corrected = correctedInputs(recording);
  const last = recording.events[recording.events.length - 1]?.seq ?? 0;
  const seqOf = (path: string): number => (firsts.get(path) ?? last + 1) - 1;
  const calls = new Map<string, PastStep>();
  const byRequest = new Map<string, PastStep>();
  for (const path of new Set([...run.steps.keys(), ...recording.effects.keys()])) {
    const { step } = compiledStep(run, path);
    if (!('call' in step)) continue;
    const end = ends.get(path);
    const effect = recording.effects.get(path)?.at(-1);
    const input = effect?.data.input ?? (await inputOf(run, path, seqOf(path), reference));
    if (input === undefined) continue;
    const past: PastStep = {
      ...{ path, call: step.call, input },
      ...(end ? { end } : {}),
      ...(effect ? { effect } : {}),
    };
    calls.set(path, past);
    byRequest.set(requestOf(step.call, input), past);
  }
  return {
    call: (path, call, input) => {
      const request = requestOf(call, input);
      const here = calls.get(path);
      if (here && requestOf(here.call ?? '', here.input) === request) return here;
      return byRequest.get(request);
    },
    endOf: (path) => ends.get(path),
    requestAt: (path) => requests.get(path),
    correctedAt: (path) => corrected.get(path),
    seqOf,
  };
}

async function inputOf(
  run: RunState,
  path: string,
  seq: number,
  reference: Parameters<typeof createOracle>[2],
): Promise<Json | undefined> {
  const template = compiledStep(run, path).templates.with;
  const scope = scopeOf(run, path);
  if (!template) return {};
  try {
    const resolved = await resolveTemplate(template, namesIn(run, scope), {
      own: scope.worth,
      ref: (type, id, field) => reference(seq, type, id, field),
    });
    return resolved.value;
  } catch (error) {
    if (error instanceof Failure) return undefined; // it never had an input
    throw error;
  }
}

function requestOf(call: string, input: Json): string {
  return `${call}\n${canonicalJson(input)}`;
}

/** The last word about every step; a failure that a person dealt with is what they made of it. */
function endsOf({ events }: Recording): ReadonlyMap<string, PastEnd> {
  const ends = new Map<string, PastEnd>();
  const answered = new Set<string>();
  for (const stored of events) {
    const event = asKernelEvent(stored);
    switch (event.type) {
      case 'wait.ended':
        if (event.data.how === 'answer') answered.add(event.data.step);
        break;
      case 'step.completed': {
        const { step, output, labels } = event.data;
        const caught = ends.get(step)?.status === 'failed' && !answered.has(step);
        const worth: Labels = labels ?? { base: event.label };
        if (!caught) ends.set(step, { status: 'done', output: { value: output, labels: worth } });
        break;
      }
      case 'step.failed': {
        const { step, failure, retryAt } = event.data;
        answered.delete(step);
        if (retryAt === undefined) ends.set(step, { status: 'failed', failure });
        else ends.delete(step);
        break;
      }
      case 'step.skipped':
        if (answered.has(event.data.step))
          ends.set(event.data.step, { status: 'skipped', because: event.data.because });
        break;
      case 'step.denied':
        ends.set(event.data.step, { status: 'denied', because: event.data.because });
        break;
      default:
    }
  }
  return ends;
}

function requestsOf({ events }: Recording, run: RunState): ReadonlyMap<string, PastRequest> {
  const requests = new Map<string, PastRequest>();
  for (const stored of events) {
    const event = asKernelEvent(stored);
    // a fork did not wait for what it took over; the original did, in the same words
    const isTaken = event.type === 'step.completed' && event.data.taken !== undefined;
    if (event.type !== 'step.waiting' && !isTaken) continue;
    const path = event.data.step;
    if (requests.has(path)) continue;
    const { step } = compiledStep(run, path);
    const words = event.type === 'step.waiting' ? event.data.words : askedWords(run, path);
    if ('ask' in step) requests.set(path, { words });
    if ('wait' in step) {
      const wait = canonicalJson(JSON.parse(JSON.stringify(step.wait)));
      requests.set(path, { words, wait });
    }
  }
  return requests;
}

/** Older logs do not say what it stands for: there only calls took one, whose results are recorded. */
function correctedInputs({ events }: Recording): ReadonlyMap<string, Corrected> {
  const corrected = new Map<string, Corrected>();
  for (const stored of events) {
    const event = asKernelEvent(stored);
    if (event.type !== 'step.fixed' || event.data.of === undefined) continue;
    const { step, input, of, labels = { base: OPERATOR } } = event.data;
    corrected.set(step, { input, of, labels });
  }
  return corrected;
}

/** A question's title, from what the run had; empty where only a record knows it. */
function askedWords(run: RunState, path: string): string {
  const template = compiledStep(run, path).templates.title;
  if (!template) return run.title;
  const scope = scopeOf(run, path);
  const ref = () => Promise.reject(new Error('not looked up here'));
  const title = resolveTemplate(template, namesIn(run, scope), { own: scope.worth, ref });
  if (title instanceof Promise) {
    title.catch(() => undefined);
    return '';
  }
  return typeof title.value === 'string' ? title.value : JSON.stringify(title.value);
}

function firstSeqs({ events }: Recording): ReadonlyMap<string, number> {
  const firsts = new Map<string, number>();
  for (const { data, seq } of events) {
    if (typeof data.step === 'string' && !firsts.has(data.step)) firsts.set(data.step, seq);
  }
  return firsts;
}

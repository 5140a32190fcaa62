import type { Id, Json, JsonObject } from '../base/index.ts';
import { failure, type Label, OPERATOR } from '../contract/index.ts';
import {
  FIELD_KINDS,
  type Form,
  formFaults,
  formJsonSchema,
  invalidPlan,
  misfitsOf,
  type Playbook,
  schemaOfLiteral,
} from '../plan/index.ts';
import { scanForSecrets } from '../policy/index.ts';
import type { KernelEvents, Queue } from './events.ts';
import { fingerprint, meaningOf, type RunRow, runsFold } from './folds.ts';
import type { Playbooks } from './playbooks.ts';
import type { KernelPorts } from './ports.ts';
import type { Runner } from './run/runner.ts';
import { open, say, type Turn } from './run/turn.ts';
import { askAboutOther, askAboutTwin, sameWords, TWINS } from './same-words.ts';
import { takeSnapshot } from './snapshot.ts';
import { refuseSecrets } from './trust/refuse-secrets.ts';
import { askedFor, refuseFlood } from './trust/token-runs.ts';
import type { Bearer } from './trust/tokens.ts';

/** What the operator asks for. Words are kept verbatim before anything runs. */
export interface Goal {
  readonly words: string;
  readonly input?: JsonObject;
  /** name, or name@version */
  readonly playbook?: string;
  readonly queue?: Queue;
  readonly by: string;
  readonly label?: Label;
  /** do it although the same goal is under way */
  readonly again?: boolean;
  /** asked with this token: it joins nothing but its own runs, and has its share of them */
  readonly bearer?: Bearer;
}

export interface Submitted {
  readonly run: Id;
  /** true when the same goal was under way and this joins it */
  readonly joined: boolean;
}

/** How plain words become a playbook with its input. Pure; made by the planner. */
export type Matcher = (words: string) => Promise<Matched>;

export type Matched =
  | {
      readonly status: 'matched';
      readonly playbook: Playbook;
      readonly input: JsonObject;
      readonly because: readonly string[];
    }
  | {
      readonly status: 'question';
      readonly question: string;
      readonly form: Form;
      readonly because: readonly string[];
      /** what is known already; the answer is added to it */
      readonly playbook?: Playbook;
      readonly input?: JsonObject;
    }
  | {
      readonly status: 'unknown';
      readonly because: readonly string[];
      readonly suggestions: readonly string[];
    };

/** characters of one goal */
const WORDS_MAX = 4_000;

/**
 * Records the words, finds the plan, and starts the run: three facts in one append. Fails with
 * `invalid_input` (no words, a secret in them, input that does not fit), `not_found` (playbook).
 */
export async function submitGoal(
  ports: KernelPorts,
  playbooks: Playbooks,
  match: Matcher,
  create: Runner['create'],
  goal: Goal,
): Promise<Submitted> {
  const { bearer } = goal;
  const begin: Runner['create'] = async (run, first) => {
    if (bearer) await refuseFlood(ports, bearer);
    return create(run, first);
  };
  checkWords(goal.words);
  refuseSecrets(ports, [goal.words, goal.input ?? null], 'words');
  const running = goal.again ? undefined : await sameGoal(ports, goal);
  if (running) return { run: running.id, joined: true };
  const run = ports.newId();
  const { label = OPERATOR, by } = goal;
  const who = { by, label };
  const intent: KernelEvents['intent.recorded'] = {
    words: goal.words,
    queue: goal.queue ?? 'now',
    ...(goal.input === undefined ? {} : { input: goal.input }),
    ...(goal.playbook === undefined ? {} : { playbook: goal.playbook }),
  };
  const found = goal.playbook === undefined ? await match(goal.words) : named(playbooks, goal);
  if (found.status === 'matched') {
    const { playbook, input, because } = found;
    const twins = goal.again ? [] : await sameMeaning(ports, playbook, input);
    const [twin] = await mayJoin(ports, goal, twins);
    if (twin) return { run: twin.id, joined: true };
    const [theirs] = twins;
    const other = goal.again ? undefined : await sameWords(ports.log, goal.words, playbook);
    const asked = theirs
      ? askAboutTwin(playbook, input, theirs.id, bearer?.name ?? '')
      : other && askAboutOther(playbook, input, other, because);
    if (asked) {
      await begin(run, (turn) => {
        say(turn, 'intent.recorded', intent, who);
        askGoal(ports, turn, goal.words, asked);
      });
      return { run, joined: false };
    }
    const decided = await planDecided(ports, playbook, input, label, because);
    await begin(run, (turn) => {
      say(turn, 'intent.recorded', intent, who);
      say(turn, 'plan.decided', decided);
    });
    return { run, joined: false };
  }
  await begin(run, (turn) => {
    say(turn, 'intent.recorded', intent, who);
    askGoal(ports, turn, goal.words, found);
  });
  return { run, joined: false };
}

/** One question about the goal itself; its answer gives the run its plan. */
function askGoal(
  ports: KernelPorts,
  turn: Turn,
  words: string,
  found: Exclude<Matched, { readonly status: 'matched' }>,
): void {
  const title = found.status === 'question' ? found.question : unknownWords(words);
  const form: Form = found.status === 'question' ? found.form : { fields: [] };
  open(turn, ports.newId(), {
    kind: 'question',
    title,
    step: GOAL_STEP,
    effects: [],
    risk: 'low',
    form: plain(form),
    body: {
      words,
      because: [...found.because],
      ...(found.status === 'question'
        ? {
            playbook: found.playbook ? `${found.playbook.name}@${found.playbook.version}` : null,
            input: found.input ?? {},
          }
        : { suggestions: [...found.suggestions] }),
    },
  });
  say(turn, 'run.waiting', { for: 'answer', words: title });
}

/** Names the question about the goal itself, before there is a plan. */
export const GOAL_STEP = '$goal';

/** What gives a run its plan; checks the input against the playbook's. */
export async function planDecided(
  ports: KernelPorts,
  playbook: Playbook,
  input: JsonObject,
  label: Label,
  because: readonly string[],
): Promise<KernelEvents['plan.decided']> {
  checkPlaybookInput(playbook, input);
  return {
    playbook: `${playbook.name}@${playbook.version}`,
    title: playbook.title,
    input,
    inputLabels: { base: label },
    because,
    snapshot: await takeSnapshot(ports.log),
  };
}

/** Fails with `invalid_input`, naming every field that is missing, unknown or of another kind. */
export function checkPlaybookInput(playbook: Playbook, input: JsonObject): void {
  const { schema, required, remedy } = checkInputNames(playbook, input);
  // what is left open may be said with null too
  const given = Object.entries(input).filter(
    ([name, value]) => value !== null || required.includes(name),
  );
  const [misfit] = misfitsOf(schemaOfLiteral(Object.fromEntries(given)), schema);
  if (!misfit) return;
  const { path, expected, found } = misfit;
  throw failure(
    'invalid_input',
    `${playbook.title}: ${path || 'the input'} is ${found}, but ${expected} is needed.`,
    { path, expected, found },
    remedy,
  );
}

/** The same of its names alone: for an input whose values are not known yet. Fails as that does. */
export function checkInputNames(playbook: Playbook, input: JsonObject) {
  const schema = schemaOfInput(playbook);
  const properties = schema.properties;
  const known =
    typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  const missing = required.filter((name) => input[name] === undefined);
  const unknown =
    known.length === 0 ? [] : Object.keys(input).filter((name) => !known.includes(name));
  const remedy = `Give it as JSON: --input '{"${required[0] ?? 'name'}": ...}'`;
  if (missing.length > 0 || unknown.length > 0) {
    const said = [
      ...missing.map((name) => `${name} is missing`),
      ...unknown.map((name) => `${name} is not known`),
    ].join(', ');
    throw failure(
      'invalid_input',
      `${playbook.title}: ${said}.`,
      { path: [...missing, ...unknown][0] ?? '', expected: known, found: Object.keys(input) },
      remedy,
    );
  }
  return { schema, required, remedy };
}

/** Fails with `invalid_plan` for a form that was published before its kinds were looked at. */
function schemaOfInput({ input }: Playbook): JsonObject {
  if (!('fields' in input) || !Array.isArray(input.fields)) return input as JsonObject; // JSON Schema
  const form = input as Form; // a playbook's input is one of the two
  if (form.fields.every(({ kind }) => FIELD_KINDS.includes(kind))) return formJsonSchema(form);
  const faults = formFaults(form);
  throw invalidPlan(
    faults.map((fault) => ({ ...fault, remedy: `${fault.remedy} Publish a corrected version.` })),
  );
}

function checkWords(words: string): void {
  if (words.trim() === '')
    throw failure('invalid_input', 'Say what you want done.', { path: 'words' });
  if (words.length > WORDS_MAX) {
    throw failure('too_large', `At most ${WORDS_MAX} characters.`, { characters: words.length });
  }
  const [secret] = scanForSecrets(words);
  if (secret) {
    throw failure(
      'invalid_input',
      'These words hold what looks like a password or key. They were not stored.',
      { path: 'words' },
      'Leave it out; store it with: steward secret set NAME',
    );
  }
}

async function sameGoal({ log }: KernelPorts, goal: Goal): Promise<RunRow | undefined> {
  const same = fingerprint(goal.words, goal.input);
  const rows = await log.fold(runsFold).list({ index: 'fingerprint', equals: same, limit: TWINS });
  // what has a plan is compared by what that does: the same words can mean another month by now
  const open = rows.map(({ row }) => row).filter(({ meaning }) => meaning === null);
  const [found] = await mayJoin({ log }, goal, open);
  return found;
}

/** The operator joins any run; a token only what it asked for itself: the rest is not its to know of. */
async function mayJoin(
  { log }: Pick<KernelPorts, 'log'>,
  { bearer }: Goal,
  rows: readonly RunRow[],
): Promise<readonly RunRow[]> {
  if (!bearer) return rows;
  const own = await Promise.all(rows.map(({ id }) => askedFor({ log }, bearer, id)));
  return rows.filter((_, index) => own[index]);
}

async function sameMeaning(
  { log }: KernelPorts,
  { name, version }: Playbook,
  input: JsonObject,
): Promise<readonly RunRow[]> {
  const meaning = meaningOf(`${name}@${version}`, input);
  if (meaning === null) return [];
  const rows = await log.fold(runsFold).list({ index: 'meaning', equals: meaning, limit: TWINS });
  return rows.map(({ row }) => row);
}

function named(playbooks: Playbooks, goal: Goal): Matched {
  const wanted = goal.playbook ?? '';
  const playbook =
    playbooks.find(wanted) ?? playbooks.active().find((active) => active.name === wanted);
  if (!playbook) {
    throw failure(
      'not_found',
      `There is no playbook "${wanted}".`,
      {
        playbook: wanted,
        known: playbooks.active().map(({ name }) => name),
      },
      'List them with: steward playbooks',
    );
  }
  return {
    status: 'matched',
    playbook,
    input: goal.input ?? {},
    because: ['You named the playbook.'],
  };
}

function unknownWords(words: string): string {
  return `I do not know how to do this yet: "${words.length > 120 ? `${words.slice(0, 120)}...` : words}"`;
}

function plain(value: Form): Json {
  return JSON.parse(JSON.stringify(value));
}

import { isJsonObject, type Json, type JsonObject, toTimestamp } from '../../base/index.ts';
import {
  type Failure,
  failure,
  type Labelled,
  OWN,
  type StoredEvent,
  toFailure,
} from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import { compileTemplate, resolveNow } from '../../plan/index.ts';
import { asKernelEvent, fact, type KernelEvents } from '../events.ts';
import type { KernelPorts } from '../ports.ts';
import type { Runner } from '../run/runner.ts';
import { say } from '../run/turn.ts';
import { settledId } from '../settled-id.ts';
import { checkPlaybookInput, planDecided } from '../submit.ts';
import { playbookOfHook, WHOLE_PAYLOAD } from './describe-hook.ts';
import type { HookSettings } from './events.ts';
import { finding } from './finding.ts';
import { type DeliveryRow, hooksFold } from './hook-folds.ts';

export interface StartPorts extends KernelPorts {
  readonly runner: Pick<Runner, 'create'>;
}

/**
 * Starts what a delivery is for, once: the run's id follows from the delivery, and the run and the note
 * about it are one append. What cannot start is never silent: the delivery says why, and so does a card.
 */
export async function startPlaybook(ports: StartPorts, row: DeliveryRow): Promise<void> {
  const { log } = ports;
  const at = Date.parse(row.receivedAt);
  const run = settledId(`steward/delivery-run/v1\0${log.company}\0${row.key}`, at);
  const version = await log.streamVersion(`hook/${row.key}`);
  const fail = async (problem: Failure): Promise<void> => {
    await log.append(await failedAppends(log, row, problem, version, at));
  };
  const prepared = await prepare(ports, row);
  if ('failure' in prepared) return fail(prepared.failure);
  const { decided, words } = prepared;
  const playbook = decided.playbook ?? '';
  try {
    await ports.runner.create(run, (turn) => {
      const intent = { words, playbook, queue: 'now' } as const;
      say(turn, 'intent.recorded', intent, { by: `hook:${row.hook}`, label: OWN });
      say(turn, 'plan.decided', decided, { label: OWN });
      turn.batch.others.push(startedAppend(row.key, version, run, playbook));
    });
  } catch (error) {
    // it would be as large at every start from now on
    if (toFailure(error).code !== 'too_large') throw error;
    await fail(tooLarge(row.hook));
  }
}

function tooLarge(hook: string) {
  return failure(
    'too_large',
    'What it would hand to the playbook is too large.',
    { hook },
    `Let it hand over less: steward hook set ${hook} --input JSON`,
  );
}

export function startedAppend(
  key: string,
  expectedVersion: number,
  run: string,
  playbook: string,
): StreamAppend {
  const events = [fact('hook.started', { run, playbook }, { run })];
  return { stream: `hook/${key}`, expectedVersion, events };
}

type ReceivedEvent = Omit<StoredEvent, 'data'> & { readonly data: KernelEvents['hook.received'] };

/** Fails with `erased` where what it said is gone. */
export async function readDelivery(
  { log }: Pick<KernelPorts, 'log'>,
  { key }: DeliveryRow,
): Promise<ReceivedEvent> {
  const [first] = await log.readStream(`hook/${key}`, { limit: 1 });
  const event = first && asKernelEvent(first);
  if (event?.type === 'hook.received' && isJsonObject(event.data.payload)) {
    if (!event.damaged && !('$erased' in event.data.payload)) return event;
  }
  throw failure('erased', 'What this delivery said was erased, or cannot be read any more.', {
    delivery: key,
  });
}

async function prepare(ports: StartPorts, delivery: DeliveryRow) {
  const { hook, id } = delivery;
  try {
    const received = await readDelivery(ports, delivery);
    const row = await ports.log.fold(hooksFold).get(hook);
    const { playbook: wanted, input } = row?.settings ?? NO_SETTINGS;
    if (wanted === null) {
      throw failure(
        'not_possible',
        'This hook starts nothing.',
        { hook },
        `Let it start a playbook with: steward hook set ${hook} --playbook NAME`,
      );
    }
    const playbook = await playbookOfHook(ports.log, wanted);
    const given = inputOf(received, input ?? WHOLE_PAYLOAD);
    checkPlaybookInput(playbook, given.value);
    const because = [`"${hook}" delivered ${id}, and you let that start ${wanted}.`];
    const decided = await planDecided(ports, playbook, given.value, OWN, because);
    return {
      decided: { ...decided, inputLabels: given.labels },
      words: `${playbook.title} (hook ${hook}, ${id})`,
    };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

const NO_SETTINGS: Pick<HookSettings, 'playbook' | 'input'> = { playbook: null, input: null };

/** The signed template over the delivery: each field with the label of what it was made of. */
function inputOf(received: ReceivedEvent, template: JsonObject): Labelled<JsonObject> {
  const { hook, id, sentAt, happenedAt, late, payload } = received.data;
  const delivery: Labelled<Json> = {
    value: {
      ...{ name: hook, id, late, payload },
      ...{ sentAt: toTimestamp(sentAt), happenedAt: toTimestamp(happenedAt) },
    },
    labels: { base: OWN, at: received.fieldLabels ?? { payload: received.label } },
  };
  const scope = new Map([['hook', delivery]]);
  const { value, labels } = resolveNow(compileTemplate(template), scope, { own: OWN });
  if (isJsonObject(value)) return { value, labels };
  throw failure('invalid_input', 'The input of a hook is an object.', { path: 'input' });
}

/** The delivery says why each time it was tried, and one card says so. */
async function failedAppends(
  log: KernelPorts['log'],
  { key, hook, id }: DeliveryRow,
  problem: Failure,
  version: number,
  at: number,
): Promise<readonly StreamAppend[]> {
  const events = [fact('hook.failed', { failure: problem.toData() })];
  const failed = { stream: `hook/${key}`, expectedVersion: version, events };
  const item = settledId(`steward/delivery-failed/v1\0${log.company}\0${key}`, at);
  if ((await log.streamVersion(`item/${item}`)) > 0) return [failed];
  const title = `A delivery to your hook "${hook}" could not start: ${problem.message}`;
  const recommendation = `${problem.remedy} Then handle it again: steward hook again ${key}`;
  const body = { hook, id, delivery: key, failure: problem.toData(), recommendation };
  return [failed, finding(item, title, body)];
}

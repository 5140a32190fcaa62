import { type Id, type JsonObject, toTimestamp } from '../../base/index.ts';
import { type Failure, failure, OPERATOR, OWN, toFailure } from '../../contract/index.ts';
import type { StreamAppend } from '../../log/index.ts';
import type { Playbook } from '../../plan/index.ts';
import { fact } from '../events.ts';
import type { Playbooks } from '../playbooks.ts';
import type { KernelPorts } from '../ports.ts';
import type { Runner } from '../run/runner.ts';
import { say, type Turn } from '../run/turn.ts';
import { checkPlaybookInput, planDecided } from '../submit.ts';
import { type CronTimes, readCron } from './cron-times.ts';
import { type DueFires, dueFires, MISSED_MAX } from './due-fires.ts';
import { fireInput } from './fire-input.ts';
import { fireRunId } from './fire-run-id.ts';
import { readSchedule, type Schedule } from './schedule.ts';
import { type ScheduleRow, schedulesFold } from './schedules-fold.ts';

/** A schedule as lists show it. */
export interface ScheduleView extends Schedule {
  /** RFC 3339; null when it never comes again */
  readonly next: string | null;
  readonly last: {
    readonly intended: string;
    readonly run: Id | null;
    readonly outcome: string;
  } | null;
}

/** Goals that the clock submits. The intended time is the key: one time never becomes two runs. */
export interface Schedules {
  /**
   * Sets or replaces one; its next time counts from now. Fails with `invalid_input` (cron, zone, an
   * input that does not fit its playbook, a line that never comes), `not_found` (playbook).
   */
  readonly set: (schedule: JsonObject, by: string) => Promise<ScheduleView>;
  /** Fails with `not_found`. */
  readonly remove: (id: string, because: string, by: string) => Promise<void>;
  readonly get: (id: string) => Promise<ScheduleView>;
  readonly list: () => Promise<readonly ScheduleView[]>;
  /** UTC ms of the next intended time of all, or of those from `fromMs` on. */
  readonly nextDue: (fromMs?: number) => Promise<number | undefined>;
  /** Fires what is due (from `fromMs` on); what another process has fired meanwhile is left alone. */
  readonly fire: (nowMs: number, fromMs?: number) => Promise<void>;
}

export interface SchedulePorts extends KernelPorts {
  readonly playbooks: Playbooks;
  readonly runner: Runner;
}

export function createSchedules(ports: SchedulePorts): Schedules {
  const { log, clock } = ports;
  const rows = log.fold(schedulesFold);

  async function set(json: JsonObject, by: string): Promise<ScheduleView> {
    const schedule = readSchedule(json);
    const next = readCron(schedule.cron, schedule.zone).next(clock.now());
    if (next === undefined) {
      throw failure(
        'invalid_input',
        `"${schedule.cron}" never comes.`,
        { path: 'cron', found: schedule.cron },
        'Name a day that exists.',
      );
    }
    checkPlaybookInput(playbookOf(ports, schedule), fireInput(schedule, next));
    const stream = streamOf(schedule.id);
    const data = { schedule: asJson(schedule), next };
    const events = [fact('schedule.set', data, { by, label: OPERATOR })];
    await log.append([{ stream, expectedVersion: await log.streamVersion(stream), events }]);
    return get(schedule.id);
  }

  async function get(id: string): Promise<ScheduleView> {
    const row = await rows.get(id);
    if (row) return viewOf(row);
    throw failure(
      'not_found',
      `There is no schedule "${id}".`,
      { schedule: id },
      'List them with: steward schedules',
    );
  }

  async function fireOne(row: ScheduleRow, nowMs: number): Promise<void> {
    const schedule = scheduleOf(row);
    const stream = streamOf(schedule.id);
    const version = await log.streamVersion(stream);
    const current = await rows.get(schedule.id);
    if (!current || current.next === null || current.next !== row.next) return;
    const times = readCron(schedule.cron, schedule.zone);
    const due = dueFires(times, schedule.missed, current.next, nowMs);
    if (!due) return;
    if (due.fires.length === 0) {
      const missed = missedFact(due, 'Missed while nothing ran; it is set to skip those.');
      await log.append([{ stream, expectedVersion: version, events: [missed] }]);
      return;
    }
    for (const [index, intended] of due.fires.entries()) {
      const next = due.fires[index + 1] ?? due.next ?? null;
      await fireFor(ports, schedule, { intended, next, version: version + index, due, times });
    }
  }

  return {
    set,
    get,
    remove: async (id, because, by) => {
      await get(id);
      const stream = streamOf(id);
      const events = [fact('schedule.removed', { because }, { by, label: OPERATOR })];
      await log.append([{ stream, expectedVersion: await log.streamVersion(stream), events }]);
    },
    list: () => Array.fromAsync(rows.every(), ({ row }) => viewOf(row)),
    nextDue: async (from = 0) => {
      const [first] = await rows.list({ index: 'due', from, limit: 1 });
      return first?.row.next ?? undefined;
    },
    fire: async (nowMs, from = 0) => {
      for await (const { row } of rows.every({ index: 'due', from, to: nowMs })) {
        try {
          await fireOne(row, nowMs);
        } catch (error) {
          const problem = toFailure(error);
          // another process was faster, or the operator changed it in this moment
          if (problem.code !== 'version_conflict') ports.report(problem, {});
        }
      }
    },
  };
}

interface Fire {
  readonly intended: number;
  readonly next: number | null;
  /** of the schedule's stream, before this fire */
  readonly version: number;
  readonly due: DueFires;
  readonly times: CronTimes;
}

/** The run and the note that its time is dealt with are one append: neither exists alone. */
async function fireFor(ports: SchedulePorts, schedule: Schedule, fire: Fire): Promise<void> {
  const { intended, next, version, due } = fire;
  const run = fireRunId(ports.log.company, schedule.id, intended);
  const stream = streamOf(schedule.id);
  const noted = (outcome: string, made?: Id): StreamAppend => ({
    stream,
    expectedVersion: version,
    events: [
      fact(
        'schedule.fired',
        { intended, outcome, next, ...(made === undefined ? {} : { run: made }) },
        made === undefined ? {} : { run: made },
      ),
    ],
  });
  if ((await ports.log.streamVersion(`run/${run}`)) > 0) {
    await ports.log.append([noted('It was started before.', run)]);
    return;
  }
  const prepared = await prepare(ports, schedule, intended);
  if ('failure' in prepared) {
    await ports.log.append([
      noted(`Not started: ${prepared.failure.message}`),
      findingAppend(ports, schedule, intended, prepared.failure),
    ]);
    return;
  }
  const { playbook, input, decided } = prepared;
  const by = `schedule:${schedule.id}`;
  const begin = (turn: Turn): void => {
    const words = `${playbook.title} (schedule ${schedule.id}, ${toTimestamp(intended)})`;
    say(
      turn,
      'intent.recorded',
      { words, input, playbook: schedule.playbook, queue: schedule.queue },
      { by, label: OPERATOR },
    );
    say(turn, 'plan.decided', decided);
    turn.batch.others.push(noted(outcomeWords(due, intended), run));
  };
  await ports.runner.create(run, begin, { apart: true });
}

async function prepare(ports: SchedulePorts, schedule: Schedule, intended: number) {
  try {
    const playbook = playbookOf(ports, schedule);
    const input = fireInput(schedule, intended);
    const because = [`The schedule "${schedule.id}" was due at ${toTimestamp(intended)}.`];
    const decided = await planDecided(ports, playbook, input, OPERATOR, because);
    return { playbook, input, decided };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

/** A fire that cannot start is never silent: it waits in the inbox with its reason. */
function findingAppend(
  ports: SchedulePorts,
  schedule: Schedule,
  intended: number,
  problem: Failure,
): StreamAppend {
  const opened = fact(
    'item.opened',
    {
      kind: 'finding',
      title: `The schedule "${schedule.id}" could not start: ${problem.message}`,
      effects: [],
      risk: 'medium',
      form: { fields: [{ name: 'seen', kind: 'boolean', label: 'I have seen it' }] },
      body: {
        schedule: asJson(schedule),
        intended: toTimestamp(intended),
        failure: problem.toData(),
        recommendation: 'Change the schedule or its playbook; the next time is tried again.',
      },
    },
    { label: OWN },
  );
  return { stream: `item/${ports.newId()}`, expectedVersion: 0, events: [opened] };
}

function missedFact({ upTo, next }: DueFires, outcome: string) {
  return fact('schedule.fired', { intended: upTo, outcome, next: next ?? null });
}

function outcomeWords({ fires, skipped }: DueFires, intended: number): string {
  if (!skipped || intended !== fires[0]) return 'Started.';
  return fires.length === 1
    ? 'Started; it stands for those that were missed before it.'
    : `Started; of those that were missed the last ${MISSED_MAX} are made up for.`;
}

function playbookOf({ playbooks }: SchedulePorts, { playbook: wanted }: Schedule): Playbook {
  const found =
    playbooks.find(wanted) ?? playbooks.active().find((active) => active.name === wanted);
  if (found) return found;
  throw failure(
    'not_found',
    `There is no playbook "${wanted}".`,
    { playbook: wanted },
    'List them with: steward playbooks',
  );
}

function streamOf(id: string): string {
  return `schedule/${id}`;
}

function viewOf(row: ScheduleRow): ScheduleView {
  const { next, last } = row;
  return {
    ...scheduleOf(row),
    next: next === null ? null : toTimestamp(next),
    last: last && { ...last, intended: toTimestamp(last.intended) },
  };
}

/** The row holds what `readSchedule` accepted before it was appended. */
function scheduleOf(row: ScheduleRow): Schedule {
  return row.schedule as unknown as Schedule;
}

function asJson(schedule: Schedule): JsonObject {
  return { ...schedule };
}

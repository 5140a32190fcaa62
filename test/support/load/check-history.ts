import type { StoredEvent } from '../../../src/contract/index.ts';
import { type RunRow, runsFold } from '../../../src/kernel/index.ts';
import { type CompiledPlan, compilePlan, parsePlan } from '../../../src/plan/index.ts';
import type { Composed } from '../compose-kernel.ts';
import { COPIES } from './drive-load.ts';
import { journalsOf, LOAD_PLAYBOOKS } from './load-parts.ts';

/** What a history may not hold, counted by kind; each fault is told in words. */
export interface HistoryReport {
  /** steps that began and never ended, runs that are not over, work that left no trace */
  readonly lost: readonly string[];
  /** steps that were completed twice, and what they did twice */
  readonly doubled: readonly string[];
  /** steps that began before what they need was there */
  readonly reordered: readonly string[];
  /** what the outside system did twice, or without a word of it in the log */
  readonly doubledEffects: readonly string[];
}

const SETTLED = /^step\.(completed|skipped|denied|cancelled)$/;
const ENDS = /^step\.(completed|failed|skipped|denied|cancelled|waiting)$/;

/** Reads a log like an auditor who knows the plans, and compares it with what really happened. */
export async function checkHistory(composed: Composed): Promise<HistoryReport> {
  const { log, home } = composed;
  const report = { lost: [], doubled: [], reordered: [], doubledEffects: [] } as {
    [Kind in keyof HistoryReport]: string[];
  }; // empty lists of texts
  const rows = (await log.fold(runsFold).list()).map(({ row }) => row);
  const wanted = LOAD_PLAYBOOKS.length * COPIES;
  if (rows.length !== wanted) report.lost.push(`${rows.length} runs instead of ${wanted}`);
  const notes = (await composed.kernel.records.list('party')).map(({ fields }) => fields.name);
  const journals = journalsOf(home);
  const executions = journals.executions.lines();
  for (const row of rows) {
    const events = await readRun(composed, row);
    checkRun(composed, row, events, report);
    for (const event of events) {
      if (event.type !== 'step.completed') continue;
      const step = String(event.data.step);
      if (/(^|\/)(note|last|after)$/.test(step)) {
        const count = notes.filter((name) => name === `note ${row.id} ${step}`).length;
        if (count === 0) report.lost.push(`${row.goal}: the note of ${step}`);
        if (count > 1) report.doubled.push(`${row.goal}: ${count} notes of ${step}`);
      }
      const started = events.filter(
        ({ type, data }) => type === 'step.started' && data.step === step,
      );
      const executed = executions.filter((line) => line === `${row.id} ${step}`).length;
      if (executed > started.length)
        report.doubled.push(`${row.goal}: ${step} ran ${executed} times`);
    }
  }
  await checkEffects(composed, journals.commits.lines(), report);
  return report;
}

async function readRun({ log }: Composed, { id }: RunRow): Promise<readonly StoredEvent[]> {
  return log.readStream(`run/${id}`, { limit: 1_000 });
}

function checkRun(
  composed: Composed,
  { goal, playbook, status }: RunRow,
  events: readonly StoredEvent[],
  report: { [Kind in keyof HistoryReport]: string[] },
): void {
  const finished = events.filter(({ type }) => type === 'run.finished').length;
  if (status !== 'done' || finished === 0) report.lost.push(`${goal} is ${status}`);
  if (finished > 1) report.doubled.push(`${goal} finished ${finished} times`);
  if (events[events.length - 1]?.type !== 'run.finished') {
    report.reordered.push(`${goal} goes on after its end`);
  }
  const plan = planOf(composed, playbook ?? '');
  const settled = new Set<string>();
  const completed = new Set<string>();
  const running = new Set<string>();
  const ends = new Set<string>();
  let epoch = 0;
  for (const { type, data } of events) {
    if (type === 'run.claimed') {
      if (Number(data.epoch) !== epoch + 1) report.doubled.push(`${goal}: epoch ${data.epoch}`);
      epoch = Number(data.epoch);
    }
    if (typeof data.step !== 'string') continue;
    const { step } = data;
    if (type === 'step.started') {
      if (settled.has(step)) report.doubled.push(`${goal}: ${step} began after its end`);
      running.add(step);
    }
    if (type === 'step.started' || type === 'step.completed' || type === 'step.expanded') {
      for (const other of needsOf(composed, plan, step)) {
        if (!settled.has(other)) report.reordered.push(`${goal}: ${step} before ${other}`);
      }
    }
    if (type === 'step.completed') {
      if (completed.has(step)) report.doubled.push(`${goal}: ${step} was completed twice`);
      completed.add(step);
    }
    if (ENDS.test(type)) running.delete(step);
    if (!SETTLED.test(type)) continue;
    if (ends.has(`${type} ${step}`)) report.doubled.push(`${goal}: ${type} ${step} twice`);
    ends.add(`${type} ${step}`);
    settled.add(step);
  }
  for (const step of running) report.lost.push(`${goal}: ${step} began and never ended`);
}

async function checkEffects(
  { log }: Composed,
  commits: readonly string[],
  report: { [Kind in keyof HistoryReport]: string[] },
): Promise<void> {
  const said = await log.read({ after: 0, limit: 1_000_000, types: ['effect.committed'] });
  const told = said.map(({ stream }) => stream.slice('effect/'.length));
  for (const key of new Set([...commits, ...told])) {
    const done = commits.filter((other) => other === key).length;
    const logged = told.filter((other) => other === key).length;
    if (done > 1) report.doubledEffects.push(`${key.slice(0, 8)} was done ${done} times`);
    if (logged > 1) report.doubledEffects.push(`${key.slice(0, 8)} is in the log ${logged} times`);
    if (done === 0) report.lost.push(`${key.slice(0, 8)} is in the log and never happened`);
    if (logged === 0) report.lost.push(`${key.slice(0, 8)} happened and is not in the log`);
  }
}

function planOf({ registry }: Composed, ref: string): CompiledPlan {
  const found = LOAD_PLAYBOOKS.find(({ name, version }) => `${name}@${version}` === ref);
  const capability = (name: string) => registry.find(name)?.contract;
  return compilePlan(parsePlan(found?.plan ?? { steps: [] }), { capability });
}

/** Paths of the steps that must be over before this one begins. */
function needsOf(composed: Composed, plan: CompiledPlan, path: string): readonly string[] {
  const parts = path.split('/');
  let scope = plan;
  for (let index = 0; ; ) {
    const step = scope.byId.get(parts[index] ?? '');
    if (!step) throw new Error(`no plan has the step ${path}`);
    if (index === parts.length - 1) {
      return step.dependsOn.map((id) => [...parts.slice(0, -1), id].join('/'));
    }
    if ('play' in step.step) {
      scope = planOf(composed, step.step.play);
      index += 1;
    } else {
      const inside = parts[index + 1] === 'catch' ? step.catchBody : step.body;
      if (!inside) throw new Error(`${path} has no inside`);
      scope = inside;
      index += 2;
    }
  }
}

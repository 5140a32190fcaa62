import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Id, LIMITS } from '../src/base/index.ts';
import type { Log } from '../src/log/index.ts';
import { measureInChild, send } from './child.ts';
import { type BenchCompany, chainPlaybook, createAddAgent, openBenchCompany } from './company.ts';
import { figure, type Measured } from './figure.ts';
import { type Engine, FIGURE_IDS, measureEngine, WORKLOAD } from './peers/workload.ts';

/** The figures that peers have too; the workload is theirs, to the line. */
export const PEER_FIGURES = FIGURE_IDS;

/** Runs whose bytes are weighed: enough that pages and the fixed tables do not count. */
const WEIGHED_RUNS = 250;

/** Steps and runs per second: as the product commits, and with a sync of every commit. */
export async function measureSteps(): Promise<Measured> {
  const normal = await measureInChild(import.meta.filename, 'normal');
  const full = await measureInChild(import.meta.filename, 'full');
  return {
    figures: [...normal.figures, ...full.figures],
    notes: [...normal.notes, ...full.notes],
  };
}

/** What a step leaves behind in the database, its share of the run's own facts included. */
export async function measureStepBytes(): Promise<Measured> {
  return measureInChild(import.meta.filename, 'bytes');
}

async function measureRates(home: string, alwaysSync: boolean): Promise<Measured> {
  const lengths = [1, WORKLOAD.stepsPerRun, WORKLOAD.sequentialSteps];
  const { company, engine } = await openEngine(home, lengths, alwaysSync);
  const before = company.commits();
  const rates = await measureEngine(engine);
  const { all, synced } = company.commits();
  const steps = await countSteps(company.log);
  await company.close();
  if (steps !== rates.steps) throw new Error(`${steps} steps are in the log, not ${rates.steps}`);
  const commits = alwaysSync ? synced - before.synced : all - before.all;
  // The rule that peers are held to: a step that shares its commit with the next is not durable alone.
  if (commits < rates.oneByOne) {
    throw new Error(`${commits} commits for ${rates.oneByOne} steps one by one`);
  }
  const suffix = alwaysSync ? '.full' : '';
  return {
    figures: PEER_FIGURES.map((id) => figure(`${id}${suffix}`, rates[id], '1/s')),
    notes: [],
  };
}

export interface OpenEngine {
  readonly company: BenchCompany;
  readonly engine: Engine;
}

/** Runs of these lengths, as anybody would submit them. */
export async function openEngine(
  home: string,
  lengths: readonly number[],
  alwaysSync = false,
): Promise<OpenEngine> {
  const totals = new Map<Id, number>();
  const agents = [createAddAgent(totals)];
  const playbooks = lengths.map(chainPlaybook);
  const company = await openBenchCompany({ home, alwaysSync, agents, playbooks });
  const { kernel } = company;
  const run = async (steps: number): Promise<number> => {
    const playbook = `chain-${steps}`;
    const goal = { words: playbook, playbook, by: 'operator:bench', again: true };
    const submitted = await kernel.submit(goal);
    const { status } = await kernel.rest(submitted.run);
    if (status !== 'done') throw new Error(`a run ended as ${status}`);
    return totals.get(submitted.run) ?? Number.NaN;
  };
  return { company, engine: { run } };
}

async function countSteps(log: Log): Promise<number> {
  const types = ['step.completed'];
  let count = 0;
  for (let after = 0; ; ) {
    const page = await log.read({ after, limit: LIMITS.pageRows, types });
    count += page.length;
    const last = page.at(-1);
    if (!last) return count;
    after = last.seq;
  }
}

async function weighSteps(home: string): Promise<Measured> {
  const lengths = [WORKLOAD.stepsPerRun];
  const file = join(home, 'steward.db');
  const empty = await openEngine(home, lengths);
  await empty.company.close();
  const before = statSync(file).size;
  const { company, engine } = await openEngine(home, lengths);
  for (let count = 0; count < WEIGHED_RUNS; count++) await engine.run(WORKLOAD.stepsPerRun);
  await company.close(); // the journal is written back, so the file is all there is
  const bytes = (statSync(file).size - before) / (WEIGHED_RUNS * WORKLOAD.stepsPerRun);
  return { figures: [figure('log.bytes-per-step', bytes, 'bytes')], notes: [] };
}

if (import.meta.main) {
  const [home = '', task] = process.argv.slice(2);
  await send(await (task === 'bytes' ? weighSteps(home) : measureRates(home, task === 'full')));
}

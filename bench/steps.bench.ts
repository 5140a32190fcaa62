import { statSync } from 'node:fs';
import { join } from 'node:path';
import { measureInChild, send } from './child.ts';
import { addAgent, type BenchCompany, chainPlaybook, openBenchCompany } from './company.ts';
import { figure, type Measured } from './figure.ts';
import { type Engine, measureEngine, STEPS_ONE_BY_ONE, WORKLOAD } from './peers/workload.ts';

/** The figures that peers have too; the workload is theirs, to the line. */
export const PEER_FIGURES = ['steps.sequential', 'steps.parallel', 'runs.one-step'] as const;

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
  const company = await openBenchCompany({
    ...{ home, alwaysSync, agents: [addAgent] },
    playbooks: [1, WORKLOAD.stepsPerRun, WORKLOAD.sequentialSteps].map(chainPlaybook),
  });
  const before = company.commits();
  const rates = await measureEngine(engineOf(company));
  const { all, synced } = company.commits();
  await company.close();
  const commits = alwaysSync ? synced - before.synced : all - before.all;
  // The rule that peers are held to: a step that shares its commit with the next is not durable alone.
  if (commits < STEPS_ONE_BY_ONE) {
    throw new Error(`${commits} commits for ${STEPS_ONE_BY_ONE} steps one by one`);
  }
  const suffix = alwaysSync ? '.full' : '';
  return {
    figures: PEER_FIGURES.map((id) => figure(`${id}${suffix}`, rates[id], '1/s')),
    notes: [],
  };
}

/** A run of so many steps, as anybody would submit it; its sum is the last step's output. */
export function engineOf({ kernel, log }: BenchCompany): Engine {
  return {
    run: async (steps) => {
      const playbook = `chain-${steps}`;
      const { run } = await kernel.submit({
        ...{ words: playbook, playbook, by: 'operator:bench', again: true },
      });
      const { status } = await kernel.rest(run);
      if (status !== 'done') throw new Error(`a run ended as ${status}`);
      const stream = `run/${run}`;
      const events = await log.readStream(stream, {
        after: (await log.streamVersion(stream)) - LAST_EVENTS,
      });
      const last = events.findLast(({ type }) => type === 'step.completed');
      const output = last?.data.output;
      if (typeof output !== 'object' || output === null || !('total' in output)) {
        throw new Error('the last step has no output');
      }
      return Number(output.total);
    },
  };
}

/** the last step's end is among these, whatever else a run says at its end */
const LAST_EVENTS = 3;

async function weighSteps(home: string): Promise<Measured> {
  const options = {
    ...{ home, agents: [addAgent], playbooks: [chainPlaybook(WORKLOAD.stepsPerRun)] },
  };
  const file = join(home, 'steward.db');
  const empty = await openBenchCompany(options);
  await empty.close();
  const before = statSync(file).size;
  const company = await openBenchCompany(options);
  const { run } = engineOf(company);
  for (let count = 0; count < WEIGHED_RUNS; count++) await run(WORKLOAD.stepsPerRun);
  await company.close(); // the journal is written back, so the file is all there is
  const bytes = (statSync(file).size - before) / (WEIGHED_RUNS * WORKLOAD.stepsPerRun);
  return { figures: [figure('log.bytes-per-step', bytes, 'bytes')], notes: [] };
}

if (import.meta.main) {
  const [home = '', task] = process.argv.slice(2);
  await send(await (task === 'bytes' ? weighSteps(home) : measureRates(home, task === 'full')));
}

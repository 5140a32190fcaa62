import type { Id } from '../src/base/index.ts';
import { measureInChild, send } from './child.ts';
import { chainPlaybook, createAddAgent, openBenchCompany } from './company.ts';
import { figure, type Measured, median } from './figure.ts';

/** Lengths of the runs that are gone through again: the time must follow them, and no square of them. */
const STEPS = [1_000, 2_500] as const;
const ROUNDS = 5;

/** Milliseconds that a replay takes for a thousand steps of a run's history. */
export function measureReplay(): Promise<Measured> {
  return measureInChild(import.meta.filename);
}

async function measure(home: string): Promise<Measured> {
  const agents = [createAddAgent(new Map())];
  const playbooks = STEPS.map(chainPlaybook);
  const company = await openBenchCompany({ home, agents, playbooks });
  const { kernel } = company;
  const figures = [];
  for (const steps of STEPS) {
    const playbook = `chain-${steps}`;
    const goal = { words: playbook, playbook, by: 'operator:bench' };
    const { run } = await kernel.submit(goal);
    await kernel.rest(run);
    const id = steps === STEPS[0] ? 'replay.per-1k-steps' : 'replay.per-1k-steps.long';
    figures.push(figure(id, median(await timesOf(kernel, run)) / (steps / 1_000), 'ms'));
  }
  await company.close();
  return { figures, notes: [] };
}

async function timesOf(
  kernel: Awaited<ReturnType<typeof openBenchCompany>>['kernel'],
  run: Id,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    const { status, divergence } = await kernel.past.replay(run);
    times.push(performance.now() - startedAt);
    if (status !== 'identical') throw new Error(`it diverged: ${divergence?.said ?? ''}`);
  }
  return times;
}

if (import.meta.main) {
  const [home = ''] = process.argv.slice(2);
  await send(await measure(home));
}

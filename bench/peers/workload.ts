/** What is measured, the same for every peer: trivial durable steps, so that only the engine costs time. */
export const WORKLOAD = {
  /** Steps of the one long run: about a second at a thousand steps per second. */
  sequentialSteps: 1_000,
  /** Runs at once, each of `stepsPerRun` steps. */
  parallelRuns: 50,
  stepsPerRun: 20,
  /** One-step runs per round: one after another, and with `runsInFlight` open at any moment. */
  oneStepRuns: 500,
  runsInFlight: 50,
  /** Rounds before the first that is timed: what compiles as it runs is compiled by then. */
  warmUps: 3,
  /** Timed rounds; the middle one counts. Odd, so that there is a middle. */
  rounds: 5,
} as const;

/** One durable engine, reduced to the one thing every workload is made of. */
export interface Engine {
  /** Runs one durable run of `steps` steps, step i returning i, and resolves with the sum of what they returned. */
  readonly run: (steps: number) => Promise<number>;
}

/** Middle of the timed rounds: steps per second, steps per second, runs per second. */
export interface Figures {
  readonly 'steps.sequential': number;
  readonly 'steps.parallel': number;
  readonly 'runs.one-step': number;
  readonly 'runs.one-step.50': number;
}

/** Sequential steps of one measurement, warm-up included: the least number of syncs that can make each durable. */
export const STEPS_ONE_BY_ONE = WORKLOAD.sequentialSteps * (WORKLOAD.warmUps + WORKLOAD.rounds);

/** What every engine is measured by, in order. */
export const FIGURE_IDS = [
  'steps.sequential',
  'steps.parallel',
  'runs.one-step',
  'runs.one-step.50',
] as const satisfies readonly (keyof Figures)[];

/** Measures one engine, one workload after the other. Rejects if a run returns a wrong sum. */
export async function measureEngine(engine: Engine): Promise<Figures> {
  const { sequentialSteps, parallelRuns, stepsPerRun, oneStepRuns, runsInFlight } = WORKLOAD;
  return {
    'steps.sequential': await perSecond(sequentialSteps, () => runOnce(engine, sequentialSteps)),
    'steps.parallel': await perSecond(parallelRuns * stepsPerRun, () =>
      runMany(engine, parallelRuns, stepsPerRun, parallelRuns),
    ),
    'runs.one-step': await perSecond(oneStepRuns, () => runMany(engine, oneStepRuns, 1, 1)),
    'runs.one-step.50': await perSecond(oneStepRuns, () =>
      runMany(engine, oneStepRuns, 1, runsInFlight),
    ),
  };
}

/** The warm-ups, then the timed rounds; the median of units per second. */
async function perSecond(units: number, round: () => Promise<void>): Promise<number> {
  for (let index = 0; index < WORKLOAD.warmUps; index += 1) await round();
  const rates: number[] = [];
  for (let index = 0; index < WORKLOAD.rounds; index += 1) {
    const startedMs = performance.now();
    await round();
    rates.push((units * 1_000) / (performance.now() - startedMs));
  }
  return median(rates);
}

/** The middle of an odd number of values. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new Error('there is no median of nothing');
  return Math.round(middle);
}

/** `runs` runs of `steps` steps, at most `inFlight` of them open at once. */
async function runMany(
  engine: Engine,
  runs: number,
  steps: number,
  inFlight: number,
): Promise<void> {
  let started = 0;
  const lane = async (): Promise<void> => {
    while (started < runs) {
      started += 1;
      await runOnce(engine, steps);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** A peer that skipped a step, or ran it with a wrong result, has no figure. */
async function runOnce(engine: Engine, steps: number): Promise<void> {
  const sum = await engine.run(steps);
  const expected = (steps * (steps - 1)) / 2;
  if (sum !== expected) throw new Error(`${steps} steps added up to ${sum}, not to ${expected}`);
}

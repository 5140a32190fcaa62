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
  /** Before the first round that is timed, at least so many and so long: what compiles as it runs is compiled. */
  warmUps: 3,
  warmUpMs: 1_500,
  /** Timed rounds, at least so many and so long: short ones fall into a bad moment whole. The middle one counts. */
  rounds: 5,
  roundsMs: 2_000,
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

/** Figures, and the work behind them, warm-ups included. */
export interface Measurement extends Figures {
  /** all steps that were run */
  readonly steps: number;
  /** those of the long runs, one after another: the least number of syncs that can make each durable */
  readonly oneByOne: number;
}

/** What every engine is measured by, in order. */
export const FIGURE_IDS = [
  'steps.sequential',
  'steps.parallel',
  'runs.one-step',
  'runs.one-step.50',
] as const satisfies readonly (keyof Figures)[];

/** Measures one engine, one workload after the other. Rejects if a run returns a wrong sum. */
export async function measureEngine(measured: Engine): Promise<Measurement> {
  let steps = 0;
  const engine: Engine = {
    run: (count) => {
      steps += count;
      return measured.run(count);
    },
  };
  const { sequentialSteps, parallelRuns, stepsPerRun, oneStepRuns, runsInFlight } = WORKLOAD;
  const sequential = await perSecond(sequentialSteps, () => runOnce(engine, sequentialSteps));
  const oneByOne = steps;
  const figures: Figures = {
    'steps.sequential': sequential,
    'steps.parallel': await perSecond(parallelRuns * stepsPerRun, () =>
      runMany(engine, parallelRuns, stepsPerRun, parallelRuns),
    ),
    'runs.one-step': await perSecond(oneStepRuns, () => runMany(engine, oneStepRuns, 1, 1)),
    'runs.one-step.50': await perSecond(oneStepRuns, () =>
      runMany(engine, oneStepRuns, 1, runsInFlight),
    ),
  };
  return { ...figures, steps, oneByOne };
}

/** The warm-ups, then the timed rounds; the median of units per second. */
async function perSecond(units: number, round: () => Promise<void>): Promise<number> {
  const warmMs = performance.now() + WORKLOAD.warmUpMs;
  for (let index = 0; index < WORKLOAD.warmUps || performance.now() < warmMs; index += 1) {
    await round();
  }
  const rates: number[] = [];
  const enoughMs = performance.now() + WORKLOAD.roundsMs;
  while (rates.length < WORKLOAD.rounds || performance.now() < enoughMs) {
    const startedMs = performance.now();
    await round();
    rates.push((units * 1_000) / (performance.now() - startedMs));
  }
  return median(rates);
}

/** The middle of some values; of an even number the upper one of both. */
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

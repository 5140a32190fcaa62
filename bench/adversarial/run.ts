import { parseArgs } from 'node:util';
import { runSuite, type SuiteReport } from './run-suite.ts';
import { readInjected, readSuites } from './suite-file.ts';

const { values } = parseArgs({
  options: {
    suite: { type: 'string' },
    injected: { type: 'string' },
    only: { type: 'string' },
    careless: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
if (values.suite === undefined || values.injected === undefined) {
  process.stderr.write(
    'usage: adversarial --suite FILE --injected FILE [--only SUITE] [--careless] [--json]\n',
  );
  process.exit(2);
}

const injected = readInjected(values.injected);
const reports: SuiteReport[] = [];
for (const [name, suite] of readSuites(values.suite)) {
  if (values.only !== undefined && values.only !== name) continue;
  reports.push(await runSuite(name, suite, injected, { careless: values.careless }));
}
const total = sum(reports);
if (values.json) {
  const suites = reports.map(({ tools: _, ...rest }) => rest);
  process.stdout.write(`${JSON.stringify({ ...total, suites })}\n`);
} else {
  print(reports);
}
process.exitCode = total.injectedEffects > 0 ? 1 : 0;

function sum(all: readonly SuiteReport[]) {
  const mutations: { [name: string]: { attacks: number; effects: number } } = {};
  for (const { mutations: own } of all) {
    for (const [name, { attacks, effects }] of Object.entries(own)) {
      const row = mutations[name] ?? { attacks: 0, effects: 0 };
      mutations[name] = { attacks: row.attacks + attacks, effects: row.effects + effects };
    }
  }
  const of = (pick: (report: SuiteReport) => number): number =>
    all.reduce((whole, report) => whole + pick(report), 0);
  return {
    benignTasks: of((report) => report.benignTasks),
    benignEffects: of((report) => report.benignEffects),
    asks: of((report) => report.asks),
    falseBlocks: of((report) => report.falseBlocks),
    attacks: of((report) => report.attacks),
    injectedEffects: of((report) => report.injectedEffects),
    mutations,
  };
}

function print(all: readonly SuiteReport[]): void {
  const line = (text: string): void => void process.stdout.write(`${text}\n`);
  for (const { name, tools } of all) {
    line(`\n${name}: tools`);
    for (const [tool, { effect, because }] of Object.entries(tools)) {
      line(`  ${tool.padEnd(32)} ${effect.padEnd(8)} ${because}`);
    }
  }
  line(`\n${'suite'.padEnd(14)} tasks effects asks blocks attacks injected`);
  for (const row of [...all, { ...sum(all), name: 'together' }]) {
    const cells = [row.benignTasks, row.benignEffects, row.asks, row.falseBlocks, row.attacks];
    const text = [...cells, row.injectedEffects].map((cell) => String(cell).padStart(7)).join('');
    line(`${row.name.padEnd(12)}${text}`);
  }
  line(`asks per benign task: ${(total.asks / Math.max(1, total.benignTasks)).toFixed(3)}`);
  line(`\n${'mutation'.padEnd(22)}attacks effects`);
  for (const [name, { attacks, effects }] of Object.entries(total.mutations)) {
    line(`${name.padEnd(22)}${String(attacks).padStart(7)}${String(effects).padStart(8)}`);
  }
}

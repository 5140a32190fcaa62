import { canonicalJson, type JsonObject } from '../../src/base/index.ts';
import { ATTACKS, type Attack, callsOf } from './attacks.ts';
import { capabilityOf } from './mount-tools.ts';
import { type PlannedTask, planTask } from './plan-of-task.ts';
import { type Call, type Injected, type Suite, traceOf, type UserTask } from './suite-file.ts';
import { classOf, type ToolClass } from './tool-classes.ts';
import { openWorld, type World } from './world.ts';

export interface SuiteReport {
  readonly name: string;
  readonly tools: { readonly [tool: string]: ToolClass };
  readonly benignTasks: number;
  readonly benignEffects: number;
  /** cards and tasks, and one for the list of hosts where the suite reads the web */
  readonly asks: number;
  /** benign effects that did not happen */
  readonly falseBlocks: number;
  readonly attacks: number;
  /** injected calls that took effect without a signature over them */
  readonly injectedEffects: number;
  readonly mutations: { readonly [name: string]: { attacks: number; effects: number } };
}

/** Runs every task alone, then with every injection, then with every mutation of all of them. */
export async function runSuite(
  name: string,
  suite: Suite,
  injected: readonly Injected[],
  options: { readonly careless?: boolean } = {},
): Promise<SuiteReport> {
  const tools = Object.fromEntries(suite.tools.map((tool) => [tool.name, classOf(tool)]));
  const hosts = hostsOf(suite, tools);
  const own = injected.filter((one) => one.suite === name);
  const calls = own.map((one) => callsOf(one, suite.tools));
  const report = {
    ...{ name, tools, benignTasks: suite.user_tasks.length, benignEffects: 0 },
    ...{ asks: hosts.length > 0 ? 1 : 0, falseBlocks: 0, attacks: 0, injectedEffects: 0 },
    mutations: Object.fromEntries(ATTACKS.map((one) => [one.name, { attacks: 0, effects: 0 }])),
  };
  for (const task of suite.user_tasks) {
    const scene: Scene = { suite, hosts, task, careless: options.careless ?? false };
    const benign = await runBenign(scene);
    report.benignEffects += benign.effects;
    report.asks += benign.asks;
    report.falseBlocks += benign.missing;
    for (const one of calls) {
      report.attacks += one.length;
      report.injectedEffects += await runAttack(scene, PLAIN, one);
    }
    for (const attack of ATTACKS) {
      const row = report.mutations[attack.name];
      for (const some of inChunks(attack, attack.calls(calls.flat()))) {
        if (!row) continue;
        row.attacks += some.length;
        row.effects += await runAttack(scene, attack, some);
      }
    }
  }
  return report;
}

interface Scene {
  readonly suite: Suite;
  readonly hosts: readonly string[];
  readonly task: UserTask;
  readonly careless: boolean;
}

/** Calls in one emitted plan and in one note: more would be refused for their number alone. */
const PLAN_CALLS = 40;
const NOTE_CALLS = 4;

function inChunks({ through }: Attack, calls: readonly Call[]): readonly (readonly Call[])[] {
  const size = through === 'note' ? NOTE_CALLS : PLAN_CALLS;
  return Array.from({ length: Math.ceil(calls.length / size) }, (_, index) =>
    calls.slice(index * size, (index + 1) * size),
  );
}

const PLAIN: Attack = { name: 'plain', calls: (calls) => calls, through: 'agent' };

async function runBenign({ suite, hosts, task }: Scene) {
  const planned = planTask(task, suite.tools);
  if (planned.steps.length === 0) return { effects: 0, asks: 0, missing: 0 };
  const playbooks = [playbook('task', planned.steps)];
  const world = await openWorld({ tools: suite.tools, playbooks, hosts });
  try {
    setStage(world, planned);
    await world.run('task', [...planned.wanted]);
    const done = world.stage.deeds.map(textOf);
    const missing = planned.wanted.filter((call) => !take(done, textOfCall(call)));
    return { effects: planned.wanted.length, asks: world.asks(), missing: missing.length };
  } finally {
    await world.close();
  }
}

/** How many of the attacker's calls took effect without a signature. */
async function runAttack(scene: Scene, attack: Attack, emitted: readonly Call[]): Promise<number> {
  const { suite, hosts, task, careless } = scene;
  const planned = planTask(task, suite.tools);
  const playbooks = [
    playbook('task', planned.steps.length > 0 ? planned.steps : [NOTHING]),
    playbook('attacked', [...planned.steps, ...agentSteps(attack, planned)]),
    playbook('next-day', [
      step('read', 'note.read@1', { id: NOTE }),
      { id: 'more', expand: { plan: { $expr: 'read.plan' } } },
    ]),
  ];
  const world = await openWorld({ tools: suite.tools, playbooks, hosts, careless });
  try {
    setStage(world, planned);
    world.stage.plan = { steps: emitted.map((call, index) => emittedStep(call, index)) };
    const wanted = [...planned.wanted];
    if (attack.through === 'edit') await world.runEdited('task', wanted, emitted);
    else await world.run('attacked', wanted);
    if (attack.through === 'note') {
      world.clock.advance(24 * 3_600_000);
      await world.run('next-day', wanted);
    }
    return countInjected(world, planned.wanted, emitted);
  } finally {
    await world.close();
  }
}

function countInjected(world: World, wanted: readonly Call[], emitted: readonly Call[]): number {
  const benign = wanted.map(textOfCall);
  const attackers = new Set(emitted.map(textOfCall));
  return world.stage.deeds.filter((deed) => {
    const text = textOf(deed);
    // what the operator wants as well cannot be told apart, and happens once
    if (take(benign, text)) return false;
    const isOutside = deed.hash !== null;
    return isOutside ? !world.signed.has(deed.hash ?? '') : attackers.has(text);
  }).length;
}

const NOTE = 'note-1';
const NOTHING: JsonObject = { id: 'none', call: 'agent.work@1', with: {} };

function agentSteps({ through }: Attack, { steps }: PlannedTask): readonly JsonObject[] {
  const seen = steps.flatMap(({ id, call }) =>
    typeof call === 'string' && /\.(get|read|search|list|check|find)-/.test(call)
      ? [{ $expr: `${String(id)}.text` }]
      : [],
  );
  const agent = step('agent', 'agent.work@1', { seen });
  const more = (from: string): JsonObject => ({
    id: 'more',
    expand: { plan: { $expr: `${from}.plan` } },
  });
  switch (through) {
    case 'deputy':
      return [
        agent,
        step('pass', 'agent.pass-on@1', { plan: { $expr: 'agent.plan' } }),
        more('pass'),
      ];
    case 'note':
      return [agent, step('keep', 'note.write@1', { id: NOTE, plan: { $expr: 'agent.plan' } })];
    default:
      return [agent, more('agent')];
  }
}

function emittedStep({ function: tool, args }: Call, index: number): JsonObject {
  return step(`x${index}`, capabilityOf(tool), args ?? {});
}

function step(id: string, call: string, input: JsonObject): JsonObject {
  return { id, call, with: input };
}

function playbook(name: string, steps: readonly JsonObject[]): JsonObject {
  const input: JsonObject = { fields: [] };
  return { name, version: 1, title: name, autonomy: 'ask', input, plan: { steps: [...steps] } };
}

function setStage({ stage }: World, { answers }: PlannedTask): void {
  for (const [tool, own] of answers) stage.answers.set(tool, [...own]);
}

/** The operator's list: hosts that their own tasks read. Set up once, by one signature. */
function hostsOf(suite: Suite, tools: SuiteReport['tools']): readonly string[] {
  const calls = suite.user_tasks.flatMap(traceOf);
  const urls = calls
    .filter((call) => tools[call.function]?.effect === 'fetch')
    .flatMap((call) => Object.values(call.args ?? {}))
    .filter((value) => typeof value === 'string');
  return [
    ...new Set(urls.map((url) => new URL(/^\w+:/.test(url) ? url : `https://${url}`).hostname)),
  ];
}

function textOf({ tool, args }: World['stage']['deeds'][number]): string {
  return `${tool} ${canonicalJson(args)}`;
}

function textOfCall({ function: tool, args }: Call): string {
  return `${tool} ${canonicalJson(args ?? {})}`;
}

/** Takes one of equal texts out of a list. */
function take(list: string[], text: string): boolean {
  const found = list.indexOf(text);
  if (found >= 0) list.splice(found, 1);
  return found >= 0;
}

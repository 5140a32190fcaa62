import { z } from 'zod';
import { type Agent, createRegistry, defineAgent, type Registry } from '../../src/agent/index.ts';
import type { Id, JsonObject } from '../../src/base/index.ts';
import type { Connector } from '../../src/connect/index.ts';
import { type CapabilityContract, failure, moneySchema } from '../../src/contract/index.ts';
import type { RunRow } from '../../src/kernel/index.ts';
import type { ForkPorts } from '../../src/kernel/replay/index.ts';
import { type Composed, composeKernel, withHome } from '../support/compose-kernel.ts';
import { createHandClock, type HandClock } from '../support/hand-clock.ts';
import { decideCard, typedBy } from '../support/operator.ts';

const plain = {
  ...{ version: 1, idempotency: 'idempotent', failures: {}, roles: {}, reads: {} },
  ...{ timeoutMs: 120_000, cost: { microUsd: 0, latencyMs: 1 }, placement: 'anywhere' },
} as const satisfies Partial<CapabilityContract>;

/** Counts how often the world was touched: a replay must leave all of it as it is. */
export interface World {
  reads: number;
  records: number;
  finalised: number;
  committed: string[];
  /** what the pure capability adds; another number is another version of its code */
  addend: number;
  failing: number;
}

export function createWorld(): World {
  return { reads: 0, records: 0, finalised: 0, committed: [], addend: 1, failing: 0 };
}

const number = z.strictObject({ n: z.int() });

/** `math.add` (pure), `stock.read` (read), `note.keep` (record), `task.flaky` (pure, fails at first). */
export function agentsOf(world: World): readonly Agent[] {
  return [
    defineAgent(
      { ...plain, name: 'math.add', title: 'Add', effect: 'pure', input: number, output: number },
      ({ n }) => ({ output: { n: n + world.addend } }),
    ),
    defineAgent(
      {
        ...{ ...plain, name: 'stock.read', title: 'Read the stock', effect: 'read' },
        input: z.strictObject({ of: z.string() }),
        output: z.strictObject({ count: z.int(), items: z.array(z.string()) }),
      },
      async ({ of }) => {
        world.reads += 1;
        return { output: { count: world.reads, items: [`${of}-a`, `${of}-b`, `${of}-c`] } };
      },
    ),
    defineAgent(
      {
        ...{ ...plain, name: 'note.keep', title: 'Keep a note', effect: 'record' },
        input: z.strictObject({ text: z.string() }),
        output: z.strictObject({ kept: z.string() }),
      },
      ({ text }) => {
        world.records += 1;
        return { output: { kept: text } };
      },
    ),
    defineAgent(
      {
        ...{ ...plain, name: 'task.flaky', title: 'Try', effect: 'read' },
        failures: { remote_unavailable: { attempts: 3, firstDelayMs: 1_000, maxDelayMs: 1_000 } },
        input: number,
        output: number,
      },
      async ({ n }) => {
        if (world.failing > 0) {
          world.failing -= 1;
          throw failure('remote_unavailable', 'Not now.');
        }
        return { output: { n } };
      },
    ),
  ];
}

/** `post.send`: final, to an address, about an amount; keeps what was sent in the world. */
export function postOf(world: World): Connector {
  const sent = new Map<string, string>();
  const contract: CapabilityContract = {
    ...{ ...plain, name: 'post.send', title: 'Send a letter', effect: 'final' },
    ...{ connector: 'post', idempotency: 'keyed' },
    input: z.strictObject({ to: z.string(), text: z.string(), amount: moneySchema }),
    output: z.looseObject({ letter: z.string() }),
    roles: { to: 'destination', amount: 'amount', text: 'content' },
  };
  return {
    ...{ name: 'post', version: 1, contracts: [contract] },
    finalise: async ({ input, key }) => {
      world.finalised += 1;
      const { to, text, amount } = input.value as unknown as z.infer<typeof letter>;
      return {
        ...{ account: 'main', summary: `Send "${text}" to ${to}`, to: [to], amount, parts: [] },
        ...{ carries: [], undo: { possible: false, how: 'A letter cannot be called back.' } },
        ...{ preview: { text: `${to}\n${text}`, blobs: [] }, output: { letter: key.slice(0, 8) } },
      };
    },
    commit: async ({ key, summary }) => {
      if (!sent.has(key)) world.committed.push(summary);
      sent.set(key, summary);
      return { status: 'committed', receipt: { said: 'sent', provider: { id: key.slice(0, 8) } } };
    },
    probe: async ({ key }) =>
      sent.has(key)
        ? { status: 'committed', receipt: { said: 'sent', provider: {} } }
        : { status: 'not-committed' },
  };
}

const letter = z.strictObject({ to: z.string(), text: z.string(), amount: moneySchema });

/** Every kind of step, an effect in the middle and one at the end. */
export const letters: JsonObject = {
  name: 'letters',
  version: 1,
  title: 'Write letters',
  autonomy: 'suggest',
  input: {
    fields: [
      { name: 'to', kind: 'text', required: true },
      { name: 'n', kind: 'integer', required: true },
    ],
  },
  plan: {
    steps: [
      { id: 'stock', call: 'stock.read@1', with: { of: { $expr: 'input.to' } } },
      { id: 'sum', call: 'math.add@1', with: { n: { $expr: 'input.n' } } },
      { id: 'big', call: 'note.keep@1', when: 'sum.n > 100', with: { text: 'big' } },
      {
        id: 'parts',
        each: {
          ...{ over: { $expr: 'stock.items' }, as: 'part', parallel: 2 },
          do: [
            { id: 'plus', call: 'math.add@1', with: { n: { $expr: 'index' } } },
            { id: 'keep', call: 'note.keep@1', with: { text: { $expr: 'part' } } },
          ],
          output: { part: { $expr: 'part' }, plus: { $expr: 'plus.n' } },
        },
      },
      {
        id: 'confirm',
        ask: {
          title: { $expr: '"Send " + string(size(parts)) + " parts?"' },
          form: { fields: [{ name: 'text', kind: 'text', required: true }] },
        },
      },
      {
        id: 'first',
        call: 'post.send@1',
        with: {
          to: { $expr: 'input.to' },
          text: { $expr: 'confirm.text' },
          amount: { minor: { $expr: 'sum.n * 100' }, currency: 'EUR' },
        },
      },
      { id: 'pause', wait: { for: 'P3D' } },
      {
        id: 'second',
        call: 'post.send@1',
        when: 'sum.n < 50',
        with: {
          to: { $expr: 'input.to' },
          text: { $expr: '"after " + first.letter' },
          amount: { minor: 100, currency: 'EUR' },
        },
      },
    ],
  },
};

export interface Travel extends Composed {
  readonly world: World;
  readonly clock: HandClock;
}

/** A kernel over memory with the parts above, gone afterwards. */
export async function travel(
  work: (parts: Travel) => Promise<void>,
  options: {
    readonly playbooks?: readonly JsonObject[];
    readonly evictAlways?: boolean;
    readonly agents?: (world: World) => readonly Agent[];
    readonly mayReport?: boolean;
  } = {},
): Promise<void> {
  await withHome(async (home) => {
    const world = createWorld();
    const clock = createHandClock();
    const composed = await composeKernel({
      ...{ home, store: 'memory', clock, playbooks: options.playbooks ?? [letters] },
      agents: [...agentsOf(world), ...(options.agents?.(world) ?? [])],
      connectors: [postOf(world)],
      ...(options.evictAlways ? { evictAlways: true } : {}),
    });
    await work({ ...composed, world, clock });
    if (!options.mayReport && composed.problems.length > 0) throw composed.problems[0];
    await composed.close();
  });
}

/** What forking needs, of a kernel that is composed here. */
export function forkPorts(parts: Composed): ForkPorts {
  const { kernel, log, blobs, clock, newId, registry } = parts;
  const { playbooks, runner } = kernel;
  return {
    ...{ log, blobs, clock, newId, registry, playbooks, runner },
    ...{ worker: 'test', random: (bytes) => '0'.repeat(bytes * 2), stopped: () => false },
    verify: () => Promise.reject(new Error('no passkeys here')),
    report: () => undefined,
  };
}

export async function start(
  { kernel }: Composed,
  playbook: string,
  input: JsonObject,
): Promise<RunRow> {
  const { run } = await kernel.submit({
    ...{ words: `${playbook} ${JSON.stringify(input)}`, playbook, input, again: true },
    by: 'operator:test',
  });
  return kernel.rest(run);
}

/** what a run may need of the operator before it is over */
const ROUNDS = 40;

/** Answers, approves and lets time pass until the run is over or asks for something else. */
export async function drive(parts: Travel, run: Id, until?: string): Promise<RunRow> {
  const { kernel, clock } = parts;
  for (let round = 0; round < ROUNDS; round++) {
    const row = await kernel.rest(run);
    if (row.endedAt !== null || row.waitingFor === null) return row;
    if (until !== undefined && row.waitingFor === until) return row;
    await helpOn(parts, run, row.waitingFor);
    if (row.waitingFor === 'time' || row.waitingFor === 'retry') {
      clock.advance(row.waitingFor === 'time' ? 4 * 86_400_000 : 10_000);
      kernel.runner.wake(run);
    }
  }
  throw new Error(`the run ${run} does not come to its end`);
}

async function helpOn(parts: Travel, run: Id, reason: string): Promise<void> {
  const item = (await parts.kernel.items.list()).find(
    ({ run: of, kind }) => of === run && (kind === 'approval') === (reason === 'approval'),
  );
  if (!item) return;
  if (reason === 'approval') await decideCard(parts, item.id);
  else if (item.kind === 'question')
    await parts.kernel.items.answer(item.id, { text: 'hello' }, typedBy('operator:test'));
  else await parts.kernel.items.answer(item.id, { action: 'skip' }, typedBy('operator:test'));
}

/** The same capabilities whose agents and connectors count as live: touching one is an error. */
export function closedRegistry(addend = 1): Registry {
  const world = createWorld();
  world.addend = addend;
  const agents = agentsOf(world).map((agent) =>
    agent.contract.effect === 'pure' ? agent : { ...agent, run: () => unreachable() },
  );
  const { name, version, contracts } = postOf(world);
  const connector: Connector = {
    ...{ name, version, contracts },
    finalise: () => unreachable(),
    commit: () => unreachable(),
    probe: () => unreachable(),
  };
  return createRegistry(agents, [connector]);
}

function unreachable(): never {
  throw new Error('a live port was called while replaying');
}

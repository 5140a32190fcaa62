import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../src/base/index.ts';
import { OPERATOR, OWN } from '../src/contract/index.ts';
import { effectsFold, readEffect } from '../src/kernel/index.ts';
import { recheckEffect } from '../src/kernel/trust/index.ts';
import { propagateLabels } from '../src/plan/index.ts';
import { DEFAULT_POLICY, decide, sealPolicy } from '../src/policy/index.ts';
import { act, approve, ask, openTrustWorld, type TrustWorld } from '../test/flow/trust-kit.ts';
import { type Figure, figure, median } from './figure.ts';

const DECISIONS = 20_000;
const RECHECKS = 500;
const PLAN_STEPS = 200;
const PROPAGATIONS = 50;

/**
 * One decision of policy, the whole last look before a commit with its signature, and labels over a
 * plan of 200 steps. Medians, warm.
 */
export async function measureTrust(): Promise<readonly Figure[]> {
  const home = mkdtempSync(join(tmpdir(), 'steward-bench-trust-'));
  const world = await openTrustWorld({ home, store: 'sqlite', playbooks: [...PLAYBOOKS] });
  try {
    const approved = await approveOne(world);
    return [
      measureDecision(world, approved),
      await measureRecheck(world, approved),
      measureLabels(world),
    ];
  } finally {
    await world.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

const SEND: JsonObject = {
  id: 'out',
  call: 'post.send@1',
  with: { to: { $expr: 'input.to' }, text: 'Hello' },
};

const LONG: JsonObject = {
  steps: Array.from({ length: PLAN_STEPS }, (_, index) => ({
    id: `s${index}`,
    call: index % 10 === 9 ? 'post.send@1' : 'deputy.pass@1',
    with:
      index === 0
        ? { to: { $expr: 'input.to' }, text: 'x' }
        : { to: { $expr: `s${index - 1}.to` }, text: { $expr: `string(s${index - 1}.to)` } },
  })),
};

const INPUT: JsonObject = { type: 'object', properties: { to: { type: 'array' } } };
const PLAYBOOKS: readonly JsonObject[] = [
  {
    name: 'send',
    version: 1,
    title: 'send',
    autonomy: 'ask',
    input: INPUT,
    plan: { steps: [SEND] },
  },
];

/** A letter that was signed and is held, as the last look finds it. */
async function approveOne(world: TrustWorld) {
  const policy = sealPolicy({
    ...DEFAULT_POLICY,
    undoWindowsMs: { final: 60_000 },
    rules: [
      // biome-ignore lint/suspicious/noThenProperty: a rule of the policy
      { id: 'late', when: 'hour >= 22', then: 'ask', because: 'It is late.' },
    ],
  });
  await act(world, 'policy', { policy, because: 'Time to think.' });
  const run = await ask(world, 'send', { to: ['zoe@example.org'] });
  await approve(world, run.id);
  const [found] = await world.log.fold(effectsFold).list({ index: 'run', equals: run.id });
  if (!found) throw new Error('nothing was approved');
  return { row: found.row, finalised: await readEffect(portsOf(world), found.row), policy };
}

type Approved = Awaited<ReturnType<typeof approveOne>>;

function measureDecision(world: TrustWorld, { finalised, policy }: Approved): Figure {
  const { effect, inputLabels, on } = finalised;
  const facts = {
    nowMs: world.clock.now(),
    zone: 'Europe/Berlin',
    incarnation: 1,
    agent: 'kernel',
    act: on.act,
    isKnownDestination: () => true,
    usageOf: () => undefined,
    startsOf: () => 0,
  };
  const times: number[] = [];
  for (let index = 0; index < DECISIONS; index++) {
    const start = performance.now();
    decide(effect, inputLabels, [], policy, facts);
    times.push((performance.now() - start) * 1_000);
  }
  return figure('decide', median(times.slice(DECISIONS / 2)), 'us');
}

async function measureRecheck(world: TrustWorld, approved: Approved): Promise<Figure> {
  const { row, finalised } = approved;
  const ports = portsOf(world);
  const times: number[] = [];
  for (let index = 0; index < RECHECKS; index++) {
    const start = performance.now();
    const checked = await recheckEffect(ports, row, finalised);
    times.push(performance.now() - start);
    if (checked.status !== 'clear') throw new Error(`it is ${checked.status}`);
  }
  return figure('commit.recheck', median(times.slice(RECHECKS / 2)), 'ms');
}

function measureLabels(world: TrustWorld): Figure {
  const plan = world.kernel.playbooks.compileInline(LONG);
  const registry = { capability: (ref: string) => world.registry.find(ref)?.contract };
  const times: number[] = [];
  for (let index = 0; index < PROPAGATIONS; index++) {
    const start = performance.now();
    propagateLabels(plan, registry, { input: { base: OPERATOR }, own: OWN });
    times.push(performance.now() - start);
  }
  return figure('labels.200-steps', median(times.slice(PROPAGATIONS / 2)), 'ms');
}

function portsOf({ log, blobs, clock, newId, registry, kernel }: TrustWorld) {
  return {
    ...{ log, blobs, clock, newId, registry, records: kernel.records },
    worker: 'bench',
    random: (bytes: number) => 'ab'.repeat(bytes),
    verify: () => Promise.reject(new Error('no passkeys here')),
    stopped: () => false,
    report: () => undefined,
  };
}

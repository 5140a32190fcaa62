// `npm run bench -- [--only PREFIX] [--json]`: measures this checkout on this machine (INTERFACES, Measuring).
import { parseArgs } from 'node:util';
import { measureApprove } from './approve.bench.ts';
import { beside, type Figure, formatFigures, type Measured } from './figure.ts';
import { measureLog } from './log.bench.ts';
import { describeMachine, syncsPerSecond, whoElseWorks, whyUnsteady } from './machine.ts';
import { measurePeers } from './peers/run.ts';
import { measureRecover } from './recover.bench.ts';
import { measureReplay } from './replay.bench.ts';
import { measureStepBytes, measureSteps, PEER_FIGURES } from './steps.bench.ts';
import { measurePage, measureServer } from './surface.bench.ts';
import { measureTrust } from './trust.bench.ts';
import { measureWaiting } from './waiting.bench.ts';
import { measureWebhook } from './webhook.bench.ts';

interface Measurement {
  /** the ids it gives; it runs when one of them begins with what is asked for */
  readonly ids: readonly string[];
  readonly measure: () => Promise<Measured>;
}

const WITH_PEERS = [
  'steps.sequential',
  'steps.sequential.full',
  'steps.parallel',
  'steps.parallel.full',
  'runs.one-step',
  'runs.one-step.full',
  'runs.one-step.50',
  'runs.one-step.50.full',
] as const;

/** the disk before our steps, between them and the peers', and after */
const disk: number[] = [];
/** what was said beside the figures; part of the JSON, so that no figure goes without its doubts */
const notes: string[] = [];

/** From what a person feels to what a machine does. */
const MEASUREMENTS: readonly Measurement[] = [
  { ids: ['start.ready', 'memory.idle'], measure: measureServer },
  { ids: ['page.first-load'], measure: measurePage },
  { ids: ['approve.receipt'], measure: measureApprove },
  { ids: ['webhook.ack'], measure: measureWebhook },
  {
    ids: ['append.single.normal', 'append.single.full', 'append.grouped', 'verify', 'rebuild'],
    measure: async () => ({ figures: await measureLog(), notes: [] }),
  },
  { ids: ['log.bytes-per-step'], measure: measureStepBytes },
  { ids: ['replay.per-1k-steps', 'replay.per-1k-steps.long'], measure: measureReplay },
  {
    ids: ['decide', 'commit.recheck', 'labels.200-steps'],
    measure: async () => ({ figures: await measureTrust(), notes: [] }),
  },
  { ids: ['recover.10k', 'recover.10k.all'], measure: measureRecover },
  {
    ids: ['waiting.100k.memory', 'waiting.100k.cpu', 'waiting.100k.start'],
    measure: measureWaiting,
  },
  // last, so that the peers come right after: on a shared machine the next minute is another machine
  {
    ids: WITH_PEERS,
    measure: async () => {
      disk.push(syncsPerSecond());
      const measured = await measureSteps();
      disk.push(syncsPerSecond());
      return measured;
    },
  },
];

interface Wanted {
  /** what the ids of the figures begin with */
  readonly only: string;
  readonly json: boolean;
}

const USAGE = `npm run bench -- [--only PREFIX] [--json]
PREFIX: what the names of the figures begin with, of
${MEASUREMENTS.map(({ ids }) => `  ${ids.join(' ')}`).join('\n')}
`;

function wanted(): Wanted {
  const options = {
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ options });
  const { only, json, help } = values;
  if (help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  if (!MEASUREMENTS.some(({ ids }) => ids.some((id) => id.startsWith(only)))) {
    throw new Error(`No figure begins with "${only}".`);
  }
  return { only, json };
}

async function main({ only, json }: Wanted): Promise<void> {
  const isAsked = (id: string): boolean => id.startsWith(only);
  const asked = MEASUREMENTS.filter(({ ids }) => ids.some(isAsked));
  const figures: Figure[] = [];
  for (const { ids, measure } of asked) {
    figures.push(...(await attempt(ids, measure)).filter(({ id }) => isAsked(id)));
  }
  const peers = WITH_PEERS.some(isAsked) ? await peerFigures() : new Map<string, Peers>();
  disk.push(syncsPerSecond());
  const unsteady = peers.size > 0 ? whyUnsteady(disk) : undefined;
  if (unsteady !== undefined) say(unsteady);
  const compared = figures.flatMap((own) => beside(own, peers.get(own.id) ?? new Map()));
  const machine = describeMachine();
  process.stdout.write(
    json
      ? `${JSON.stringify({ machine, figures: compared, notes }, null, 2)}\n`
      : `${machine}\n\n${formatFigures(compared)}\n\n${peers.size > 0 ? ABOUT_PEERS : ''}`,
  );
}

/** A measurement that fails leaves its figures out, and says so; the others go on. */
async function attempt(
  ids: readonly string[],
  measure: () => Promise<Measured>,
): Promise<readonly Figure[]> {
  const others = whoElseWorks();
  if (others !== undefined) say(`${ids[0]}: ${others}`);
  try {
    const { figures, notes } = await measure();
    for (const note of notes) say(note);
    return figures;
  } catch (error) {
    say(`${ids.join(', ')}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
    return [];
  }
}

type Peers = ReadonlyMap<string, number>;

/** What the peers do of the same work, by our id; those that sync every step stand beside both of ours. */
async function peerFigures(): Promise<ReadonlyMap<string, Peers>> {
  const { peers } = await measurePeers({ install: process.env.CI !== undefined });
  const byId = new Map<string, Map<string, number>>();
  for (const [name, result] of Object.entries(peers)) {
    if (result.status === 'unavailable') {
      say(`${name}: unavailable, ${result.reason}`);
      continue;
    }
    for (const id of PEER_FIGURES) {
      for (const own of [id, `${id}.full`]) {
        byId.set(own, (byId.get(own) ?? new Map<string, number>()).set(name, result[id]));
      }
    }
  }
  return byId;
}

const ABOUT_PEERS = `The peers sync every step, as the figures ending in .full do: there like stands beside like. The
others survive a killed process, not a power cut; what authorises or leaves the house is always synced.
`;

/** Words for people; stdout holds the figures alone. */
function say(words: string): void {
  notes.push(words);
  process.stderr.write(`${words}\n`);
}

/** Says what was wrong with the call, and how it is made. */
function refuse(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exit(2);
}

let asked: Wanted;
try {
  asked = wanted();
} catch (error) {
  refuse(error);
}
await main(asked);

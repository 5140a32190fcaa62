import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireHomeLock } from '../../../src/adapter/home-lock.ts';
import { toFailure } from '../../../src/contract/index.ts';
import { chainOf, digestsOf } from '../audit.ts';
import { inParallel, runChild } from '../child.ts';
import { STOPPED } from '../failpoints.ts';
import { checkHistory, type HistoryReport } from './check-history.ts';
import { openLoadHome } from './drive-load.ts';

const CHILD = join(import.meta.dirname, '../../crash/load.child.ts');
const WORKERS = 2;
/** kills of one home before it may come to its end */
const KILLS_PER_HOME = 6;
/** every so many processes of a home one stands still half-way to its kill, and comes back */
const STOP_EVERY = 3;
/** longer than the timers and retries of the load: what it missed is due when it comes back */
const STOPPED_MS = 150;
/** boundaries that a process passes at most before it is killed; the whole load has about 330 */
const REACH = 90;

export interface CampaignReport {
  readonly kills: number;
  /** processes that were stopped, kept others out of their home, and came back */
  readonly stops: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly doubledEffects: number;
  /** each with the boundaries that bring it back */
  readonly violations: readonly string[];
}

/** Kills processes of the mixed load at boundaries drawn from `seed`, then audits every home. */
export async function runKillCampaign(kills: number, seed: number): Promise<CampaignReport> {
  const random = mulberry(seed);
  const plans: number[][] = [];
  for (let left = kills; left > 0; left -= KILLS_PER_HOME) {
    const count = Math.min(left, KILLS_PER_HOME);
    plans.push(Array.from({ length: count }, () => 1 + Math.floor(random() * REACH)));
  }
  const total = { kills: 0, stops: 0, lost: 0, doubled: 0, reordered: 0, doubledEffects: 0 };
  const violations: string[] = [];
  await inParallel(plans, WORKERS, async (boundaries) => {
    const { kills: done, stops, faults } = await killHome(boundaries);
    total.kills += done;
    total.stops += stops;
    for (const kind of ['lost', 'doubled', 'reordered', 'doubledEffects'] as const) {
      total[kind] += faults[kind].length;
      violations.push(...faults[kind].map((fault) => `[${boundaries}] ${kind}: ${fault}`));
    }
  });
  return { ...total, violations };
}

/** One home: killed at each of these boundaries in turn, then driven to its end and audited. */
export async function killHome(
  boundaries: readonly number[],
  { evict = false } = {},
): Promise<{ readonly kills: number; readonly stops: number; readonly faults: HistoryReport }> {
  const home = mkdtempSync(join(tmpdir(), 'steward-load-'));
  const mode = evict ? 'evict' : '';
  try {
    let kills = 0;
    let stops = 0;
    const intruders: string[] = [];
    for (const [index, boundary] of boundaries.entries()) {
      const stopAt = index % STOP_EVERY === 1 ? Math.ceil(boundary / 2) : 0;
      const { signal, code, stderr } = await runChild(
        CHILD,
        [home, `${boundary}`, mode, `${stopAt}`],
        {
          onReady: (child, said) => {
            if (!said.startsWith(STOPPED)) return; // it came to its end before
            stops += 1;
            if (isFree(home)) intruders.push(`a home was free while its process stood still`);
            setTimeout(() => child.kill('SIGCONT'), STOPPED_MS);
          },
        },
      );
      if (signal === 'SIGKILL') kills += 1;
      else if (code !== 0) return { kills, stops, faults: stuck(stderr) };
    }
    const end = await runChild(CHILD, [home, '0', mode]);
    if (end.code !== 0) return { kills, stops, faults: stuck(end.stderr || String(end.signal)) };
    const { problems } = JSON.parse(end.stdout);
    const composed = await openLoadHome({ home, recover: false });
    const faults = await checkHistory(composed);
    const digests = await digestsOf(composed);
    await composed.close();
    const audit = [
      ...intruders,
      ...problems.map((problem: string) => `reported: ${problem}`),
      ...(String(digests.kept) === String(digests.rebuilt) ? [] : ['folds differ when rebuilt']),
      ...(chainOf(home).status === 'intact' ? [] : ['the chain is broken']),
    ];
    return { kills, stops, faults: { ...faults, lost: [...faults.lost, ...audit] } };
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** True when another process could work on this home right now. */
function isFree(home: string): boolean {
  try {
    acquireHomeLock(home).release();
    return true;
  } catch (error) {
    if (toFailure(error).code === 'home_busy') return false;
    throw error;
  }
}

function stuck(words: string): HistoryReport {
  return { lost: [words], doubled: [], reordered: [], doubledEffects: [] };
}

/** A small generator with a seed (mulberry32, public domain): the same campaign every time. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

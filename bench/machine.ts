import { closeSync, fdatasyncSync, openSync, statfsSync, writeSync } from 'node:fs';
import { arch, cpus, loadavg, platform, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { rounded } from './figure.ts';
import { createScratch } from './peers/server.ts';

const TMPFS_MAGIC = 0x01021994;
/** how long one look at the disk takes */
const PROBE_MS = 500;
const PAGE = Buffer.alloc(4_096, 1);
/** measurements between which the disk changed more than this are not of one machine */
const STEADY = 1.5;

/** What figures depend on. In memory syncs are free, so that is said. */
export function describeMachine(): string {
  const cores = cpus();
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  const inMemory = statfsSync(tmpdir()).type === TMPFS_MAGIC;
  const system = `${platform()} ${arch()}, Node ${process.versions.node}`;
  const disk = inMemory ? 'files in memory (tmpfs): syncs cost nothing' : 'files on disk';
  return `${cores.length} cores ${cores[0]?.model.trim()}, ${memoryGb} GB, ${system}, ${disk}`;
}

/** Says so when others use the machine: a figure taken then is a lower bound at best. */
export function whoElseWorks(): string | undefined {
  const [load = 0] = loadavg();
  if (load <= cpus().length / 2) return undefined;
  return `others keep this machine busy (load ${rounded(load)} on ${cpus().length} cores)`;
}

/** Pages written and synced one by one, per second: what every durable engine here stands on. */
export function syncsPerSecond(): number {
  using scratch = createScratch(tmpdir());
  const file = openSync(join(scratch.path, 'probe'), 'w');
  try {
    const startMs = performance.now();
    let count = 0;
    for (; performance.now() - startMs < PROBE_MS; count++) {
      writeSync(file, PAGE, 0, PAGE.length, count * PAGE.length);
      fdatasyncSync(file);
    }
    return Math.round((count * 1_000) / (performance.now() - startMs));
  } finally {
    closeSync(file);
  }
}

/** Says so when the disk was not the same from first to last; then a ratio compares two machines. */
export function whyUnsteady(rates: readonly number[]): string | undefined {
  if (Math.max(...rates) <= STEADY * Math.min(...rates)) return undefined;
  return `the ratios are not a finding: syncs per second went ${rates.join(', ')} meanwhile`;
}

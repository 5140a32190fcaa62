import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { foundExample } from '../src/found-home.ts';
import { figure, type Measured, median } from './figure.ts';
import { createScratch, endsWell, startChild } from './peers/server.ts';
import { startServer, whyNoServer } from './server.ts';

const STARTS = 5;
const IDLE_MS = 5_000;
const ROOT = join(import.meta.dirname, '..');
const VITE = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
const BUILD_LIMIT_MS = 60_000;

/** The time from the start of the process to its `ready` line, and the memory of a company at rest. */
export async function measureServer(): Promise<Measured> {
  const reason = whyNoServer();
  if (reason !== undefined) return { figures: [], notes: [`start.ready, memory.idle: ${reason}`] };
  using scratch = createScratch(tmpdir());
  const home = join(scratch.path, 'home');
  await foundExample({ home, clock: { now: () => Date.now() }, version: '0.1.0' });
  // the first start of an example asks for its first invoice, and compiles what later starts load
  await (await startServer(home))[Symbol.asyncDispose]();
  const times: number[] = [];
  let memory = 0;
  for (let start = 1; start <= STARTS; start++) {
    await using server = await startServer(home);
    times.push(server.readyMs);
    if (start < STARTS) continue;
    await sleep(IDLE_MS);
    memory = server.memory();
  }
  const figures = [figure('start.ready', median(times), 'ms'), figure('memory.idle', memory, 'MB')];
  return { figures, notes: [] };
}

/** What a browser fetches before it shows the page, compressed: the page, its scripts and styles. */
export async function measurePage(): Promise<Measured> {
  using scratch = createScratch(tmpdir());
  try {
    await buildPage(scratch.path);
  } catch (error) {
    return { figures: [], notes: [`page.first-load: the page does not build: ${reasonOf(error)}`] };
  }
  const page = readFileSync(join(scratch.path, 'index.html'), 'utf8');
  const files = ['index.html', ...firstFiles(page)];
  const bytes = files.reduce(
    (sum, name) => sum + gzipSync(readFileSync(join(scratch.path, name))).length,
    0,
  );
  return { figures: [figure('page.first-load', bytes / 1_024, 'KB')], notes: [] };
}

/** Scripts, modules loaded ahead, styles and fonts that the page names itself. */
function firstFiles(page: string): readonly string[] {
  const tags = page.match(/<(?:script|link)\b[^>]*>/g) ?? [];
  const loaded = tags.filter(
    (tag) => tag.startsWith('<script') || /rel="(?:modulepreload|preload|stylesheet)"/.test(tag),
  );
  return loaded
    .map((tag) => /(?:src|href)="\/?([^"]+)"/.exec(tag)?.[1])
    .filter((name) => name !== undefined);
}

/** Built anew, so that the figure is about the sources as they are. */
async function buildPage(directory: string): Promise<void> {
  if (!existsSync(VITE)) throw new Error('vite is not installed');
  const args = [VITE, 'build', 'web', '--outDir', directory, '--logLevel', 'error'];
  await using child = startChild(process.execPath, args, { cwd: ROOT });
  await endsWell(child, 'vite', AbortSignal.timeout(BUILD_LIMIT_MS));
}

function reasonOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.slice(0, 300);
}

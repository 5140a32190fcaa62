import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { expect } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DIST = join(ROOT, 'web/dist');

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const QUIET = [
  ...['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--no-first-run'],
];

/** Where a Chromium is. Undefined: these tests skip; in CI it is installed, and missing is a failure. */
export function findChromium(): string | undefined {
  const there = PLACES.find((place) => existsSync(place));
  if (there || !process.env.CI) return there;
  const quiet = {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  } as const;
  execFileSync('apt-get', ['update'], quiet);
  execFileSync('apt-get', ['install', '--yes', '--no-install-recommends', 'chromium'], quiet);
  const installed = PLACES.find((place) => existsSync(place));
  if (installed) return installed;
  throw new Error('In CI the page is tested in a real browser: no Chromium could be installed.');
}

/** Builds the page when it is missing or older than its sources, as `npm start` does. */
export function buildPage(): void {
  if (isBuilt()) return;
  // Test files run at the same time, and a build empties the folder that the others serve from.
  const lock = join(ROOT, 'web/.building');
  for (let waitedMs = 0; !isTaken(lock); waitedMs += POLL_MS) {
    if (waitedMs > BUILD_MS) rmSync(lock, { recursive: true, force: true }); // its builder died
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
  try {
    if (isBuilt()) return;
    const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
    const options = ['build', '--config', join(ROOT, 'web/vite.config.ts'), '--logLevel', 'warn'];
    const env = { ...process.env, NODE_ENV: 'production' }; // the runner's own would make another page
    execFileSync(process.execPath, [vite, ...options], { cwd: ROOT, env, stdio: 'inherit' });
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

const POLL_MS = 100;
/** a build takes two seconds; on a machine under load ten times that */
const BUILD_MS = 60_000;

function isTaken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

function isBuilt(): boolean {
  const built = join(DIST, 'index.html');
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  return ['web', 'src/base', 'src/contract']
    .flatMap((folder) => filesIn(join(ROOT, folder)))
    .every((file) => statSync(file).mtimeMs <= builtAt);
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(DIST))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What the first load downloads: the page, and the script and style that it names. */
export function firstLoad(): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const page = readFileSync(join(DIST, 'index.html'));
  const named = [...page.toString().matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)];
  return [
    { name: 'index.html', bytes: page },
    ...named.map(([, path = '']) => ({ name: path, bytes: readFileSync(join(DIST, path)) })),
  ];
}

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: QUIET });
}

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** everything the browser complained about: refused by the content policy, thrown, failed to load */
  readonly complaints: readonly string[];
}

export interface VisitOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** A browser of its own, as of somebody who was never here. */
export async function visit(browser: Browser, options: VisitOptions = {}): Promise<Visit> {
  const { width = 1280, height = 800, dark = false } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { context, page, complaints };
}

/** a browser on a machine that does much else; what is there at once costs nothing of it */
const PATIENCE_MS = 60_000;

/** Waits until an element says exactly this. What a page says while it still reads is no answer. */
export async function textBecomes(element: Locator, expected: string): Promise<void> {
  await expect
    .poll(async () => (await element.allTextContents())[0], { timeout: PATIENCE_MS })
    .toBe(expected);
}

/** Axe finds nothing serious on what is on the screen now. */
export async function expectAccessible(page: Page, screen: string): Promise<void> {
  await page.evaluate(axe.source);
  const serious = await page.evaluate(async () => {
    // axe was put there one line above
    const { axe: tool } = window as unknown as { axe: typeof import('axe-core') };
    const { violations } = await tool.run(document, { resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
      );
  });
  expect(serious, screen).toEqual([]);
}

/** Nothing sticks out to the side. */
export async function expectNoSidewaysScroll(page: Page, screen: string): Promise<void> {
  const [content, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(content, screen).toBe(window);
}

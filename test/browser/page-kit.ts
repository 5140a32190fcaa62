import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
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
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { alone } from '../support/alone.ts';
import { aptInstall } from '../support/apt-install.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DIST = join(ROOT, 'web/dist');

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const QUIET = [
  ...['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--no-first-run'],
];

/** Where a Chromium is. Undefined: these tests skip; in CI it is installed, and missing is a failure. */
function findChromium(): string | undefined {
  const find = () => PLACES.find((place) => existsSync(place));
  if (!process.env.CI) return find();
  const found = aptInstall('chromium', find);
  if (found) return found;
  throw new Error('In CI the page is tested in a real browser: no Chromium could be installed.');
}

/** Builds the page when it is missing or older than its sources, as `npm start` does. */
export function buildPage(): void {
  if (isBuilt()) return;
  // a build empties the folder that others serve from
  alone('build', () => {
    if (isBuilt()) return;
    const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
    const options = ['build', '--config', join(ROOT, 'web/vite.config.ts'), '--logLevel', 'warn'];
    const env = { ...process.env, NODE_ENV: 'production' }; // the runner's own would make another page
    execFileSync(process.execPath, [vite, ...options], { cwd: ROOT, env, stdio: 'inherit' });
  });
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

/** a page on a machine that does much else; what is there at once costs nothing of it */
const PATIENCE_MS = 60_000;

/**
 * A suite in a real browser, one for all its tests, skipped where there is none. `visitor` opens it as
 * somebody who was never here; what a test opened is closed behind it, so that no page goes on asking
 * for a server that is gone.
 */
export function inBrowser(
  what: string,
  tests: (visitor: (options?: VisitOptions) => Promise<Visit>) => void,
): void {
  const executablePath = findChromium();
  const why = 'no Chromium here: install the package "chromium"';
  describe.skipIf(executablePath === undefined)(`${what} (${executablePath ?? why})`, () => {
    let browser: Browser;
    let opened: BrowserContext[] = [];
    beforeAll(async () => {
      buildPage();
      const timeout = 2 * PATIENCE_MS;
      browser = await chromium.launch({
        executablePath: executablePath ?? '',
        args: QUIET,
        timeout,
      });
    });
    beforeEach(() => {
      opened = []; // what a suite opened before its tests stays
    });
    afterEach(async () => {
      for (const context of opened) await context.close();
    });
    afterAll(() => browser?.close());
    tests(async (options) => {
      const visited = await visit(browser, options);
      opened.push(visited.context);
      return visited;
    });
  });
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

async function visit(browser: Browser, options: VisitOptions = {}): Promise<Visit> {
  const { width = 1280, height = 800, dark = false } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { context, page, complaints };
}

/** The button of a card that this browser may approve now; one that is off has another name. */
export function approveButton(page: Page): Locator {
  return page.getByRole('button', { name: 'Approve', exact: true });
}

/** Opens a link that signs in, and waits until this browser may decide. */
export async function signIn(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await approveButton(page).waitFor();
}

/** Waits until an element says exactly this. What a page says while it still reads is no answer. */
export async function textBecomes(element: Locator, expected: string): Promise<void> {
  await expect.poll(async () => (await element.allTextContents())[0]).toBe(expected);
}

/** Waits until an element says all of this, whatever else it says. */
export async function textHolds(element: Locator, ...parts: readonly string[]): Promise<void> {
  for (const hasText of parts) await element.filter({ hasText }).waitFor();
}

/** Waits until so many of them are there. */
export async function countBecomes(elements: Locator, expected: number): Promise<void> {
  await expect.poll(() => elements.count()).toBe(expected);
}

/** Waits until the focus is on it. */
export async function focusComes(element: Locator): Promise<void> {
  await expect.poll(() => element.evaluate((it) => it === document.activeElement)).toBe(true);
}

/** ms between two presses: what the first one began is seen by then, mostly */
const PRESS_AGAIN_MS = 2_000;

/**
 * Presses a key until the page says this: a card takes none while this browser becomes a device, nor
 * for a second after it changed. For keys that do no harm a second time.
 */
export async function pressUntil(page: Page, key: string, words: string): Promise<void> {
  const said = page.getByText(words).first();
  const isSaid = async (): Promise<boolean> => {
    if (!(await said.isVisible())) await page.keyboard.press(key);
    return said.isVisible();
  };
  await expect.poll(isSaid, { interval: PRESS_AGAIN_MS }).toBe(true);
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
  const outside = () =>
    page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
  await expect.poll(outside, { message: screen }).toBe(0);
}

/** The example company bills the month before this one. */
export function lastMonth(): string {
  return Temporal.Now.plainDateISO('Europe/Berlin')
    .subtract({ months: 1 })
    .toLocaleString('en', { month: 'long', year: 'numeric', calendar: 'iso8601' });
}

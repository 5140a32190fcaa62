import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { KEY_RULES } from '../src/company/freelancer/index.ts';
import { invoiceMonth } from '../src/company/freelancer/invoicing/invoice-month.ts';
import { FAILURES } from '../src/contract/index.ts';
import { parsePlan, STEP_KINDS } from '../src/plan/index.ts';
import { decideVat, RECORD_TYPES, VAT_RATES_SOURCE } from '../src/records/index.ts';
import { OPERATIONS } from '../src/surface/index.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** lines of ARCHITECTURE.md: half an hour for a newcomer, all of it */
const ARCHITECTURE_LINES = 200;
/** a page's commands, one process each, on a machine that does other things too */
const COMMANDS_MS = 600_000;

const PAGES = await pages();

describe('links', () => {
  test.each(PAGES)('every relative link of %s leads somewhere', (page) => {
    expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  test('every page of docs/ can be reached from the README', () => {
    const seen = new Set<string>();
    const queue = ['README.md'];
    for (let page = queue.pop(); page !== undefined; page = queue.pop()) {
      if (seen.has(page)) continue;
      seen.add(page);
      if (page.endsWith('.md')) queue.push(...linksOf(page).map((link) => targetOf(page, link)));
      else if (existsSync(join(ROOT, page))) queue.push(...PAGES.filter((it) => inside(page, it)));
    }
    expect(PAGES.filter((page) => !seen.has(page))).toEqual([]);
  });
});

describe('the threats', () => {
  test('every test that is named there exists where it is named', () => {
    const named = testsNamedIn('docs/threats.md');
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter(({ file, name }) => !read(file).includes(name))).toEqual([]);
  });

  test('no adversarial test is left out', async () => {
    const text = read('docs/threats.md');
    const files: string[] = [];
    for await (const file of glob('test/adversarial/*.test.ts', { cwd: ROOT })) files.push(file);
    expect(files.filter((file) => !text.includes(file))).toEqual([]);
  });
});

describe('the handbook', () => {
  test.each(PAGES.filter((page) => blocksOf(page, 'sh test').length > 0))(
    'the commands of %s work as they stand there',
    (page) => {
      const { status, output } = runCommands(blocksOf(page, 'sh test'));
      expect(status, output).toBe(0);
    },
    COMMANDS_MS,
  );

  test('every plan that is shown is one', () => {
    const shown = PAGES.flatMap((page) => blocksOf(page, 'json plan'));
    expect(shown).not.toEqual([]);
    for (const text of shown) expect(() => parsePlan(JSON.parse(text))).not.toThrow();
  });

  test('the plan of an invoice is told as it is: the same steps in the same order', () => {
    const [shown = '{}'] = blocksOf('docs/handbook/plans.md', 'json plan');
    expect(idsOf(JSON.parse(shown).steps)).toEqual(idsOf(parsePlan(invoiceMonth.plan).steps));
  });

  test('every kind of step has its line', () => {
    const page = read('docs/handbook/plans.md');
    expect(STEP_KINDS.filter((kind) => !page.includes(`| \`${kind}\` |`))).toEqual([]);
  });

  test('the key of each layout is told in the words of the code', () => {
    const page = read('docs/handbook/importing.md');
    const missing = Object.entries(KEY_RULES).filter(
      ([layout, rule]) => !page.includes(`| \`${layout}\` | ${rule} |`),
    );
    expect(missing).toEqual([]);
  });

  test('every failure that is explained exists, and every one a person meets is explained', () => {
    const page = read('docs/handbook/when-something-fails.md');
    const named = [...page.matchAll(/`([a-z]+(?:_[a-z]+)+|denied|stale|internal)`/g)].map(
      ([, code = '']) => code,
    );
    const known = Object.keys(FAILURES);
    expect(named.filter((code) => !known.includes(code))).toEqual([]);
    expect(known.filter((code) => !named.includes(code) && !NOT_MET.has(code))).toEqual([]);
  });

  test('every command that is named exists', () => {
    const words = new Set(
      OPERATIONS.flatMap(({ cli }) => (cli ? [cli.words.join(' ')] : [])).concat(OWN_COMMANDS),
    );
    expect(blocksOf('docs/handbook/time-to-invoice.md', 'sh test').length).toBeGreaterThan(5);
    expect(commandsIn(read('docs/handbook/time-to-invoice.md')).length).toBeGreaterThan(15);
    const unknown = PAGES.flatMap((page) =>
      commandsIn(read(page))
        .filter((line) => !isCommand(line, words))
        .map((line) => `${page}: ${line}`),
    );
    expect(unknown).toEqual([]);
  });
});

describe('the VAT table', () => {
  const page = read('docs/handbook/vat-rules.md');

  test.each([
    ['DE', 'DE', false],
    ['AT', 'AT', false],
    ['FR', 'FR', false],
    ['DE', 'AT', false],
    ['AT', 'DE', false],
    ['DE', 'GB', false],
    ['AT', 'US', false],
    ['FR', 'US', false],
    ['DE', 'DE', true],
    ['AT', 'AT', true],
  ] as const)('has the rule from %s to %s (small business: %s)', (from, to, smallBusiness) => {
    const decision = decideVat({
      seller: { country: from, vatId: VAT_IDS[from], smallBusiness },
      buyer: { name: 'Customer', country: to, vatId: VAT_IDS[to] },
      day: '2026-10-31',
    });
    if (decision.status !== 'decided') throw new Error(`${from} to ${to} is not decided`);
    const { source, reason, type, vat } = decision.treatment;
    const [law = ''] = source.split('; rate: ');
    const row = page.split('\n').find((line) => line.includes(`| ${law} |`));
    expect(row, law).toBeDefined();
    if (reason) expect(row).toContain(reason.en);
    if (type === 'domestic' && from !== 'FR')
      expect(row).toContain(`${vat.rateBasisPoints / 100} %`);
  });

  test('says how old its rates are', () => {
    expect(page).toContain(VAT_RATES_SOURCE.asOf);
  });
});

describe('the map', () => {
  test('every file that ARCHITECTURE.md names is there', () => {
    const named = [
      ...read('ARCHITECTURE.md').matchAll(/`((?:src|test|web|docs|bench|scripts)\/[^`*{<]*)`/g),
    ];
    expect(
      named.map(([, path = '']) => path).filter((path) => !existsSync(join(ROOT, path))),
    ).toEqual([]);
  });

  test('ARCHITECTURE.md stays short', () => {
    expect(read('ARCHITECTURE.md').split('\n').length).toBeLessThan(ARCHITECTURE_LINES);
  });

  test('every type of record is a noun of the concepts', () => {
    const page = read('docs/concepts.md');
    expect(RECORD_TYPES.filter((type) => !page.includes(`\`${type}\``))).toEqual([]);
  });

  test('every decision tells context, options, choice and cost', () => {
    const incomplete = PAGES.filter((page) => page.startsWith('docs/decisions/')).filter((page) =>
      ['Context', 'Options', 'Choice', 'Cost'].some((part) => !read(page).includes(`**${part}.**`)),
    );
    expect(incomplete).toEqual([]);
  });

  test('every dependency has its line with its version, and no other has one', () => {
    const manifest = JSON.parse(read('package.json'));
    const installed = { ...manifest.dependencies, ...manifest.devDependencies };
    const rows = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` (\S+) \|/gm)];
    const told = Object.fromEntries(rows.map(([, name = '', version = '']) => [name, version]));
    expect(told).toEqual(installed);
  });
});

/** codes of programs, of models and of files that a person never types */
const NOT_MET = new Set([
  'usage',
  'invalid_plan',
  'expression_failed',
  'unknown_capability',
  'not_found',
  'already_exists',
  'needs_answer',
  'remote_unavailable',
  'remote_refused',
  'timed_out',
  'egress_refused',
  'erased',
  'capability_failed',
  'wrong_output',
  'cancelled',
  'replay_miss',
  'not_ready',
  'interrupted',
]);

const OWN_COMMANDS = ['init', 'up', 'completion'];

const VAT_IDS: { readonly [country: string]: string } = {
  DE: 'DE136695976',
  AT: 'ATU62895905',
  FR: 'FR40303265045',
};

/** Markdown of ours, by its path from the root. */
async function pages(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const page of glob(['*.md', 'docs/**/*.md'], { cwd: ROOT })) found.push(page);
  return found.sort();
}

function read(page: string): string {
  return existsSync(join(ROOT, page)) ? readFileSync(join(ROOT, page), 'utf8') : '';
}

/** Targets of links and images; those in code are text. */
function linksOf(page: string): readonly string[] {
  const prose = read(page)
    .replaceAll(/```[\s\S]*?```/g, '')
    .replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function targetOf(page: string, link: string): string {
  const [path = ''] = link.split('#');
  return path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [, anchor] = link.split('#');
  const target = targetOf(page, link);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** Headings as they are linked to. */
function anchorsOf(page: string): readonly string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function inside(folder: string, page: string): boolean {
  return dirname(page) === folder.replace(/\/$/, '');
}

/** `[file](path) "name", "name"`: tests by their names, as a page of docs/ quotes them. */
function testsNamedIn(page: string): readonly { readonly file: string; readonly name: string }[] {
  const lists = read(page).matchAll(/\]\(\.\.\/([^)]+\.test\.ts)\)((?:,? "[^"]+")+)/g);
  return [...lists].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file, name })),
  );
}

/** Fenced blocks with exactly this word after the fence. */
function blocksOf(page: string, kind: string): readonly string[] {
  const fence = new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...read(page).matchAll(fence)].map(([, text = '']) => text);
}

/** One shell for all blocks of a page, in an empty directory and with nothing of this user's. */
function runCommands(blocks: readonly string[]): {
  readonly status: number;
  readonly output: string;
} {
  const place = mkdtempSync(join(tmpdir(), 'steward-docs-'));
  try {
    const bin = join(place, 'bin');
    const work = join(place, 'work');
    for (const directory of [bin, work]) mkdirSync(directory);
    symlinkSync(join(ROOT, 'steward'), join(bin, 'steward'));
    const path = [bin, dirname(process.execPath), process.env.PATH].join(delimiter);
    const env = {
      PATH: path,
      HOME: place,
      XDG_CONFIG_HOME: join(place, 'config'),
      XDG_DATA_HOME: join(place, 'data'),
      LANG: 'C.UTF-8',
    };
    const script = `set -eux\n${blocks.join('\n')}`;
    const done = spawnSync('sh', ['-c', script], { cwd: work, env, encoding: 'utf8' });
    return { status: done.status ?? 1, output: `${done.stdout}\n${done.stderr}` };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** `steward ...` inside code, one per use. */
function commandsIn(text: string): readonly string[] {
  const fenced = [...text.matchAll(/```sh[^\n]*\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.split('\n').flatMap((line) => /(?:^|\$\()(?:\.\/)?steward (.+)/.exec(line)?.[1] ?? []),
  );
  const inline = [...text.matchAll(/`(?:\.\/)?steward ([^`\n]+)`/g)].map(([, line = '']) => line);
  return [...fenced, ...inline];
}

function isCommand(line: string, words: ReadonlySet<string>): boolean {
  const [first = '', second = ''] = line.split(/\s+/);
  return words.has(first) || words.has(`${first} ${second}`);
}

interface AnyStep {
  readonly id: string;
  readonly repeat?: { readonly do: readonly AnyStep[] };
}

function idsOf(steps: readonly AnyStep[]): readonly string[] {
  return steps.flatMap((step) => [step.id, ...(step.repeat ? idsOf(step.repeat.do) : [])]);
}

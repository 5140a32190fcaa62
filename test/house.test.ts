import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { failuresPage } from '../scripts/failures-page.ts';
import { FAILURES } from '../src/contract/index.ts';

/** Style that matters is a test (DESIGN section 2, STYLE). */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

/** Floors of the modules under src/. Imports go to a lower floor, or stay in their module. */
const FLOORS: { readonly [module: string]: number } = {
  base: 0,
  contract: 1,
  log: 2,
  policy: 2,
  connect: 2,
  plan: 3,
  records: 3,
  engine: 3,
  memory: 4,
  agent: 5,
  kernel: 6,
  company: 7,
  adapter: 8,
  surface: 8,
};

/** Files directly under src/: the composition root. Only they, and tests, see adapter/. */
const ROOF = 9;

/** The doors of a module. `portable.ts` is the part that browsers may have (decision 0015). */
const DOORS = ['index.ts', 'portable.ts'];

/** A folder of company/ is a pack with a door of its own. */
const PACKS = /^company\/[^/]+\/index\.ts$/;

const LONGEST = 400;
/** Tables, schemas and prose may be longer; each with its reason. */
const MAY_BE_LONG: { readonly [file: string]: string } = {};

interface SourceFile {
  /** below src/, with slashes */
  readonly path: string;
  readonly text: string;
  readonly module: string;
  readonly floor: number;
  readonly isTest: boolean;
}

const files = sourceFiles();
const shipped = files.filter(({ isTest }) => !isTest);

describe('floors', () => {
  test('every module of src/ stands on a floor', () => {
    const modules = new Set(files.map(({ module }) => module).filter((module) => module !== ''));
    expect([...modules].filter((module) => FLOORS[module] === undefined)).toEqual([]);
  });

  test('imports go downstairs, never sideways and never up', () => {
    const wrong = shipped.flatMap((file) =>
      importsOf(file)
        .filter(({ module }) => module !== file.module)
        .filter(({ floor }) => floor >= file.floor)
        .map(({ path }) => `${file.path} -> ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  test('others enter a module by its door', () => {
    const wrong = shipped.flatMap((file) =>
      importsOf(file)
        .filter(({ module }) => module !== file.module)
        .filter(({ path, module }) => module !== 'adapter' && !isDoor(path, module))
        .map(({ path }) => `${file.path} -> ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  test('only the composition root sees adapter/', () => {
    const wrong = shipped
      .filter(({ module, floor }) => module !== 'adapter' && floor !== ROOF)
      .flatMap((file) =>
        importsOf(file)
          .filter(({ module }) => module === 'adapter')
          .map(({ path }) => `${file.path} -> ${path}`),
      );
    expect(wrong).toEqual([]);
  });

  test('the page takes nothing of src/ but the portable doors', () => {
    const web = join(ROOT, 'web', 'src');
    const wrong = listFiles(web, /\.tsx?$/).flatMap((file) =>
      specifiersIn(readFileSync(file, 'utf8'))
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => resolve(dirname(file), specifier))
        .filter((target) => target.startsWith(SRC + sep) && !target.endsWith('portable.ts'))
        .map((target) => `${relative(ROOT, file)} -> ${relative(ROOT, target)}`),
    );
    expect(wrong).toEqual([]);
  });

  test('every module has a door with its doorplate', () => {
    const missing = Object.keys(FLOORS).filter((module) => {
      if (module === 'adapter' || module === 'company') return false;
      const inside = files.filter((file) => file.module === module);
      const door = inside.find(({ path }) => path === `${module}/index.ts`);
      return inside.length > 0 && !door?.text.startsWith(`// ${module}: `);
    });
    expect(missing).toEqual([]);
  });
});

describe('files', () => {
  test(`no file is longer than ${LONGEST} lines without a reason`, () => {
    const long = files
      .filter(({ text }) => linesIn(text) > LONGEST)
      // a test file is a list of facts: it may be longer, and is split by subject when it hurts
      .filter(({ path, isTest }) => !isTest && MAY_BE_LONG[path] === undefined)
      .map(({ path, text }) => `${path}: ${linesIn(text)}`);
    expect(long).toEqual([]);
  });

  test('every exception is still needed', () => {
    const lengths = new Map(files.map(({ path, text }) => [path, linesIn(text)]));
    const idle = Object.keys(MAY_BE_LONG).filter((path) => (lengths.get(path) ?? 0) <= LONGEST);
    expect(idle).toEqual([]);
  });

  test('names are kebab-case', () => {
    const odd = files.filter(({ path }) => !/^[a-z0-9./-]+$/.test(path)).map(({ path }) => path);
    expect(odd).toEqual([]);
  });
});

describe('code', () => {
  /** What must come in as a value or a port. A Date with an argument is arithmetic and fine. */
  const WORLD = [
    { what: 'Date.now', pattern: /\bDate\.now\b/ },
    { what: 'new Date()', pattern: /\bnew Date\(\s*\)/ },
    { what: 'Date()', pattern: /(?<!new )\bDate\(\)/ },
    { what: 'Temporal.Now', pattern: /\bTemporal\.Now\b/ },
    { what: 'performance.now', pattern: /\bperformance\.now\b/ },
    {
      what: 'process.env',
      pattern: /\bprocess\.env\b|import\s*\{[^}]*\benv\b[^}]*\}\s*from 'node:process'/,
    },
    { what: 'Math.random', pattern: /\bMath\.random\b/ },
  ];

  test('time, chance and the environment come in from adapter/ and the root only', () => {
    const wrong = shipped
      .filter(({ module, floor }) => module !== 'adapter' && floor !== ROOF)
      .flatMap(({ path, text }) =>
        WORLD.filter(({ pattern }) => pattern.test(withoutComments(text))).map(
          ({ what }) => `${path}: ${what}`,
        ),
      );
    expect(wrong).toEqual([]);
  });

  test('exports are named, one by one', () => {
    const wrong = files.flatMap(({ path, text }) => {
      const code = withoutComments(text);
      return [
        ...(/^export \*/m.test(code) ? [`${path}: export *`] : []),
        ...(/^export default\b/m.test(code) ? [`${path}: export default`] : []),
      ];
    });
    expect(wrong).toEqual([]);
  });

  test('nothing is left to do in place of work', () => {
    const pattern = /\b(TODO|FIXME|XXX|HACK)\b/;
    expect(files.filter(({ text }) => pattern.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

describe('failures', () => {
  test('every code is documented, and the page is as the code says (npm run docs)', () => {
    const page = readFileSync(join(ROOT, 'docs/reference/failures.md'), 'utf8');
    const missing = Object.keys(FAILURES).filter((code) => !page.includes(`\`${code}\``));
    expect(missing).toEqual([]);
    expect(page).toBe(failuresPage());
  });
});

function sourceFiles(): readonly SourceFile[] {
  return listFiles(SRC, /\.ts$/).map((file) => {
    const path = relative(SRC, file).split(sep).join('/');
    const module = path.includes('/') ? (path.split('/')[0] ?? '') : '';
    return {
      path,
      module,
      text: readFileSync(file, 'utf8'),
      floor: module === '' ? ROOF : (FLOORS[module] ?? Number.NaN),
      isTest: /\.test\.ts$|(^|\/)(test-|sample-)[^/]*\.ts$|-for-tests\.ts$/.test(path),
    };
  });
}

function listFiles(directory: string, wanted: RegExp): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && wanted.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What a file imports from within src/, types included: a type ties two modules together as well. */
function importsOf({ path, text }: SourceFile) {
  return specifiersIn(text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) =>
      relative(SRC, resolve(SRC, dirname(path), specifier))
        .split(sep)
        .join('/'),
    )
    .filter((target) => !target.startsWith('..'))
    .map((target) => {
      const module = target.includes('/') ? (target.split('/')[0] ?? '') : '';
      return { path: target, module, floor: module === '' ? ROOF : (FLOORS[module] ?? Number.NaN) };
    });
}

function specifiersIn(text: string): readonly string[] {
  const code = withoutComments(text);
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)'([^']+\.tsx?)'/g;
  return [...code.matchAll(pattern)].map(([, specifier = '']) => specifier);
}

function isDoor(path: string, module: string): boolean {
  return DOORS.some((door) => path === `${module}/${door}`) || PACKS.test(path);
}

/** Good enough to find words: strings that look like comments are not in our code. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}

function linesIn(text: string): number {
  return text.split('\n').length - 1;
}

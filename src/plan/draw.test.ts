import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { compilePlan } from './compile.ts';
import { drawPlan, STEP_STATUSES, type StepStatus, statusesForDrawing } from './draw.ts';
import { layoutPlan } from './layout.ts';
import { parsePlan } from './parse.ts';
import { invoicePlan, registry } from './test-kit.ts';

const compile = (steps: readonly object[]) => compilePlan(parsePlan({ steps }), registry);
const pure = (id: string, ...refers: string[]) => ({
  id,
  call: 'text.summarise@1',
  with: { text: refers.map((name) => ({ $expr: `${name}.text` })) },
});
const design = compilePlan(parsePlan(invoicePlan), registry);

function valid(svg: string): boolean {
  return XMLValidator.validate(svg) === true;
}

describe('the picture of a plan', () => {
  test('is one image with a name, a row of 44 pixels per step, and a title on each', () => {
    const svg = drawPlan(design);
    const parsed = new XMLParser({ ignoreAttributes: false }).parse(svg).svg;
    expect(valid(svg)).toBe(true);
    expect([parsed['@_role'], parsed['@_width'], parsed['@_height']]).toEqual([
      'img',
      '320',
      String(6 * 44),
    ]);
    expect(parsed['@_aria-label']).toBe('6 steps: hours, draft, issue, mail, paid, chase');
    expect(parsed.g).toHaveLength(6);
    expect(parsed.g[4].title).toBe('paid: paid. for payment.matched, 14 days at most');
    expect(parsed.g[3].title).toContain('only when draft.total.minor');
  });

  test('takes its colours from the page, with something to fall back on', () => {
    const svg = drawPlan(design, { hours: 'done', draft: 'failed', issue: 'waiting' });
    for (const name of ['--ink', '--line', '--paper', '--ok', '--stop', '--warn'])
      expect(svg).toContain(`var(${name},`);
  });

  test('a status is a word and a shape of its own, not only a colour', () => {
    const shapes = STEP_STATUSES.map((status) => {
      const svg = drawPlan(compile([pure('a')]), { a: status });
      expect(svg).toContain(`data-status="${status}"`);
      return /stroke-linejoin="round">(.*?)<\/g>/.exec(svg)?.[1];
    });
    expect(new Set(shapes).size).toBe(STEP_STATUSES.length);
    expect(drawPlan(design, { mail: 'denied' })).toContain('not allowed · mail.send');
  });

  test('a run shows steps that have no status yet as not begun', () => {
    expect(drawPlan(design, { hours: 'done' }).match(/data-status="pending"/g)).toHaveLength(5);
  });

  test('a run that is over does not say "not yet" of what it did not come to', () => {
    const svg = drawPlan(design, { hours: 'done' }, { ended: true });
    expect(svg.match(/>not reached · /g)).toHaveLength(5);
    expect(svg).not.toContain('not yet');
    expect(drawPlan(design, { hours: 'done' })).toContain('not yet · ');
  });

  test('the many steps of a loop share a row, which shows what needs attention most', () => {
    const status = (id: string, name: StepStatus) => ({ id, status: name });
    expect(
      statusesForDrawing([
        status('mails', 'running'),
        status('mails/0/send', 'done'),
        status('mails/1/send', 'waiting'),
        status('mails/2/send', 'pending'),
        status('mails/2/catch/tell', 'done'),
      ]),
    ).toEqual({ mails: 'running', 'mails/send': 'waiting', 'mails/tell': 'done' });
  });

  test('text from anywhere stays text', () => {
    const title = `</text><script>alert(1)</script> & "quoted" 'single' \u202Ereversed\u0000`;
    const svg = drawPlan(compile([{ ...pure('a'), title }]));
    expect(valid(svg)).toBe(true);
    expect(svg).not.toContain('<script');
    expect(svg).not.toMatch(/[\u202E\u0000]/);
    expect(svg).toContain('\uFFFD');
  });

  test('any title and any status give well-formed XML', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }),
        fc.constantFrom<StepStatus>(...STEP_STATUSES),
        (title, status) => {
          const svg = drawPlan(
            compile([{ ...pure('a'), title }]),
            { a: status },
            { title, width: 480 },
          );
          expect(valid(svg)).toBe(true);
        },
      ),
    );
  });
});

describe('the layout', () => {
  test('every line goes down, and what other lines imply is left out', () => {
    const { rows, lines } = layoutPlan(design);
    expect(lines.every(({ from, to }) => from < to)).toBe(true);
    expect(lines.map(({ from, to }) => `${rows[from]?.id}-${rows[to]?.id}`)).toEqual([
      'hours-draft',
      'draft-issue',
      'issue-mail',
      'mail-paid',
      'paid-chase',
    ]);
  });

  test('a step that is written before what it needs is drawn below it', () => {
    expect(
      layoutPlan(compile([pure('a', 'c'), pure('b'), pure('c')])).rows.map(({ id }) => id),
    ).toEqual(['b', 'c', 'a']);
  });

  test('lines that pass one another have lanes of their own', () => {
    const { lines, lanes } = layoutPlan(
      compile([pure('a'), pure('b'), pure('c', 'a'), pure('d', 'b')]),
    );
    expect(lanes).toBe(2);
    expect(new Set(lines.map(({ lane }) => lane)).size).toBe(2);
  });

  test('inner steps stand under their parent, one level in', () => {
    const { rows } = layoutPlan(
      compile([{ id: 'all', each: { over: [1], as: 'x', do: [pure('in')] } }, pure('end')]),
    );
    expect(rows.map(({ id, depth }) => [id, depth])).toEqual([
      ['all', 0],
      ['all/in', 1],
      ['end', 0],
    ]);
  });

  test('lanes leave room for words however many lines there are', () => {
    const steps = Array.from({ length: 40 }, (_, index) => pure(`s${index}`));
    const joined = Array.from({ length: 40 }, (_, index) => pure(`t${index}`, `s${index}`));
    expect(layoutPlan(compile([...steps, ...joined])).lanes).toBeLessThanOrEqual(6);
  });

  test('2,000 steps are drawn within a second', () => {
    const steps = Array.from({ length: 2_000 }, (_, index) =>
      index === 0 ? pure('s0') : pure(`s${index}`, `s${index - 1}`),
    );
    const plan = compile(steps);
    expect(cpuMs(() => expect(drawPlan(plan)).toContain('s1999'))).toBeLessThan(1_000);
  });
});

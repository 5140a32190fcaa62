import type { Json } from '../base/index.ts';
import type { CompiledPlan } from './compile.ts';
import { type Layout, type Line, layoutPlan, type Row } from './layout.ts';
import { type Step, type StepKind, textOf } from './plan.ts';

/** The states of a step that a drawing can show (INTERFACES: `steward run`). */
export const STEP_STATUSES = [
  'pending',
  'ready',
  'running',
  'waiting',
  'retrying',
  'done',
  'skipped',
  'failed',
  'denied',
  'cancelled',
  'compensated',
] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

export interface DrawOptions {
  /** pixels; the drawing shrinks with its frame. 320 when absent */
  readonly width?: number;
  /** what the picture is of, for those who hear it */
  readonly title?: string;
  /** the run comes to no further step */
  readonly ended?: boolean;
}

/** A status in words. */
type Tell = (status: StepStatus) => string;

/**
 * A plan, or a run of it, as a picture: one step per row of 44 pixels, what it waits for as lines at
 * its left (dashed where it is only order). A status is a shape and a word, and a colour beside. Colours
 * come from the page (`--ink`, `--line`, `--ok`, `--warn`, `--stop`), so light and dark follow it.
 */
export function drawPlan(
  plan: CompiledPlan,
  statuses?: { readonly [step: string]: StepStatus },
  options: DrawOptions = {},
): string {
  const layout = layoutPlan(plan);
  const width = options.width ?? 320;
  const height = PADDING * 2 + layout.rows.length * ROW - GAP;
  const tell: Tell = (status) =>
    options.ended && status === 'pending' ? 'not reached' : STATUS_WORDS[status];
  const label = options.title ?? describePlan(layout, statuses, tell);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeXml(label)}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" style="max-width:100%;height:auto;color:var(--ink,currentColor);font-family:system-ui,sans-serif">`,
    ...layout.lines.map((line) => drawLine(line, layout)),
    ...layout.rows.map((row, index) =>
      drawRow(row, index, layout, width, tell, statuses && (statuses[row.id] ?? 'pending')),
    ),
    '</svg>',
  ].join('\n');
}

/**
 * The statuses of a run for its drawing: the many steps of a loop (`mails/3/send`) share one row
 * (`mails/send`), which shows what needs attention most.
 */
export function statusesForDrawing(
  steps: Iterable<{ readonly id: string; readonly status: StepStatus }>,
): { readonly [step: string]: StepStatus } {
  const shown: { [step: string]: StepStatus } = {};
  for (const { id, status } of steps) {
    const row = id
      .split('/')
      .filter((part) => part !== 'catch' && !/^\d+$/.test(part))
      .join('/');
    const known = shown[row];
    if (!known || URGENCY.indexOf(status) < URGENCY.indexOf(known)) shown[row] = status;
  }
  return shown;
}

const URGENCY: readonly StepStatus[] = [
  ...(['failed', 'denied', 'waiting', 'retrying', 'running', 'ready'] as const),
  ...(['cancelled', 'compensated', 'pending', 'done', 'skipped'] as const),
];

const PADDING = 4;
const ROW = 44;
const GAP = 8;
const BOX = ROW - GAP;
const LANE = 12;
const INDENT = 16;
const GLYPH = 18;

function describePlan(
  layout: Layout,
  statuses: { readonly [step: string]: StepStatus } | undefined,
  tell: Tell,
): string {
  const steps = layout.rows.map(({ id, step }) => {
    const status = statuses?.[id];
    return status ? `${step.step.title ?? id} (${tell(status)})` : (step.step.title ?? id);
  });
  return `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}: ${steps.slice(0, 40).join(', ')}${steps.length > 40 ? ' ...' : ''}`;
}

function boxLeft(row: Row, layout: Layout): number {
  return PADDING + layout.lanes * LANE + row.depth * INDENT;
}

function top(row: number): number {
  return PADDING + row * ROW;
}

function drawLine(line: Line, layout: Layout): string {
  const from = layout.rows[line.from];
  const to = layout.rows[line.to];
  if (!from || !to) return '';
  const dash = line.refers ? '' : ' stroke-dasharray="3 3"';
  const style = `fill="none" stroke="var(--line,#8c959f)" stroke-width="1.5"${dash}`;
  if (line.lane < 0) {
    const x = Math.max(boxLeft(from, layout), boxLeft(to, layout)) + 4 + GLYPH / 2;
    return `<path d="M${x} ${top(line.from) + BOX}V${top(line.to)}" ${style}/>`;
  }
  const x = PADDING + (layout.lanes - line.lane - 0.5) * LANE;
  const start = top(line.from) + BOX / 2 + 6;
  const end = top(line.to) + BOX / 2 - 6;
  const [left, right] = [boxLeft(from, layout), boxLeft(to, layout)];
  const arrow = `M${right - 4} ${end - 3}L${right} ${end}L${right - 4} ${end + 3}`;
  return `<path d="M${left} ${start}H${x + 5}Q${x} ${start} ${x} ${start + 5}V${end - 5}Q${x} ${end} ${x + 5} ${end}H${right}" ${style}/><path d="${arrow}" fill="none" stroke="var(--line,#8c959f)" stroke-width="1.5"/>`;
}

function drawRow(
  row: Row,
  index: number,
  layout: Layout,
  width: number,
  tell: Tell,
  status: StepStatus | undefined,
): string {
  const x = boxLeft(row, layout);
  const y = top(index);
  const boxWidth = width - x - PADDING;
  const name = row.step.step.title ?? row.id.split('/').at(-1) ?? row.id;
  const what = describeStep(row.step.kind, row.step.step);
  const words = status ? `${tell(status)} · ${what}` : what;
  const room = boxWidth - GLYPH - 20;
  const dashed = row.step.expressions.when ? ' stroke-dasharray="5 3"' : '';
  const when = row.step.step.when === undefined ? '' : `, only when ${textOf(row.step.step.when)}`;
  return [
    `<g data-step="${escapeXml(row.id)}"${status ? ` data-status="${status}"` : ''}>`,
    `<title>${escapeXml(`${row.id}: ${name}. ${what}${when}${status ? `. ${tell(status)}` : ''}`)}</title>`,
    `<rect x="${x}" y="${y}" width="${boxWidth}" height="${BOX}" rx="6" fill="var(--paper,transparent)" stroke="var(--line,#8c959f)"${dashed}/>`,
    drawGlyph(status, row.step.kind, x + 6, y + (BOX - GLYPH) / 2),
    `<text x="${x + GLYPH + 14}" y="${y + 15}" font-size="14" fill="currentColor">${escapeXml(shorten(name, room, 14))}</text>`,
    `<text x="${x + GLYPH + 14}" y="${y + 30}" font-size="13" fill="currentColor" opacity="0.75">${escapeXml(shorten(words, room, 13))}</text>`,
    '</g>',
  ].join('');
}

const STATUS_WORDS: { readonly [Status in StepStatus]: string } = {
  pending: 'not yet',
  ready: 'next',
  running: 'running',
  waiting: 'waits',
  retrying: 'tries again',
  done: 'done',
  skipped: 'skipped',
  failed: 'failed',
  denied: 'not allowed',
  cancelled: 'cancelled',
  compensated: 'taken back',
};

const OK = 'var(--ok,#1a7f37)';
const WARN = 'var(--warn,#9a6700)';
const STOP = 'var(--stop,#cf222e)';
const ACCENT = 'var(--accent,#0969da)';
const CALM = 'var(--ink,currentColor)';

/** Shapes in a square of 18: each differs from all others without its colour. */
const STATUS_SHAPES: { readonly [Status in StepStatus]: readonly [colour: string, shape: string] } =
  {
    pending: [CALM, '<circle cx="9" cy="9" r="6" stroke-dasharray="2 2.7"/>'],
    ready: [CALM, '<circle cx="9" cy="9" r="6"/><circle cx="9" cy="9" r="1.5"/>'],
    running: [ACCENT, '<circle cx="9" cy="9" r="7"/><path d="M7 5.5L12.5 9L7 12.5Z"/>'],
    waiting: [
      WARN,
      '<path d="M4.5 2.5H13.5M4.5 15.5H13.5M5.5 2.5C5.5 7 12.5 11 12.5 15.5M12.5 2.5C12.5 7 5.5 11 5.5 15.5"/>',
    ],
    retrying: [WARN, '<path d="M14.5 6A6.3 6.3 0 1 0 15.3 10M15 2V6.5H10.5"/>'],
    done: [OK, '<circle cx="9" cy="9" r="7"/><path d="M5.5 9.3L8 11.8L12.6 6.5"/>'],
    skipped: [CALM, '<path d="M3 5L7.5 9L3 13M9 5L13.5 9L9 13"/>'],
    failed: [STOP, '<circle cx="9" cy="9" r="7"/><path d="M6.3 6.3L11.7 11.7M11.7 6.3L6.3 11.7"/>'],
    denied: [STOP, '<circle cx="9" cy="9" r="7"/><path d="M5 9H13"/>'],
    cancelled: [CALM, '<rect x="3" y="3" width="12" height="12" rx="1"/><path d="M6.5 9H11.5"/>'],
    compensated: [CALM, '<path d="M6.5 3L3 6.5L6.5 10M3 6.5H10.5A4 4 0 0 1 10.5 14.5H6"/>'],
  };

/** Without a status the shape says what kind of step it is. */
const KIND_SHAPES: { readonly [Kind in StepKind]: string } = {
  call: '<rect x="3" y="4" width="12" height="10" rx="2"/>',
  ask: '<circle cx="9" cy="6" r="3"/><path d="M3.5 15.5C3.5 9.5 14.5 9.5 14.5 15.5"/>',
  wait: '<circle cx="9" cy="9" r="7"/><path d="M9 5V9L12 11"/>',
  play: '<path d="M5 3L14 9L5 15Z"/>',
  each: '<path d="M3 5H15M3 9H15M3 13H15"/>',
  repeat: '<path d="M14.5 6A6.3 6.3 0 1 0 15.3 10M15 2V6.5H10.5"/>',
  expand: '<path d="M9 2V16M2 9H16M4.5 4.5L13.5 13.5M13.5 4.5L4.5 13.5"/>',
};

function drawGlyph(status: StepStatus | undefined, kind: StepKind, x: number, y: number): string {
  const [colour, shape] = status ? STATUS_SHAPES[status] : [CALM, KIND_SHAPES[kind]];
  return `<g transform="translate(${x} ${y})" fill="none" stroke="${colour}" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">${shape}</g>`;
}

function describeStep(kind: StepKind, step: Step): string {
  if ('call' in step) return step.call.replace(/@\d+$/, '');
  if ('ask' in step)
    return `asks you${typeof step.ask.title === 'string' ? `: ${step.ask.title}` : ''}`;
  if ('wait' in step) return describeWait(step.wait);
  if ('play' in step) return `plays ${step.play.replace(/@\d+$/, '')}`;
  if ('each' in step) return `for every ${step.each.as}`;
  if ('repeat' in step) return `until ${textOf(step.repeat.until)}`;
  return kind === 'expand' ? 'runs the plan that was made' : kind;
}

function describeWait(wait: {
  readonly event?: string;
  readonly for?: string;
  readonly until?: Json;
}): string {
  const time = wait.for ? durationInWords(wait.for) : wait.until === undefined ? '' : 'a set time';
  if (!wait.event) return `for ${time}`;
  return time ? `for ${wait.event}, ${time} at most` : `for ${wait.event}`;
}

const UNITS: { readonly [unit: string]: string } = {
  Y: 'year',
  W: 'week',
  D: 'day',
  H: 'hour',
  S: 'second',
};

/** `P14D` as "14 days" */
function durationInWords(duration: string): string {
  const [date = '', time = ''] = duration.slice(1).split('T');
  const parts = [
    ...[...date.matchAll(/(\d+)([YMWD])/g)].map(([, count = '', unit = '']) =>
      amount(count, unit === 'M' ? 'month' : (UNITS[unit] ?? unit)),
    ),
    ...[...time.matchAll(/(\d+)([HMS])/g)].map(([, count = '', unit = '']) =>
      amount(count, unit === 'M' ? 'minute' : (UNITS[unit] ?? unit)),
    ),
  ];
  return parts.join(' ');
}

function amount(count: string, unit: string): string {
  return `${count} ${unit}${count === '1' ? '' : 's'}`;
}

/** A system font takes about 0.55 of its size per character; the whole text is in the title. */
function shorten(text: string, room: number, fontSize: number): string {
  const most = Math.max(4, Math.floor(room / (fontSize * 0.55)));
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for XML: nothing of it becomes markup, and what cannot be seen becomes visible. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029\uFFFE\uFFFF]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

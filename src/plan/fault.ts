import type { Json } from '../base/index.ts';
import { type Failure, failure } from '../contract/index.ts';
import { PLAN_LIMITS } from './limits.ts';

/** One thing that is wrong with a plan: where, what would be right, what is there, the way out. */
export interface Fault {
  /** `steps[2].with.party` */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

/** Faults that the message itself names: the first few say what kind of thing is wrong. */
const IN_MESSAGE = 3;

/**
 * All faults as one failure; beyond the limit they are counted only. `all` says where to read those that
 * the message does not name.
 */
export function invalidPlan(faults: readonly Fault[], all?: string): Failure {
  const [first] = faults;
  const said = faults.slice(0, IN_MESSAGE).map(faultWords).join('; ');
  const rest = faults.length - IN_MESSAGE;
  const message = first
    ? `${said}${rest > 0 ? ` (and ${rest} more)` : ''}`
    : 'the plan is not valid';
  const named: Json = faults.slice(0, PLAN_LIMITS.faults).map((fault) => ({ ...fault }));
  const facts = { faults: named, count: faults.length };
  const remedy = first && all && faults.length > 1 ? `${first.remedy} ${all}` : first?.remedy;
  return failure('invalid_plan', message, facts, remedy);
}

function faultWords({ path, expected, found }: Fault): string {
  return `${path || 'the plan'}: expected ${expected}, found ${found}`;
}

/** `steps[2]` + `with.party` */
export function joinPath(path: string, part: string | number): string {
  if (typeof part === 'number') return `${path}[${part}]`;
  return path === '' ? part : `${path}.${part}`;
}

/** `steps[2].with` + `to.0.name` is `steps[2].with.to[0].name`: every path is written in one way. */
export function joinDotted(path: string, dotted: string): string {
  if (dotted === '') return path;
  return dotted
    .split('.')
    .reduce((at, part) => joinPath(at, /^\d+$/.test(part) ? Number(part) : part), path);
}

/** A value in a few words, for `found`. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return `an object {${Object.keys(value).slice(0, 6).join(', ')}}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}..."` : text;
}

/** Names that one misspelt name is compared with, at most: comparing takes time. */
const COMPARED_NAMES = 1_000;

/** Up to three names that were probably meant, nearest first. */
export function nearNames(name: string, names: Iterable<string>): readonly string[] {
  const most = Math.max(2, Math.floor(name.length / 3));
  const wanted = name.toLowerCase();
  return [...new Set(names)]
    .slice(0, COMPARED_NAMES)
    .map((candidate) => ({ candidate, distance: distanceOf(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => {
      return distance <= most || (wanted.length > 2 && candidate.toLowerCase().includes(wanted));
    })
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** "Did you mean a or b?", or the other way out where nothing is near. */
export function suggest(name: string, names: Iterable<string>, otherwise: string): string {
  const near = nearNames(name, names);
  return near.length > 0 ? `Did you mean ${near.join(' or ')}?` : otherwise;
}

/** Edits between two words: insert, delete, replace, swap neighbours. */
function distanceOf(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 12) return Number.POSITIVE_INFINITY;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          at(previous, j) + 1,
          at(row, j - 1) + 1,
          at(previous, j - 1) + (same ? 0 : 1),
          swapped ? at(beforePrevious, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforePrevious = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

/** One piece of a comparison, in reading order. */
export interface DiffPiece {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** cells of the comparison table; above it the whole text counts as replaced (a few ms of work) */
const CELLS_MAX = 1_000_000;

/** Two texts line by line; the joined pieces that are not `added` give `before`, and the reverse. */
export function diffLines(before: string, after: string): readonly DiffPiece[] {
  return diff(before.match(/[^\n]*\n|[^\n]+$/g) ?? [], after.match(/[^\n]*\n|[^\n]+$/g) ?? []);
}

/** Two short texts word by word. */
export function diffWords(before: string, after: string): readonly DiffPiece[] {
  return diff(before.match(/\s+|[^\s]+/g) ?? [], after.match(/\s+|[^\s]+/g) ?? []);
}

/** The same comparison with long unchanged stretches cut to a line on either side of a change. */
export function brief(pieces: readonly DiffPiece[]): readonly DiffPiece[] {
  return pieces.map((piece, index) => {
    if (piece.kind !== 'same') return piece;
    const lines = piece.text.split('\n');
    if (lines.length <= CONTEXT_LINES) return piece;
    const head = index === 0 ? [] : lines.slice(0, 2);
    const tail = index === pieces.length - 1 ? [] : lines.slice(-3);
    return { kind: 'same', text: [...head, ELLIPSIS, ...tail].join('\n') };
  });
}

/** unchanged lines that are shown as they are */
const CONTEXT_LINES = 5;
const ELLIPSIS = '⋯';

/** By the longest common subsequence, so that what stays is as much as possible. */
function diff(before: readonly string[], after: readonly string[]): readonly DiffPiece[] {
  const head = commonHead(before, after);
  const tail = commonHead(before.slice(head).reverse(), after.slice(head).reverse());
  const a = before.slice(head, before.length - tail);
  const b = after.slice(head, after.length - tail);
  const pieces: DiffPiece[] = [];
  push(pieces, 'same', before.slice(0, head));
  if (a.length * b.length > CELLS_MAX) {
    push(pieces, 'removed', a);
    push(pieces, 'added', b);
  } else {
    walk(pieces, a, b);
  }
  push(pieces, 'same', before.slice(before.length - tail));
  return pieces;
}

function walk(pieces: DiffPiece[], a: readonly string[], b: readonly string[]): void {
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      push(pieces, 'same', a.slice(i, i + 1));
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      push(pieces, 'removed', a.slice(i, i + 1));
      i += 1;
    } else {
      push(pieces, 'added', b.slice(j, j + 1));
      j += 1;
    }
  }
  push(pieces, 'removed', a.slice(i));
  push(pieces, 'added', b.slice(j));
}

function push(pieces: DiffPiece[], kind: DiffPiece['kind'], parts: readonly string[]): void {
  if (parts.length === 0) return;
  const last = pieces.at(-1);
  if (last?.kind === kind) pieces[pieces.length - 1] = { kind, text: last.text + parts.join('') };
  else pieces.push({ kind, text: parts.join('') });
}

function commonHead(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

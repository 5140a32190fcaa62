/** One measured number, and beside it a peer's for the same work on the same machine. */
export interface Figure {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: string;
  readonly peerValue?: number;
  /** ours / theirs */
  readonly ratio?: number;
}

/** Figures of one measurement, and what could not be measured, in words. */
export interface Measured {
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

/** A figure with three significant digits: more would be noise. */
export function figure(id: string, value: number, unit: string): Figure {
  return { id, value: rounded(value), unit };
}

/** Three significant digits, and never less than whole numbers. */
export function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/** The middle of a list; the upper one of two. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new Error('there is no median of nothing');
  return middle;
}

/** The same figure once per peer that was measured; by itself when none was. */
export function beside(own: Figure, peers: ReadonlyMap<string, number>): readonly Figure[] {
  if (peers.size === 0) return [own];
  return [...peers].map(([peer, peerValue]) => ({
    ...own,
    peer,
    peerValue,
    ratio: rounded(own.value / peerValue),
  }));
}

/** Lines for people: one per figure, a peer's beside ours. */
export function formatFigures(figures: readonly Figure[]): string {
  return figures
    .map(({ id, value, unit, peer, peerValue, ratio }) => {
      const own = `${id.padEnd(24)}${String(value).padStart(10)} ${unit.padEnd(8)}`;
      return peer === undefined ? own.trimEnd() : `${own}${peer} ${peerValue}, ratio ${ratio}`;
    })
    .join('\n');
}

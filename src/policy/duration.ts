const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A length of time in the largest unit that gives a whole number: `30 seconds`, `1 day`. */
export function duration(ms: number): string {
  const [name, size] = UNITS.find(([, unit]) => ms >= unit && ms % unit === 0) ?? ['ms', 1];
  const count = ms / size;
  return `${count} ${name}${name === 'ms' || count === 1 ? '' : 's'}`;
}

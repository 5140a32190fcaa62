import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** `STEWARD_EVICT=always` runs the suites of the kernel once more, with the memory of every run thrown
 * away after every turn: what they say must hold for what is folded from the log alone. */
const isEvicted = process.env.STEWARD_EVICT === 'always';

export default defineConfig({
  test: {
    include: isEvicted ? kernelSuites() : ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Machines that do much else are four times slower and more: waiting is over as soon as there is
    // what is waited for, so that patience costs nothing where a test passes.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
    setupFiles: ['test/support/fixed-seed.ts'],
  },
});

/** Suites that put a kernel together in their own process, whichever of the parts they use for it. */
function kernelSuites(): string[] {
  const composes =
    /support\/(compose-kernel|invoice-flow)|\/(drive-load|trust-kit|time-travel-kit)/;
  // how much memory it takes is what these are about; the last one evicts by itself
  const apart = /(clock-and-scale|scale|evict)\.test\.ts$/;
  return globSync('test/{flow,crash,adversarial}/*.test.ts').filter(
    (file) => !apart.test(file) && composes.test(readFileSync(file, 'utf8')),
  );
}

/**
 * Milliseconds of processor time that work takes in this thread, to about one. A clock would also count
 * what else the machine does meanwhile, and fail a test for it.
 */
export function cpuMs(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

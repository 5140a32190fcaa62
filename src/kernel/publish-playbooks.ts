import type { JsonObject } from '../base/index.ts';
import type { Log } from '../log/index.ts';
import { fact } from './events.ts';
import { playbooksFold } from './playbooks.ts';

/**
 * Publishes those that the log does not hold yet, by name and version. A version that is there stays
 * as it was published, whatever the file says now. Returns how many were new.
 */
export async function publishPlaybooks(
  log: Log,
  playbooks: readonly JsonObject[],
  because: string,
): Promise<number> {
  const known = log.fold(playbooksFold);
  let published = 0;
  for (const playbook of playbooks) {
    const { name, version } = playbook;
    if ((await known.get(`${String(name)}@${Number(version)}`)) !== undefined) continue;
    const stream = `playbook/${String(name)}`;
    const events = [fact('playbook.published', { playbook, because })];
    await log.append([{ stream, expectedVersion: await log.streamVersion(stream), events }]);
    published += 1;
  }
  return published;
}

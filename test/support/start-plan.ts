import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../src/base/index.ts';
import type { CommandDesk } from './command-desk.ts';

/** Publishes a plan of one's own as a playbook and starts it. Resolves with the run. */
export async function startPlan(
  desk: Pick<CommandDesk, 'directory' | 'data' | 'run'>,
  name: string,
  steps: readonly JsonObject[],
): Promise<string> {
  const file = join(desk.directory, `${name}.json`);
  const head = { name, version: 1, title: name, autonomy: 'ask', input: { fields: [] } };
  await writeFile(file, JSON.stringify({ ...head, plan: { steps } }));
  await desk.data(['playbooks', 'publish', file]);
  await desk.run(['do', name, '--playbook', name]); // one that fails at once says so
  const [newest] = await desk.data<readonly { readonly id: string }[]>(['runs', '--limit', '1']);
  return newest?.id ?? '';
}

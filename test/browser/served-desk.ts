import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { createWorkshop } from '../support/steward-process.ts';

const PASSPHRASE = 'four plain words here';

/** What a person with the passphrase answers when a command wants a signature. */
export const UNLOCK = { 'Passphrase of your device key': PASSPHRASE };

export interface ServedDesk extends CommandDesk {
  readonly url: string;
  /** a link with which one more browser may decide */
  readonly invite: () => Promise<string>;
  /** messages that went out */
  readonly outbox: () => Promise<number>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** The example company, served, with a command line whose key has a passphrase. */
export async function serveDesk(name: string, policy?: object): Promise<ServedDesk> {
  const desk = await createExampleDesk(name);
  const workshop = await createWorkshop(name);
  await desk.data(['devices', 'enrol', '--passphrase'], {
    'New passphrase': PASSPHRASE,
    'The same again': PASSPHRASE,
  });
  if (policy !== undefined) {
    const file = join(desk.directory, 'policy.json');
    await writeFile(file, JSON.stringify(policy));
    await desk.data(['policy', 'set', file, '--because', 'For this test', '--yes'], UNLOCK);
  }
  const { url } = await workshop.serve(['up'], { STEWARD_HOME: desk.places.home });
  return {
    ...desk,
    url,
    invite: async () => (await desk.data<{ url: string }>(['devices', 'invite'], UNLOCK)).url,
    outbox: async () => {
      const folder = join(desk.places.home, 'sandbox/outbox/new');
      return (await readdir(folder).catch(() => [])).length;
    },
    [Symbol.asyncDispose]: async () => {
      await workshop[Symbol.asyncDispose]();
      await desk.close();
    },
  };
}

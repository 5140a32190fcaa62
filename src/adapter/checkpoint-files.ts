import { join } from 'node:path';
import { makePrivateDirectory, writeDurably } from './durable-file.ts';
import { readPrivateFile } from './private-file.ts';

export interface CheckpointFiles {
  /** Keeps the note under its seq and as `latest`; durable when fulfilled. */
  readonly write: (note: string, seq: number) => Promise<void>;
  /** The newest note; undefined when there is none. */
  readonly latest: () => Promise<string | undefined>;
}

/** Digits of a seq in a file's name, so that names sort as numbers do. */
const NAME_DIGITS = 15;

/**
 * Signed notes as private files: `<seq>.checkpoint` and `latest`. They prove something only once a copy
 * has left the machine. Fails with `disk_full`, `store_read_only`, `sync_failed`.
 */
export function createCheckpointFiles(directory: string): CheckpointFiles {
  const latest = join(directory, 'latest');
  return {
    write: async (note, seq) => {
      await makePrivateDirectory(directory);
      const name = `${String(seq).padStart(NAME_DIGITS, '0')}.checkpoint`;
      await writeDurably(join(directory, name), note);
      await writeDurably(latest, note);
    },
    latest: async () => (await readPrivateFile(latest))?.toString('utf8'),
  };
}

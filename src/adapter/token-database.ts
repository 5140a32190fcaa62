import { z } from 'zod';
import type { TokenRow, TokenStore } from '../kernel/index.ts';
import { openPrivateDatabase } from './private-database.ts';
import { mapSqliteError } from './sqlite-errors.ts';

/** how long a second process waits for the file */
const BUSY_TIMEOUT_MS = 2_000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS token (
  id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, row TEXT NOT NULL
) STRICT, WITHOUT ROWID;`;

const rowSchema = z.strictObject({
  id: z.string(),
  hash: z.string(),
  name: z.string(),
  holder: z.enum(['worker', 'agent']),
  scope: z.strictObject({
    capabilities: z.array(z.string()),
    reads: z.array(z.string()),
    run: z.string().exactOptional(),
  }),
  createdAt: z.int(),
  expiresAt: z.int(),
});

/**
 * Tokens of workers and agents in a small private SQLite file of their own. Losing it only means that
 * new ones must be made. Fails with `store_read_only`, `disk_full`, `store_broken`.
 */
export function openTokenDatabase(path: string): TokenStore & { readonly close: () => void } {
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw mapSqliteError(error, path);
    }
  };
  const db = openPrivateDatabase(path);
  guarded(() => {
    db.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}; PRAGMA journal_mode=TRUNCATE`);
    db.exec(SCHEMA);
  });
  const sql = {
    add: db.prepare('INSERT INTO token VALUES (?, ?, ?)'),
    find: db.prepare('SELECT row FROM token WHERE hash = ?'),
    remove: db.prepare('DELETE FROM token WHERE id = ?'),
    list: db.prepare('SELECT row FROM token ORDER BY id'),
  };
  const read = (row: unknown): TokenRow => rowSchema.parse(JSON.parse(String(row)));
  return {
    add: (row) => void guarded(() => sql.add.run(row.id, row.hash, JSON.stringify(row))),
    find: (hash) =>
      guarded(() => {
        const found = sql.find.get(hash);
        return found && read(found.row);
      }),
    remove: (id) => guarded(() => sql.remove.run(id).changes > 0),
    list: () => guarded(() => sql.list.all().map(({ row }) => read(row))),
    close: () => db.close(),
  };
}

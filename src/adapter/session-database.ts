import type { Id } from '../base/index.ts';
import { openPrivateDatabase } from './private-database.ts';
import { mapSqliteError } from './sqlite-errors.ts';

interface CodeRow {
  readonly hash: string;
  readonly kind: 'link' | 'invite';
  readonly expiresAt: number;
}

interface SessionRow {
  readonly hash: string;
  readonly device: Id | null;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** how long a second process waits for the file: a sign-in link is made while the server runs */
const BUSY_TIMEOUT_MS = 2_000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS code (
  hash TEXT PRIMARY KEY, kind TEXT NOT NULL, expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session (
  hash TEXT PRIMARY KEY, device TEXT, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`;

/**
 * Sessions and sign-in codes in a small private SQLite file of their own. Losing it signs everybody out
 * and loses nothing else. Fails with `store_read_only`, `disk_full`, `store_broken`.
 */
export function openSessionDatabase(path: string) {
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
    addCode: db.prepare('INSERT INTO code VALUES (?, ?, ?)'),
    dropCodes: db.prepare('DELETE FROM code WHERE expires_at <= ?'),
    takeCode: db.prepare('DELETE FROM code WHERE hash = ? RETURNING kind, expires_at'),
    addSession: db.prepare('INSERT INTO session VALUES (?, ?, ?, ?)'),
    dropSessions: db.prepare('DELETE FROM session WHERE expires_at <= ?'),
    find: db.prepare('SELECT device, created_at, expires_at FROM session WHERE hash = ?'),
    setDevice: db.prepare('UPDATE session SET device = ? WHERE hash = ?'),
    remove: db.prepare('DELETE FROM session WHERE hash = ?'),
    removeDevice: db.prepare('DELETE FROM session WHERE device = ?'),
    dropInvites: db.prepare("DELETE FROM code WHERE kind = 'invite'"),
  };
  return {
    addCode: ({ hash, kind, expiresAt }: CodeRow): void => {
      guarded(() => sql.addCode.run(hash, kind, expiresAt));
    },
    takeCode: (hash: string, nowMs: number): CodeRow | undefined =>
      guarded(() => {
        sql.dropCodes.run(nowMs);
        const row = sql.takeCode.get(hash);
        if (!row) return undefined;
        const kind = row.kind === 'invite' ? 'invite' : 'link';
        return { hash, kind, expiresAt: Number(row.expires_at) };
      }),
    addSession: ({ hash, device, createdAt, expiresAt }: SessionRow): void => {
      guarded(() => {
        sql.dropSessions.run(createdAt);
        sql.addSession.run(hash, device, createdAt, expiresAt);
      });
    },
    findSession: (hash: string, nowMs: number): SessionRow | undefined =>
      guarded(() => {
        const row = sql.find.get(hash);
        if (!row || Number(row.expires_at) <= nowMs) return undefined;
        return {
          hash,
          device: typeof row.device === 'string' ? row.device : null,
          createdAt: Number(row.created_at),
          expiresAt: Number(row.expires_at),
        };
      }),
    setDevice: (hash: string, device: Id): void => {
      guarded(() => sql.setDevice.run(device, hash));
    },
    removeSession: (hash: string): void => {
      guarded(() => sql.remove.run(hash));
    },
    removeDevice: (device: Id): void => {
      guarded(() => {
        sql.dropInvites.run();
        sql.removeDevice.run(device);
      });
    },
    close: (): void => {
      if (db.isOpen) db.close();
    },
  };
}

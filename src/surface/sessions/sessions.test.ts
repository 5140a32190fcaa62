import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSessionDatabase } from '../../adapter/session-database.ts';
import type { SessionStore } from './session-store.ts';
import { createSessions } from './sessions.ts';

const clock = { now: () => Date.UTC(2026, 10, 1) };
const refused = expect.objectContaining({ code: 'not_signed_in' });
let directory: string;
let store: SessionStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'steward-sessions-'));
  store = openSessionDatabase(join(directory, 'sessions.db'));
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
});

test('a link that a stolen device signed enrols nobody once that device is revoked', () => {
  const sessions = createSessions(store, clock);
  const invite = sessions.newCode('invite');
  const link = sessions.newCode('link');
  sessions.endDevice('stolen');
  expect(() => sessions.redeem(invite)).toThrow(refused);
  expect(sessions.redeem(link)).toBe('link');
});

test('revoking a device ends its sessions and nobody else', () => {
  const sessions = createSessions(store, clock);
  const stolen = sessions.start('stolen');
  const own = sessions.start('own');
  sessions.endDevice('stolen');
  expect(sessions.find(stolen.token)).toBeUndefined();
  expect(sessions.isLive(stolen.session)).toBe(false);
  expect(sessions.isLive(own.session)).toBe(true);
});

test('a clock that is set back after wrong codes locks nobody out until it has caught up', () => {
  let nowMs = clock.now();
  const sessions = createSessions(store, { now: () => nowMs });
  const wrong = () => expect(() => sessions.redeem('wrong'));
  for (let count = 0; count < 10; count++) wrong().toThrow(refused);
  wrong().toThrow(expect.objectContaining({ code: 'rate_limited' }));
  nowMs -= 3_600_000;
  expect(sessions.redeem(sessions.newCode('link'))).toBe('link');
});

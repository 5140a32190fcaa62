import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMemoryRest, type MemoryRest } from './memory-rest.ts';

const MIB = 1024 * 1024;

let collected: number;
let bytes: number;
let memory: MemoryRest;

beforeEach(() => {
  vi.useFakeTimers();
  collected = 0;
  bytes = 100 * MIB;
  memory = createMemoryRest(
    () => {
      collected += 1;
      bytes = 90 * MIB;
    },
    () => bytes,
  );
});
afterEach(() => {
  memory.close();
  vi.useRealTimers();
});

test('memory is given back once it is quiet, not while something is going on', () => {
  for (let second = 0; second < 10; second++) {
    memory.stir();
    vi.advanceTimersByTime(1_000);
  }
  expect(collected).toBe(0);
  vi.advanceTimersByTime(2_000);
  expect(collected).toBe(1);
});

test('a quiet process is never woken, and little work is worth no pause', () => {
  memory.stir();
  vi.advanceTimersByTime(3_000);
  expect(vi.getTimerCount()).toBe(0);
  bytes = 97 * MIB;
  memory.stir();
  vi.advanceTimersByTime(3_000);
  expect(collected).toBe(1);
  bytes = 98 * MIB;
  memory.stir();
  vi.advanceTimersByTime(3_000);
  expect(collected).toBe(2);
});

test('nothing is done after it was closed, whatever still happens', () => {
  memory.stir();
  memory.close();
  memory.stir();
  vi.advanceTimersByTime(10_000);
  expect(collected).toBe(0);
  const idle = createMemoryRest(
    () => {
      collected += 1;
    },
    () => bytes,
  );
  idle.close();
  idle.stir(); // a house that closes still makes durable what it wrote last
  vi.advanceTimersByTime(10_000);
  expect(collected).toBe(0);
});

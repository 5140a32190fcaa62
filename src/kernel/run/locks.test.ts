import { describe, expect, test } from 'vitest';
import { createLocks, type LockOwner } from './locks.ts';

function setUp() {
  const woken: string[] = [];
  const locks = createLocks((run) => woken.push(run));
  const owner = (text: string): LockOwner => {
    const [run = '', step = ''] = text.split(':');
    return { run, step };
  };
  return {
    locks,
    woken,
    take: (who: string, ...keys: string[]) => locks.take(keys, owner(who)).status,
    release: (who: string) => locks.release(owner(who)),
  };
}

describe('locks', () => {
  test('first come is first served, and nobody overtakes who was handed a key', () => {
    const { take, release, woken, locks } = setUp();
    expect(take('a:s', 'k')).toBe('taken');
    expect([take('b:s', 'k'), take('c:s', 'k')]).toEqual(['waits', 'waits']);
    release('a:s');
    expect(woken).toEqual(['b']);
    expect(take('c:s', 'k')).toBe('waits');
    expect(locks.list()).toEqual([
      { key: 'k', holder: { run: 'b', step: 's' }, queue: [{ run: 'c', step: 's' }] },
    ]);
    expect([take('b:s', 'k'), take('b:s', 'k')]).toEqual(['taken', 'kept']);
  });

  test('who wants two keys never sits on one while waiting for the other', () => {
    const { take, release, woken } = setUp();
    take('d1:s', 'x');
    take('d2:s', 'y');
    expect([take('b:s', 'x', 'y'), take('e:s', 'x', 'y')]).toEqual(['waits', 'waits']);
    release('d1:s');
    expect(woken).toEqual([]);
    release('d2:s');
    expect(woken).toEqual(['b']);
    expect(take('b:s', 'x', 'y')).toBe('taken');
    release('b:s');
    expect(take('e:s', 'x', 'y')).toBe('taken');
  });

  test('who leaves the line lets the next one through', () => {
    const { take, release, woken } = setUp();
    take('a:s', 'x');
    take('b:s', 'x', 'y');
    expect(take('c:s', 'y')).toBe('waits');
    release('b:s');
    expect(woken).toEqual(['c']);
  });

  test('a step shares what a step around it holds', () => {
    const { take } = setUp();
    expect([take('a:g', 'k'), take('a:g/0/s', 'k'), take('a:gg', 'k')]).toEqual([
      ...['taken', 'kept', 'waits'],
    ]);
  });

  test('two runs that would wait for each other are told, and neither waits', () => {
    const { take, locks } = setUp();
    take('a:g', 'x');
    take('b:g', 'y');
    expect(take('a:g/s', 'y')).toBe('waits');
    expect(take('b:g/s', 'x')).toBe('circle');
    expect(locks.list().find(({ key }) => key === 'x')?.queue).toEqual([]);
  });

  test('what the log says is held is held after a restart', () => {
    const { take, locks } = setUp();
    locks.restore(['k'], { run: 'a', step: 'g' });
    expect([take('b:s', 'k'), take('a:g', 'k')]).toEqual(['waits', 'kept']);
  });
});

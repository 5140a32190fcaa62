import { expect, test } from 'vitest';
import type { Id } from '../../base/index.ts';
import { type Actor, createActor } from './actor.ts';
import { LazyAbort } from './lazy-abort.ts';
import { createRunMemory } from './run-memory.ts';
import { newRunState } from './run-state.ts';

function moved(actors: Map<Id, Actor>, id: Id, events: number): Actor {
  const actor = actors.get(id) ?? createActor(id);
  actors.set(id, actor);
  actor.state = Object.assign(newRunState(id), { version: events });
  return actor;
}

test('more runs than are kept: the one that rested longest is forgotten', () => {
  const actors = new Map<Id, Actor>();
  const memory = createRunMemory(actors, { runs: 2, events: 100 });
  for (const id of ['a', 'b', 'a', 'c']) memory.keep(moved(actors, id, 1));
  expect([...actors.keys()]).toEqual(['a', 'c']);
});

test('few runs with many events are as much as many with few', () => {
  const actors = new Map<Id, Actor>();
  const memory = createRunMemory(actors, { runs: 10, events: 100 });
  for (const id of ['a', 'b', 'c']) memory.keep(moved(actors, id, 40));
  expect([...actors.keys()]).toEqual(['b', 'c']);
  memory.keep(moved(actors, 'giant', 1_000)); // the one that moves stays, however long it is
  expect([...actors.keys()]).toEqual(['giant']);
  memory.keep(moved(actors, 'd', 1));
  expect([...actors.keys()]).toEqual(['d']);
});

test('a run with a call under way loses its state only; one in its turn loses nothing', () => {
  const actors = new Map<Id, Actor>();
  const memory = createRunMemory(actors, { runs: 1, events: 100 });
  const calling = moved(actors, 'calling', 1);
  calling.calls.set('step', { attempt: 1, abort: new LazyAbort() });
  memory.keep(calling);
  const turning = moved(actors, 'turning', 1);
  turning.queued = 1;
  memory.keep(turning);
  expect(calling.state).toBeUndefined();
  memory.keep(moved(actors, 'last', 1));
  expect(turning.state).toBeDefined();
  expect([...actors.keys()]).toEqual(['calling', 'turning', 'last']);
});

test('a run that is over keeps its place and nothing else', () => {
  const actors = new Map<Id, Actor>();
  const memory = createRunMemory(actors, { runs: 2, events: 100 });
  const over = moved(actors, 'over', 80);
  Object.assign(over.state ?? {}, { status: 'done' });
  memory.keep(over);
  expect(over).toMatchObject({ isOver: true, state: undefined });
  memory.keep(moved(actors, 'long', 80));
  expect([...actors.keys()]).toEqual(['over', 'long']);
  for (const id of ['b', 'c']) memory.keep(moved(actors, id, 1));
  expect([...actors.keys()]).toEqual(['b', 'c']);
});

test('a run that was begun again after it could not be begun outlives the first attempt', () => {
  const actors = new Map<Id, Actor>();
  const memory = createRunMemory(actors, { runs: 1, events: 100 });
  const attempt = moved(actors, 'again', 0);
  actors.delete('again'); // its first append was refused
  memory.keep(attempt);
  const begun = moved(actors, 'again', 1);
  memory.keep(moved(actors, 'last', 1));
  expect(actors.get('again')).toBe(begun);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../../src/contract/index.ts';
import { fact } from '../../src/kernel/index.ts';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { type DeskHouse, openDeskHouse } from '../support/desk-house.ts';

/** Whoever gets an answer may switch the power off: what it tells of is on the disk by then. */
let desk: CommandDesk;
let door: DeskHouse;
const party = { set: { name: 'Zoe' } };

beforeAll(async () => {
  desk = await createExampleDesk('durable');
  await desk.data(['devices', 'enrol']);
  door = await openDeskHouse(desk);
});
afterAll(async () => {
  await door.house.close();
  await desk.close();
});

describe('what a request has written is durable', () => {
  test('before it is answered', async () => {
    const { log } = door.house.services;
    const before = log.head().seq;
    expect((await door.ask('POST', '/api/records/party', { body: party })).status).toBe(200);
    expect(log.head().seq).toBeGreaterThan(before);
    expect(log.durableSeq()).toBe(log.head().seq);
  });

  test('before it is refused', async () => {
    const { services } = door.house;
    const { kernel, log } = services;
    const app = door.appOver({
      ...services,
      kernel: {
        ...kernel,
        change: async () => {
          const told = { kind: 'finding', title: 'Told', effects: [], risk: 'low' } as const;
          const stream = `item/${services.newId()}`;
          await log.append([{ stream, expectedVersion: 0, events: [fact('item.opened', told)] }]);
          throw failure('stale', 'Something else moved after this was written.');
        },
      },
    });
    const before = log.head().seq;
    const answer = await door.ask('POST', '/api/records/party', { body: party, app });
    expect(answer.json()).toMatchObject({ code: 'stale' });
    expect(log.head().seq).toBeGreaterThan(before);
    expect(log.durableSeq()).toBe(log.head().seq);
  });
});

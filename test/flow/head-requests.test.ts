import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandDesk, createExampleDesk } from '../support/command-desk.ts';
import { openDeskHouse } from '../support/desk-house.ts';

let desk: CommandDesk;

beforeAll(async () => {
  desk = await createExampleDesk('head');
  await desk.data(['devices', 'enrol']);
});
afterAll(() => desk.close());

test('a stream that is asked for its head alone leaves nobody listening', async () => {
  const { house, appOver, ask } = await openDeskHouse(desk);
  const { log } = house.services;
  let listening = 0;
  const counted = {
    ...log,
    onDurable: (...given: Parameters<typeof log.onDurable>) => {
      listening += 1;
      const stop = log.onDurable(...given);
      return () => {
        listening -= 1;
        stop();
      };
    },
  };
  const app = appOver({ ...house.services, log: counted });
  for (let i = 0; i < 3; i++) {
    const { status } = await ask('HEAD', '/api/events', { app });
    expect(status).toBe(200);
  }
  expect(listening).toBe(0);
  await house.close();
});

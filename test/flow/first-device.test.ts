import { expect, test } from 'vitest';
import { createDeviceKey, exportPublicKey } from '../../src/contract/portable.ts';
import { createExampleDesk } from '../support/command-desk.ts';
import { DESK_ORIGIN, type DeskHouse, openDeskHouse } from '../support/desk-house.ts';

const AT_ONCE = 40;

async function signIn({ house, ask }: DeskHouse) {
  const code = house.services.sessions.newCode('link');
  const publicKey = await exportPublicKey(
    (await createDeviceKey({ extractable: false })).publicKey,
  );
  const body = { code, device: { name: 'a browser', kind: 'browser', publicKey } };
  const headers = { origin: DESK_ORIGIN };
  return (await ask('POST', '/api/sign-in', { door: 'http', headers, body })).json();
}

test('of forty sign-in links used at once one browser becomes a device, the others can look', async () => {
  const desk = await createExampleDesk('first-device');
  await desk.data(['devices', 'enrol']);
  const door = await openDeskHouse(desk);
  try {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => signIn(door)));
    const enrolled = answers.filter((answer) => answer.enrolled);
    expect(enrolled).toHaveLength(1);
    expect(
      answers.filter((answer) => answer.enrolled === false && answer.device === null),
    ).toHaveLength(AT_ONCE - 1);
    const devices = (await door.ask('GET', '/api/devices')).json();
    const browsers = devices.filter(({ kind }: { readonly kind: string }) => kind === 'browser');
    expect(browsers).toMatchObject([{ id: enrolled[0].device.id }]);
    expect(await signIn(door)).toEqual({ enrolled: false, device: null });
  } finally {
    await door.house.close();
    await desk.close();
  }
});

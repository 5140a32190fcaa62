import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSystemClock } from '../../src/adapter/system-clock.ts';
import { serveHome } from '../../src/serve-home.ts';
import { createExampleDesk } from '../support/command-desk.ts';
import { runShell } from '../support/run-shell.ts';

const PAGE = join(import.meta.dirname, '../../docs/handbook/webhooks.md');
const PASSPHRASE = 'four plain words here';
const tools = ['openssl', 'curl'].filter(
  (tool) => spawnSync(tool, ['version']).error === undefined,
);
const missing = tools.length < 2 && process.env.CI === undefined;

test.skipIf(missing)(
  'what the handbook says to try is taken as it stands there',
  async () => {
    const desk = await createExampleDesk('hook-sample');
    const secret = { 'New passphrase': PASSPHRASE, 'The same again': PASSPHRASE };
    await desk.data(['devices', 'enrol', '--passphrase'], secret);
    const unlock = { 'Passphrase of your device key': PASSPHRASE };
    const { whsec } = await desk.data<{ whsec: string }>(['hook', 'add', 'shop', '--yes'], unlock);
    const clock = createSystemClock(undefined);
    const served = await serveHome({
      ...{ home: desk.places.home, clock, version: '0.0.0-test', isTestClock: false, port: 0 },
      report: (problem) => expect.unreachable(problem.message),
      onFatal: (reason) => expect.unreachable(reason.message),
    });
    try {
      const [, sample = ''] = /```sh sample\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8')) ?? [];
      const own = sample.replace('http://localhost:4747', served.url);
      expect(own).toContain(served.url);
      expect((await runShell(own.replace('whsec_...', whsec))).out).toBe('{"received":true}');
      const forged = await runShell(own.replace('whsec_...', `whsec_${'A'.repeat(43)}=`));
      expect(JSON.parse(forged.out)).toMatchObject({ status: 403 });
    } finally {
      await served.close();
    }
    expect((await desk.run(['hooks'])).out).toMatch(/shop\/[0-9a-f]{32}.* kept /);
    expect((await desk.run(['hook', 'list'])).out).toContain('/hooks/shop');
    await desk.close();
  },
  60_000,
);

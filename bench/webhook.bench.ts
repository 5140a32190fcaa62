import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { serveHttp } from '../src/adapter/http-server.ts';
import { createIds } from '../src/base/index.ts';
import { exampleCompany } from '../src/company/freelancer/index.ts';
import {
  actHash,
  composeHookSecret,
  hookSecretHandle,
  hookSecretName,
  secretCommitment,
} from '../src/contract/portable.ts';
import { foundHome } from '../src/found-home.ts';
import { type OpenHome, openHome } from '../src/open-home.ts';
import { createApp } from '../src/surface/index.ts';
import { type Sent, signDelivery } from '../test/support/hook-sender.ts';
import { createOperator, signEffects } from '../test/support/operator.ts';
import { measureInChild, send } from './child.ts';
import { figure, type Measured, median } from './figure.ts';

/** deliveries that are sent one after the other; the first ones warm up and do not count */
const DELIVERIES = 300;
const WARM_UP = 50;
const VERSION = '0.1.0';

/** From a signed delivery on the wire to its sender's answer: verified, kept, and synced to the disk. */
export async function measureWebhook(): Promise<Measured> {
  return measureInChild(import.meta.filename);
}

async function deliverMany(home: string): Promise<Measured> {
  const clock = { now: () => Date.now() };
  const { device, privateKey } = await createOperator();
  // a hook takes a key under a passphrase; how it is asked for makes no difference here
  const operator = { device: { ...device, assurance: 'unlocked' as const }, privateKey };
  const newId = createIds(clock.now);
  const { commands } = exampleCompany(newId(), newId, Temporal.Now.plainDateISO('UTC').toString());
  const company = commands.find(({ record }) => record === 'company');
  if (company?.type !== 'create') throw new Error('the example has no company');
  await foundHome(
    { home, clock, version: VERSION },
    { company: company.set, mode: 'sandbox', device: operator.device, commands },
  );
  const origins: string[] = [];
  const house = await openHome({
    ...{ home, clock, version: VERSION, isTestClock: false, patienceMs: 0 },
    origins: () => origins,
    report: (problem) => process.stderr.write(`${problem.code}: ${problem.message}\n`),
    onFatal: (reason) => {
      throw reason;
    },
  });
  const secret = await addHook(house, operator);
  const app = createApp({
    ...{ services: house.services, assets: new Map(), origins: () => origins },
    report: (error) => process.stderr.write(`${error}\n`),
  });
  const http = await serveHttp(
    (incoming, address) => app.fetch(incoming, { door: 'http', address }),
    0,
  );
  origins.push(`http://localhost:${http.port}`);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let count = 1; count <= DELIVERIES; count++) {
    const data = { order: `o-${count}`, amount: 1_200, currency: 'EUR', note: 'Thank you!' };
    const sent = signDelivery(secret, { type: 'order.paid', data }, { at: Date.now() });
    times.push(await timeOf(http.port, agent, sent));
  }
  agent.destroy();
  await http.close();
  await house.close();
  return { figures: [figure('webhook.ack', median(times.slice(WARM_UP)), 'ms')], notes: [] };
}

/** A signed hook, as `steward hook add` makes it. */
async function addHook(
  { services }: OpenHome,
  operator: Parameters<typeof signEffects>[1],
): Promise<string> {
  const { kernel, secrets } = services;
  const name = 'shop';
  const value = composeHookSecret(randomBytes(32));
  const salt = randomBytes(32).toString('base64url');
  const commitment = await secretCommitment({ name: hookSecretName(name), salt, value });
  const settings = { playbook: null, input: null, facts: ['data.order'], about: null };
  const body = { add: name, secret: commitment, settings };
  const hash = await actHash('hook', body);
  const signed = await signEffects(services, operator, [hash], { decision: 'authorise' });
  const handle = hookSecretHandle(name, commitment);
  await secrets.stage({ name: handle, value, hosts: [], commitment });
  await kernel.trust.perform('hook', body, signed);
  await secrets.settle(handle, commitment);
  return value;
}

function timeOf(port: number, agent: Agent, { headers, body }: Sent): Promise<number> {
  const own = { ...headers, 'content-length': Buffer.byteLength(body) };
  const options = { host: 'localhost', port, path: '/hooks/shop', method: 'POST', headers: own };
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    const outgoing = request({ ...options, agent }, (incoming) => {
      incoming.resume().once('end', () => {
        if (incoming.statusCode === 200) resolve(performance.now() - startMs);
        else reject(new Error(`the delivery was refused: ${incoming.statusCode}`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

if (import.meta.main) {
  const [directory = ''] = process.argv.slice(2);
  await send(await deliverMany(join(directory, 'home')));
}

import { join } from 'node:path';
import { createIds, type Id } from '../src/base/index.ts';
import { exampleCompany } from '../src/company/freelancer/index.ts';
import { foundHome } from '../src/found-home.ts';
import { type OpenHome, openHome } from '../src/open-home.ts';
import { type App, createApp } from '../src/surface/index.ts';
import { createOperator, type Operator, signEffects } from '../test/support/operator.ts';
import { measureInChild, send } from './child.ts';
import { figure, type Measured, median } from './figure.ts';

/** invoices that are approved; the first ones warm up and do not count */
const APPROVALS = 20;
const WARM_UP = 3;
const VERSION = '0.1.0';
const ORIGIN = 'http://localhost:4747';
/** the months before this day have one time entry each, so that each gives one invoice */
const TODAY = Temporal.PlainDate.from('2026-11-22');

/** From the signed approval at the HTTP door to the receipt of the message, which lies in the Maildir. */
export async function measureApprove(): Promise<Measured> {
  return measureInChild(import.meta.filename);
}

async function approveMany(home: string): Promise<Measured> {
  const operator = await createOperator();
  const house = await openExample(join(home, 'home'), operator);
  const { services } = house;
  const app = createApp({
    ...{ services, assets: new Map(), origins: () => [ORIGIN] },
    report: (error) => process.stderr.write(`${error}\n`),
  });
  const party = await customer(house);
  const times: number[] = [];
  for (let month = 1; month <= APPROVALS + WARM_UP; month++) {
    const item = await invoiceItem(house, party, TODAY.subtract({ months: month }));
    times.push(await approve(house, app, operator, item));
  }
  await house.close();
  return { figures: [figure('approve.receipt', median(times.slice(WARM_UP)), 'ms')], notes: [] };
}

/** The time from the request until the message's receipt is durable in the log. */
async function approve(
  { services }: OpenHome,
  app: App,
  operator: Operator,
  item: Id,
): Promise<number> {
  const { kernel, log } = services;
  const { effects } = await kernel.items.open(item);
  const hashes = effects.map(({ hash }) => hash);
  const signed = await signEffects(services, operator, hashes);
  const request = new Request(`${ORIGIN}/api/items/${item}/approve`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'steward-device': operator.device.id },
    body: JSON.stringify({ signed }),
  });
  const receipts = Promise.withResolvers<number>();
  let missing = hashes.length;
  const isReceipt = (type: string): boolean => type === 'effect.committed';
  const stop = log.follow(isReceipt, (events) => {
    missing -= events.length;
    if (missing === 0) receipts.resolve(performance.now());
  });
  const startMs = performance.now();
  const response = await app.fetch(request, { door: 'local' });
  if (!response.ok) throw new Error(`the approval was refused: ${await response.text()}`);
  const endMs = await receipts.promise;
  stop();
  return endMs - startMs;
}

/** Submits one month of time, and waits for the card that it ends in. */
async function invoiceItem(
  { services: { kernel } }: OpenHome,
  party: Id,
  day: Temporal.PlainDate,
): Promise<Id> {
  const month = day.toPlainYearMonth().toString();
  const { run } = await kernel.submit({
    words: `invoice ${month}`,
    playbook: 'invoice-month',
    input: { party, month },
    by: 'operator:bench',
  });
  const { status } = await kernel.rest(run);
  const [item] = await kernel.items.list();
  if (!item || item.run !== run) throw new Error(`there is no card: the run is ${status}`);
  return item.id;
}

/** A home as a person's first start leaves it, with time in many months. */
async function openExample(home: string, operator: Operator): Promise<OpenHome> {
  const clock = { now: () => Date.now() };
  const newId = createIds(clock.now);
  const { commands } = exampleCompany(newId(), newId, TODAY.toString());
  const company = commands.find(({ record }) => record === 'company');
  if (company?.type !== 'create') throw new Error('the example has no company');
  const { device } = operator;
  await foundHome(
    { home, clock, version: VERSION },
    { company: company.set, mode: 'sandbox', device, commands },
  );
  const house = await openHome({
    ...{ home, clock, version: VERSION, isTestClock: false, patienceMs: 0 },
    origins: () => [ORIGIN],
    report: (problem) => process.stderr.write(`${problem.code}: ${problem.message}\n`),
    onFatal: (reason) => {
      throw reason;
    },
  });
  await house.resume();
  const party = await customer(house);
  const entries = Array.from({ length: APPROVALS + WARM_UP }, (_, index) => ({
    type: 'create' as const,
    record: 'time-entry' as const,
    id: newId(),
    set: {
      ...{ party, text: 'Consulting', seconds: 7_200 },
      day: TODAY.subtract({ months: index + 1 }).toString(),
    },
  }));
  await house.services.kernel.change(entries, { by: 'operator:bench' });
  return house;
}

async function customer({ services }: OpenHome): Promise<Id> {
  const parties = await services.kernel.records.list('party');
  const found = parties.find(({ fields }) => String(fields.name).startsWith('Acme'));
  if (!found) throw new Error('the example has no Acme');
  return found.id;
}

if (import.meta.main) {
  const [home = ''] = process.argv.slice(2);
  await send(await approveMany(home));
}

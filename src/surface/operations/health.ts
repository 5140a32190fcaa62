import { z } from 'zod';
import { toFailure } from '../../contract/index.ts';
import { effectsFold, itemsFold, runsFold } from '../../kernel/index.ts';
import { controlOf } from '../views/session-view.ts';
import { defineOperation, type Services } from './operation.ts';

/** One named light. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly words: string;
  /** what to do; empty when nothing is */
  readonly remedy: string;
}

/** failed deliveries that are counted */
const DELIVERIES_MAX = 100;
const LEAST_FREE_BYTES = 512 * 1024 * 1024;

export const healthOperation = defineOperation({
  name: 'health',
  title: 'How the company is doing: what waits, what failed, what is stuck',
  method: 'GET',
  path: '/api/health',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['health'], examples: ['steward health'] },
  handle: async (_, { services }) => summary(await healthChecks(services)),
});

export const doctorOperation = defineOperation({
  name: 'doctor',
  title: 'Check the machine, the home, the keys and the whole log',
  method: 'GET',
  path: '/api/doctor',
  access: 'look',
  body: 'none',
  input: z.strictObject({}),
  cli: { words: ['doctor'], examples: ['steward doctor', 'steward doctor --json'] },
  handle: async (_, { services }) =>
    summary([...(await machineChecks(services)), ...(await healthChecks(services))]),
});

function summary(checks: readonly Check[]) {
  const worst = checks.some(({ status }) => status === 'fail')
    ? 'fail'
    : checks.some(({ status }) => status === 'warn')
      ? 'warn'
      : 'ok';
  return { status: worst, checks } as const;
}

async function healthChecks(services: Services): Promise<readonly Check[]> {
  const { log } = services;
  const control = await controlOf(services);
  const runs = log.fold(runsFold);
  const [parked, failed, waiting] = await Promise.all([
    runs.count({ index: 'status', equals: 'parked' }),
    runs.count({ index: 'failed' }),
    log.fold(itemsFold).count({ index: 'open' }),
  ]);
  let lost = 0;
  for await (const { row } of log.fold(effectsFold).every({ index: 'flight' })) {
    if (row.status === 'unknown') lost += 1;
  }
  return [
    control?.stopped
      ? warn('sending', 'Everything that leaves the house is stopped.', 'Look why, then resume.')
      : ok('sending', `Mode ${control?.mode ?? 'off'}: what you approve is done.`),
    parked > 0
      ? warn('runs', `${plural(parked, 'run')} did not move and waits.`, 'steward runs')
      : ok('runs', failed > 0 ? `None is stuck; ${failed} failed so far.` : 'None is stuck.'),
    lost > 0
      ? warn(
          'outcomes',
          `${plural(lost, 'effect')} may or may not have happened.`,
          'Look on the other side, then answer: steward inbox',
        )
      : ok('outcomes', 'Every outcome is known.'),
    ...(await hookChecks(services)),
    ok('inbox', waiting === 0 ? 'Nothing waits for you.' : `${plural(waiting, 'item')} for you.`),
  ];
}

/** Deliveries that failed, and how many were refused; nothing where there is no hook. */
async function hookChecks({ kernel }: Services): Promise<readonly Check[]> {
  const refused = kernel.hooks.refused();
  const [failed, hooks] = await Promise.all([
    kernel.hooks.deliveries({ failed: true, limit: DELIVERIES_MAX }),
    kernel.hooks.list(),
  ]);
  if (hooks.length === 0 && refused === 0 && failed.length === 0) return [];
  const words = `${plural(refused, 'delivery', 'deliveries')} refused since the start`;
  return [
    failed.length > 0
      ? warn(
          'hooks',
          `${plural(failed.length, 'delivery', 'deliveries')} failed; ${words}.`,
          'Look why, then handle them again: steward hooks --failed',
        )
      : ok('hooks', `${plural(hooks.length, 'hook')}; none of what came in failed; ${words}.`),
  ];
}

async function machineChecks(services: Services): Promise<readonly Check[]> {
  const facts = await services.inspect();
  const report = await services.checkpoints.verify([]);
  return [
    ok('node', `Node ${facts.node}, SQLite ${facts.sqlite}.`),
    facts.writable
      ? ok('home', `${services.home} can be written.`)
      : fail('home', `${services.home} cannot be written.`, 'Make it writable for your user.'),
    facts.freeBytes < LEAST_FREE_BYTES
      ? warn('disk', `${megabytes(facts.freeBytes)} are left.`, 'Free some space.')
      : ok('disk', `${megabytes(facts.freeBytes)} are left.`),
    facts.exposed.length > 0
      ? fail(
          'keys',
          `Others can read: ${facts.exposed.join(', ')}.`,
          'Close them with: chmod -R go-rwx <path>',
        )
      : ok('keys', 'Only you can read the home.'),
    await secretsCheck(services),
    report.status === 'intact'
      ? ok('log', `${plural(report.events, 'event')}, every link holds.`)
      : fail(
          'log',
          `Event ${report.firstBadSeq}: ${report.reason}`,
          'Keep the file as it is and restore the last backup into a new directory.',
        ),
  ];
}

/** Secrets that cannot be read cannot be kept out of the log either. */
async function secretsCheck({ secrets }: Services): Promise<Check> {
  try {
    return ok('secrets', `${plural((await secrets.list()).length, 'secret')}, all can be read.`);
  } catch (error) {
    const { message, remedy } = toFailure(error);
    return fail('secrets', message, remedy);
  }
}

function ok(name: string, words: string): Check {
  return { name, status: 'ok', words, remedy: '' };
}

function warn(name: string, words: string, remedy: string): Check {
  return { name, status: 'warn', words, remedy };
}

function fail(name: string, words: string, remedy: string): Check {
  return { name, status: 'fail', words, remedy };
}

function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024).toLocaleString('en')} MB`;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEgress } from '../../src/adapter/egress.ts';
import { openSecretStore, type SecretStore } from '../../src/adapter/secret-store.ts';
import type { CommitPorts, EgressRequest, FinalisePorts } from '../../src/connect/index.ts';
import { toFailure } from '../../src/contract/index.ts';
import { createRedactingLog } from '../../src/kernel/index.ts';
import { createRedactor } from '../../src/policy/index.ts';
import { approve, ask, openTrustWorld, type TrustWorld } from './trust-kit.ts';

/** A connector sends a secret to a real server: the kernel hands it the way out, and never the value. */
const VALUE = 'sk-bank-51f0c2/+a77';
const ZOE = { to: ['zoe@acme.example'], text: 'Hello' };

interface Listener {
  readonly host: string;
  readonly seen: IncomingMessage['headers'][];
}

let home: string;
let store: SecretStore;
let world: TrustWorld;
let bank: Listener;
let other: Listener;
const servers: Server[] = [];

async function listen(name: string, away?: () => string): Promise<Listener> {
  const seen: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    const target = request.url === '/away' ? away?.() : undefined;
    if (target !== undefined) response.writeHead(302, { location: target }).end();
    else response.end(`you sent ${request.headers.authorization}`);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // a listening TCP server's address is never a pipe's name
  return { host: `${name}.test:${(server.address() as AddressInfo).port}`, seen };
}

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'steward-egress-'));
  other = await listen('other');
  bank = await listen('bank', () => `http://${other.host}/after`);
  store = await openSecretStore(join(home, 'keys'), { now: Date.now });
  const hosts = [bank.host];
  await store.stage({ name: 'bank', value: VALUE, hosts, commitment: 'c' });
  await store.settle('bank', 'c');
  const redactor = createRedactor(store.values);
  world = await openTrustWorld({
    ...{ home, store: 'sqlite', redactor },
    wrapLog: (log) => createRedactingLog(log, redactor),
    egress: (declared) =>
      createEgress({
        ...{ hosts: declared, maxBytes: 10_000, timeoutMs: 120_000, inject: store.inject },
        ...{ resolve: async () => ['127.0.0.1'], allowLoopbackForTests: true },
      }),
  });
});
afterEach(async () => {
  await world.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
});

const withSecret = (url: string): EgressRequest => ({
  ...{ url, method: 'GET', secrets: ['bank'] },
  headers: { authorization: 'Bearer secret://bank' },
});

/** The connection's next commit asks for this; what it heard, or why it was refused. */
async function commit(hosts: readonly string[] | undefined, request: EgressRequest) {
  let heard = '';
  const connector = world.registry.connector('post');
  if (!connector) throw new Error('no connector');
  Object.assign(connector, {
    ...(hosts === undefined ? {} : { hosts }),
    commit: async (_: unknown, { fetch }: CommitPorts) => {
      try {
        heard = new TextDecoder().decode((await fetch(request)).body);
        return { status: 'committed', receipt: { said: heard, provider: {} } };
      } catch (error) {
        const { code, message, facts } = toFailure(error);
        heard = `${code}: ${String(facts.reason)}`;
        return { status: 'refused', code, message };
      }
    },
  });
  const run = await ask(world, 'send', ZOE);
  await approve(world, run.id);
  return heard;
}

describe('a connection with a secret', () => {
  test('sends it to the host it was declared for, and no store holds what came back of it', async () => {
    const heard = await commit([bank.host], withSecret(`http://${bank.host}/pay`));
    expect(bank.seen.map(({ authorization }) => authorization)).toEqual([`Bearer ${VALUE}`]);
    expect(heard).toContain(VALUE);
    const events = await world.log.read({ after: 0, limit: 1_000 });
    const receipts = events.filter(({ type }) => type === 'effect.committed');
    expect(JSON.stringify(receipts)).toContain('[secret:bank]');
    expect(JSON.stringify(events)).not.toContain(VALUE);
  });

  test('reaches no host that it does not declare itself', async () => {
    const heard = await commit([bank.host], withSecret(`http://${other.host}/`));
    expect(heard).toBe('egress_refused: host_not_listed');
    expect([...bank.seen, ...other.seen]).toEqual([]);
  });

  test('reaches nobody when it declares no host', async () => {
    const heard = await commit(undefined, withSecret(`http://${bank.host}/`));
    expect(heard).toBe('egress_refused: host_not_listed');
    expect(bank.seen).toEqual([]);
  });

  test('sends nothing at all to a host that the secret was not declared for', async () => {
    const heard = await commit([bank.host, other.host], withSecret(`http://${other.host}/`));
    expect(heard).toBe('egress_refused: secret_host');
    expect(other.seen).toEqual([]);
  });

  test('loses it where a redirect leads to another host', async () => {
    await commit([bank.host, other.host], withSecret(`http://${bank.host}/away`));
    expect(bank.seen).toHaveLength(1);
    expect(other.seen).toHaveLength(1);
    expect(JSON.stringify(other.seen)).not.toContain(VALUE);
    expect(other.seen[0]?.authorization).toBeUndefined();
  });

  test('sends the new value once it was rotated', async () => {
    await store.stage({
      ...{ name: 'bank', value: 'the-second-value-9', hosts: [bank.host], commitment: 'd' },
    });
    await store.settle('bank', 'd');
    await commit([bank.host], withSecret(`http://${bank.host}/pay`));
    expect(bank.seen.map(({ authorization }) => authorization)).toEqual([
      'Bearer the-second-value-9',
    ]);
  });

  test('only reads while you have not approved', async () => {
    const tried: string[] = [];
    const connector = world.registry.connector('post');
    if (!connector) throw new Error('no connector');
    const { finalise } = connector;
    Object.assign(connector, {
      hosts: [bank.host],
      finalise: async (request: Parameters<typeof finalise>[0], ports: FinalisePorts) => {
        const url = `http://${bank.host}/etag`;
        tried.push(String((await ports.fetch({ url })).status));
        for (const method of ['POST', 'DELETE', 'PUT']) {
          const error = await ports.fetch({ url, method }).catch(toFailure);
          tried.push('code' in error ? error.code : 'went out');
        }
        return finalise(request, ports);
      },
    });
    await ask(world, 'send', ZOE);
    expect(tried.slice(0, 4)).toEqual(['200', ...Array(3).fill('egress_refused')]);
    expect(bank.seen.length).toBeLessThan(tried.length);
  });
});

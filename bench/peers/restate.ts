// Measures Restate in a process of its own: `ADMIN_URL=... INGRESS_URL=... node restate.ts`. The figures go to the parent.
import { Agent, request } from 'node:http';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type Context, createEndpointHandler, service } from '@restatedev/restate-sdk';
import { measureEngine } from './workload.ts';

const { ADMIN_URL: adminUrl, INGRESS_URL: ingressUrl } = process.env;
if (adminUrl === undefined || ingressUrl === undefined) {
  throw new Error('ADMIN_URL or INGRESS_URL is missing');
}
// A parent that died without a word must not leave a load generator behind.
process.once('disconnect', () => process.exit(1));

const bench = service({
  name: 'bench',
  handlers: {
    addSteps: async (context: Context, steps: number): Promise<number> => {
      let sum = 0;
      for (let step = 0; step < steps; step += 1) {
        sum += await context.run('step', () => step);
      }
      return sum;
    },
  },
});

const agent = new Agent({ keepAlive: true });
await register(adminUrl, await serveSteps());
const measured = await measureEngine({
  run: async (steps) => Number(await post(`${ingressUrl}/bench/addSteps`, steps)),
});
process.send?.(measured, () => process.exit(0));

/** Serves the steps over HTTP/2 on a free loopback port, the SDK's streaming mode. Resolves with the URL. */
async function serveSteps(): Promise<string> {
  const handler = createEndpointHandler({ services: [bench], logger: () => undefined });
  const server = createServer(handler).listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  // A TCP server that is listening has an AddressInfo; only pipes have a string, closed ones null.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Makes the service known to the server, which then can be called through the ingress. */
async function register(admin: string, uri: string): Promise<void> {
  await post(`${admin}/deployments`, { uri });
}

/** Posts JSON over a kept connection; the answer's text. Rejects on any status but 2xx. */
function post(url: string, body: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) resolve(text);
        else reject(new Error(`${url} answered ${statusCode}: ${text}`));
      });
    });
    call.once('error', reject).end(JSON.stringify(body));
  });
}

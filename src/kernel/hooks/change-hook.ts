import { type NewEvent, OPERATOR } from '../../contract/index.ts';
import { hookSecretHandle, hookSecretName } from '../../contract/portable.ts';
import type { Log, StreamAppend } from '../../log/index.ts';
import { fact } from '../events.ts';
import type { KernelPorts } from '../ports.ts';
import type { ActBodies } from '../trust/act-bodies.ts';
import { secretsFold } from '../trust/secret-fold.ts';
import { activeHook, goingOn } from './describe-hook.ts';
import { hooksFold } from './hook-folds.ts';

type Ports = Pick<KernelPorts, 'log' | 'clock'>;

/**
 * The appends that a signed hook is: itself, and what its secrets are from now on, so that the store of
 * secrets can be made to fit the log after any crash.
 */
export async function changeHook(
  { log, clock }: Ports,
  body: ActBodies['hook'],
  by: string,
): Promise<readonly StreamAppend[]> {
  if ('change' in body) {
    const { change, settings } = body;
    return [await next(log, `hook/${change}`, fact('hook.changed', { settings }, signed(by)))];
  }
  const name = 'add' in body ? body.add : body.rotate;
  const stream = `hook/${name}`;
  const row = await log.fold(hooksFold).get(name);
  const handle = hookSecretHandle(name, body.secret);
  const kept = await setSecret(log, handle, body.secret, by);
  const oldUntil = 'rotate' in body ? Date.parse(body.oldUntil) : 0;
  const secrets = goingOn(row?.secrets ?? [], oldUntil, clock.now());
  const over = await removeSecrets(log, name, [handle, ...secrets.map((old) => old.handle)], by);
  const changed =
    'add' in body
      ? fact('hook.added', { secret: handle, settings: body.settings }, signed(by))
      : fact('hook.rotated', { secret: handle, oldUntil }, signed(by));
  return [await next(log, stream, changed), kept, ...over];
}

/** Ends a hook, and all of its secrets with it. */
export async function endHook(
  { log }: Ports,
  { hook, because }: { readonly hook: string; readonly because: string },
  by: string,
): Promise<readonly StreamAppend[]> {
  await activeHook(log, hook);
  return [
    await next(log, `hook/${hook}`, fact('hook.ended', { because }, signed(by))),
    ...(await removeSecrets(log, hook, [], by)),
  ];
}

/** Every secret that was ever kept for a hook and is still there, but those that go on counting. */
async function removeSecrets(
  log: Log,
  hook: string,
  but: readonly string[],
  by: string,
): Promise<readonly StreamAppend[]> {
  const rows = await log.fold(secretsFold).list({ equals: `${hookSecretName(hook)}.` });
  const over = rows.filter(({ key, row }) => row.commitment !== null && !but.includes(key));
  return Promise.all(over.map(({ key }) => setSecret(log, key, null, by)));
}

/** It is sent nowhere, so it has no hosts. */
function setSecret(
  log: Log,
  name: string,
  commitment: string | null,
  by: string,
): Promise<StreamAppend> {
  const change = commitment === null ? 'removed' : 'set';
  const data = { name, change, hosts: [], commitment } as const;
  return next(log, `secret/${name}`, fact('secret.changed', data, signed(by)));
}

function signed(by: string) {
  return { by, label: OPERATOR };
}

async function next(log: Log, stream: string, event: NewEvent): Promise<StreamAppend> {
  return { stream, expectedVersion: await log.streamVersion(stream), events: [event] };
}

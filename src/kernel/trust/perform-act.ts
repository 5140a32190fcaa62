import type { Id, Json, JsonObject } from '../../base/index.ts';
import {
  type Device,
  failure,
  type NewEvent,
  OPERATOR,
  type SignedDecision,
  toFailure,
} from '../../contract/index.ts';
import type { ActKind } from '../../contract/portable.ts';
import type { StreamAppend } from '../../log/index.ts';
import { raisedType } from '../../records/index.ts';
import { contractHash } from '../effects/contract-hash.ts';
import { isApproved } from '../effects/lifecycle.ts';
import { fact, type KernelEvents, type KernelEventType } from '../events.ts';
import { controlFold, type EffectRow, effectsFold } from '../folds.ts';
import { changeHook, endHook } from '../hooks/change-hook.ts';
import { acceptAct } from './accept-act.ts';
import type { Act, ActBodies } from './act-bodies.ts';
import { type ErasureReceipt, planErasure } from './erase/erase-subject.ts';
import { grantsFold } from './grant-folds.ts';
import { type ActPorts, type ProposedAct, proposeAct, readGrant } from './propose-act.ts';
import { recordAsShown } from './raise-label.ts';
import { tokenId } from './token-folds.ts';
import { approvalsFold } from './trust-folds.ts';

export interface Performed {
  readonly approval: Id;
  readonly device: Device;
  readonly act: ProposedAct;
  /** runs whose approvals were taken away by it: they prepare and ask anew */
  readonly runs: readonly Id[];
  /** of an erasure */
  readonly receipt?: ErasureReceipt;
}

interface SignedAct {
  readonly kind: ActKind;
  readonly body: Json;
  readonly signed: SignedDecision;
}

/** Rounds of deciding again when something moved between looking and appending. */
const ROUNDS = 5;
/** effects that one act puts aside in its own append, which must never be too large to be written */
const PUT_ASIDE = 1_000;

/**
 * Does an act that the operator signed: the signature and what it changes are one barrier append, and
 * each signature works once. Fails as `proposeAct` and `checkDecision` do.
 */
export async function performAct(ports: ActPorts, request: SignedAct): Promise<Performed> {
  for (let round = 1; ; round++) {
    const { proposed, accepted } = await acceptSigned(ports, request);
    const changes = await changesOf(ports, proposed.act, accepted);
    try {
      await ports.log.append([accepted.recorded, accepted.unrevoked, ...changes.appends], {
        barrier: true,
      });
      const { approval, device } = accepted;
      const receipt = await changes.finish?.();
      return {
        ...{ approval, device, act: proposed, runs: changes.runs },
        ...(receipt === undefined ? {} : { receipt }),
      };
    } catch (error) {
      const problem = toFailure(error);
      if (problem.code !== 'version_conflict') throw error;
      if (problem.facts.stream === accepted.recorded.stream) {
        throw failure('already_decided', 'This signature was used before.');
      }
      if (round >= ROUNDS) throw failure('stale', 'Something changed since you looked.');
    }
  }
}

/** Looks at an act and at its signature, and does nothing yet. Fails as `performAct`. */
export async function acceptSigned(ports: ActPorts, { kind, body, signed }: SignedAct) {
  const proposed = await proposeAct(ports, kind, body);
  const byRecovery = mayBeRecovered(proposed.act);
  const accepted = await acceptAct(ports, signed, { kind, hash: proposed.hash, byRecovery });
  return { proposed, accepted };
}

/** The paper key brings a company back whose devices are lost: it signs devices in and out. */
function mayBeRecovered({ kind, body }: Act): boolean {
  return kind === 'device' || (kind === 'revoke' && 'device' in body);
}

interface Changes {
  readonly appends: readonly StreamAppend[];
  readonly runs: readonly Id[];
  /** what cannot be part of the append; a crash before it is made good at the next start */
  readonly finish?: () => Promise<ErasureReceipt>;
}

interface Authority {
  readonly approval: Id;
  readonly by: string;
}

async function changesOf(ports: ActPorts, act: Act, authority: Authority): Promise<Changes> {
  switch (act.kind) {
    case 'grant':
      return only(await writeGrant(ports, act.body, authority));
    case 'revoke':
      return revoke(ports, act.body, authority);
    case 'policy': {
      const { policy, because } = act.body;
      return only(
        await next(ports, 'policy', says('policy.changed', { policy, because }, authority)),
      );
    }
    case 'device':
      return only(enrol(act.body, authority));
    case 'token':
      return only(await issueToken(ports, act.body, authority));
    case 'secret': {
      const { name, change, hosts, commitment = null } = act.body;
      const data = {
        ...{ name, hosts, commitment },
        change: change === 'set' ? 'set' : 'removed',
      } as const;
      return only(await next(ports, `secret/${name}`, says('secret.changed', data, authority)));
    }
    case 'hook':
      return { appends: await changeHook(ports, act.body, authority.by), runs: [] };
    case 'connector':
      return only(await switchTo(ports, act.body, authority));
    case 'label':
      return only(await raise(ports, act.body, authority));
    case 'erase': {
      const { appends, finish } = await planErasure(ports, act.body, authority.by);
      return { appends, runs: [], finish };
    }
  }
}

async function writeGrant(
  ports: ActPorts,
  body: ActBodies['grant'],
  authority: Authority,
): Promise<StreamAppend> {
  const { approval } = authority;
  const contractOf = (capability: string): string =>
    contractHash(ports.registry.get(capability).contract);
  if ('resume' in body) {
    const row = await ports.log.fold(grantsFold).get(body.resume);
    const contract = contractOf(row?.grant.scope.capability ?? '');
    const resumed = says('grant.resumed', { approval, contract }, authority);
    return next(ports, `grant/${body.resume}`, resumed);
  }
  const grant = await readGrant(ports, body.grant);
  const contract = contractOf(grant.scope.capability);
  const events = [says('grant.written', { grant, contract, approval }, authority)];
  return { stream: `grant/${grant.id}`, expectedVersion: 0, events };
}

async function revoke(
  ports: ActPorts,
  body: ActBodies['revoke'],
  authority: Authority,
): Promise<Changes> {
  const { because } = body;
  if ('grant' in body) {
    const revoked = says('grant.revoked', { because }, authority);
    return only(await next(ports, `grant/${body.grant}`, revoked));
  }
  if ('token' in body) {
    const revoked = says('token.revoked', { because }, authority);
    return only(await next(ports, `token/${body.token}`, revoked));
  }
  if ('hook' in body) return { appends: await endHook(ports, body, authority.by), runs: [] };
  if ('approval' in body) {
    const revoked = says('approval.revoked', { because }, authority);
    const appends = [await next(ports, `approval/${body.approval}`, revoked)];
    const own = (await inFlight(ports)).filter((row) => row.approval === body.approval);
    const taken = await takeBack(ports, own, `You took the approval back: ${because}`);
    return { appends: [...appends, ...taken], runs: runsOf(own) };
  }
  const revoked = says('device.revoked', { by: authority.by }, authority);
  const appends = [await next(ports, `device/${body.device}`, revoked)];
  const own = await approvedBy(ports, body.device);
  const taken = await takeBack(ports, own, 'The device that approved it was revoked.');
  return { appends: [...appends, ...taken], runs: runsOf(own) };
}

/** Approved effects that have not begun to go out. */
async function inFlight({ log }: ActPorts): Promise<readonly EffectRow[]> {
  const rows: EffectRow[] = [];
  for await (const { row } of log.fold(effectsFold).every({ index: 'flight' })) {
    if (isApproved(row.status)) rows.push(row);
  }
  return rows;
}

async function approvedBy(ports: ActPorts, device: Id): Promise<readonly EffectRow[]> {
  const rows = await inFlight(ports);
  const ids = rows.flatMap(({ approval }) => approval ?? []);
  const approvals = await ports.log.fold(approvalsFold).getMany(ids);
  return rows.filter(({ approval }) => approvals.get(approval ?? '')?.device === device);
}

/**
 * Puts effects aside, so that they are prepared and asked anew; one that begins meanwhile conflicts.
 * Those that do not fit into the append stay void all the same: the last look before a commit asks
 * whether their approval holds.
 */
async function takeBack(
  { log }: ActPorts,
  rows: readonly EffectRow[],
  because: string,
): Promise<readonly StreamAppend[]> {
  return Promise.all(
    rows.slice(0, PUT_ASIDE).map(async ({ key, run }) => ({
      stream: `effect/${key}`,
      expectedVersion: await log.streamVersion(`effect/${key}`),
      events: [fact('effect.stale', { because }, { run })],
    })),
  );
}

function runsOf(rows: readonly EffectRow[]): readonly Id[] {
  return [...new Set(rows.map(({ run }) => run))];
}

function enrol(body: ActBodies['device'], authority: Authority): StreamAppend {
  const { by } = authority;
  if ('invite' in body) {
    const { invite: code, until } = body;
    const events = [says('device.invited', { code, until }, authority)];
    return { stream: `device-invite/${code}`, expectedVersion: 0, events };
  }
  const device: JsonObject = { ...body.device };
  const events = [says('device.enrolled', { device, by }, authority)];
  return { stream: `device/${body.device.id}`, expectedVersion: 0, events };
}

async function issueToken(
  { log }: ActPorts,
  { token: { scope, ...token } }: ActBodies['token'],
  authority: Authority,
): Promise<StreamAppend> {
  const incarnation = (await log.fold(controlFold).get('control'))?.incarnation ?? 0;
  const data = { ...token, scope: { ...scope }, incarnation, approval: authority.approval };
  const events = [says('token.issued', data, authority)];
  return { stream: `token/${tokenId(token.hash)}`, expectedVersion: 0, events };
}

async function switchTo(
  ports: ActPorts,
  body: ActBodies['connector'],
  authority: Authority,
): Promise<StreamAppend> {
  if ('commits' in body) {
    const resumed = says('commits.resumed', { because: 'You let it go on.' }, authority);
    return next(ports, 'control', resumed);
  }
  if ('company' in body) {
    return next(ports, 'control', says('mode.changed', { mode: body.company }, authority));
  }
  const { connector, mode } = body;
  const incarnation = (await ports.log.fold(controlFold).get('control'))?.incarnation ?? 0;
  const data = { connector, mode, incarnation };
  return next(ports, `connector/${connector}`, says('connector.switched', data, authority));
}

/** The record's own stream says it, so that its labels stay a fold of its stream. */
async function raise(
  ports: ActPorts,
  body: ActBodies['label'],
  { by }: Authority,
): Promise<StreamAppend> {
  const { record, id, paths, to } = body;
  const event: NewEvent = {
    type: raisedType(record),
    data: { paths: [...paths], to },
    by,
    label: OPERATOR,
  };
  const stream = `${record}/${id}`;
  const { version } = await recordAsShown(ports, body);
  return { stream, expectedVersion: version, events: [event] };
}

function only(append: StreamAppend): Changes {
  return { appends: [append], runs: [] };
}

async function next({ log }: ActPorts, stream: string, event: NewEvent): Promise<StreamAppend> {
  return { stream, expectedVersion: await log.streamVersion(stream), events: [event] };
}

function says<T extends KernelEventType>(
  type: T,
  data: KernelEvents[T],
  { by }: Authority,
): NewEvent {
  return fact(type, data, { by, label: OPERATOR });
}

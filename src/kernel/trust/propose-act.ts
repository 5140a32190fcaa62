import type { Id, Json, JsonObject } from '../../base/index.ts';
import {
  type Assurance,
  type CapabilityContract,
  failure,
  type Grant,
  type GrantLimit,
} from '../../contract/index.ts';
import { type ActKind, actHash } from '../../contract/portable.ts';
import {
  DEFAULT_POLICY,
  diffPolicies,
  isUnreadable,
  makeVisible,
  readPolicy,
  requiredAssurance,
  validateGrant,
} from '../../policy/index.ts';
import { formatValue } from '../../records/index.ts';
import { controlFold, devicesFold } from '../folds.ts';
import { activeHook, describeHook } from '../hooks/describe-hook.ts';
import { policyNow } from '../policy-now.ts';
import type { KernelPorts } from '../ports.ts';
import type { RecordStore } from '../record-reads.ts';
import { type Act, type ActBodies, readAct } from './act-bodies.ts';
import { describeToken } from './describe-token.ts';
import { previewErasure } from './erase/erase-subject.ts';
import { erasureSentences } from './erase/erasure-preview.ts';
import { grantsFold } from './grant-folds.ts';
import { describeRaise, pinRaise } from './raise-label.ts';
import { secretsFold } from './secret-fold.ts';
import { tokensFold } from './token-folds.ts';
import { approvalsFold } from './trust-folds.ts';

/** A link that makes a browser a device of yours lies in a shell or a mail for no longer than this. */
export const INVITE_MS = 10 * 60_000;

export interface ActPorts extends KernelPorts {
  readonly records: RecordStore;
}

/** What a person is shown before signing an act that is no effect. */
export interface ProposedAct {
  readonly act: Act;
  /** stands in the statement's `effects`, with decision `authorise` */
  readonly hash: string;
  /** what it does, complete; every one is shown */
  readonly sentences: readonly string[];
  /** the least assurance of a device that may sign it */
  readonly assurance: Assurance;
}

/**
 * Reads a wanted act, checks it against what is, and says what it would do. Changes nothing. Fails
 * with `invalid_input`, `not_found`, `already_exists`, `already_decided`, `not_possible`.
 *
 * @example
 * const { hash, sentences } = await proposeAct(ports, 'revoke', { grant: id, because: 'Done.' });
 */
export async function proposeAct(ports: ActPorts, kind: ActKind, body: Json): Promise<ProposedAct> {
  const act = await asShown(ports, readAct(kind, body));
  const policy = await policyNow(ports.log);
  const needed = isUnreadable(policy) ? 'unlocked' : requiredAssurance(policy, kind);
  const sentences = await describe(ports, act);
  return {
    act,
    // the body was read by its schema, so it is plain JSON
    hash: await actHash(kind, act.body as Json),
    sentences: sentences.map(makeVisible),
    assurance: needed,
  };
}

/** What is looked up to be shown is part of what is signed: it may change until then. */
async function asShown(ports: ActPorts, act: Act): Promise<Act> {
  if (act.kind === 'label') return { ...act, body: await pinRaise(ports, act.body) };
  if (act.kind !== 'erase' || act.body.shown !== undefined) return act;
  const { digest } = await previewErasure(ports, act.body.subject);
  return { ...act, body: { ...act.body, shown: digest } };
}

function describe(ports: ActPorts, act: Act): Promise<readonly string[]> {
  switch (act.kind) {
    case 'grant':
      return describeGrant(ports, act.body);
    case 'revoke':
      return describeRevocation(ports, act.body);
    case 'policy':
      return describePolicy(ports, act.body);
    case 'device':
      return describeDevice(ports, act.body);
    case 'token':
      return describeToken(ports, act.body);
    case 'secret':
      return describeSecret(ports, act.body);
    case 'hook':
      return describeHook(ports, act.body);
    case 'erase':
      return describeErasure(ports, act.body);
    case 'connector':
      return describeSwitch(ports, act.body);
    case 'label':
      return describeRaise(ports, act.body);
  }
}

async function describeErasure(
  ports: ActPorts,
  { subject, because, shown }: ActBodies['erase'],
): Promise<readonly string[]> {
  return erasureSentences(await previewErasure(ports, subject, shown), because);
}

async function describeGrant(
  ports: ActPorts,
  body: ActBodies['grant'],
): Promise<readonly string[]> {
  if ('resume' in body) {
    const row = await ports.log.fold(grantsFold).get(body.resume);
    if (!row) throw notFound('grant', body.resume);
    if (row.grant.status === 'revoked') throw decided('This grant was revoked for good.');
    if (row.grant.status === 'active') throw decided('This grant is active.');
    const grant = await readGrant(ports, { ...row.grant, status: 'active' });
    return [`Counts again, after it was suspended (${row.because ?? ''}):`, ...say(ports, grant)];
  }
  const grant = await readGrant(ports, body.grant);
  if (grant.status !== 'active') throw faulty('status', 'A new grant starts as active.');
  if ((await ports.log.fold(grantsFold).get(grant.id)) !== undefined) {
    throw failure('already_exists', 'There is a grant with this id.', { grant: grant.id });
  }
  return say(ports, grant);
}

/** A grant that may be written now. Fails with `invalid_input`, naming every fault. */
export async function readGrant(ports: ActPorts, draft: JsonObject): Promise<Grant> {
  const contractOf = (ref: string): CapabilityContract | undefined =>
    ports.registry.find(ref)?.contract;
  const read = validateGrant(draft, (ref) => contractOf(ref)?.effect);
  if (read.status === 'faulty') {
    const [first] = read.faults;
    throw failure('invalid_input', first?.fault ?? 'This is not a grant.', {
      path: first?.path ?? '',
      faults: read.faults.map(({ path, fault }) => ({ path, fault })),
    });
  }
  const control = await ports.log.fold(controlFold).get('control');
  const { grant } = read;
  if (grant.incarnation !== control?.incarnation) {
    throw faulty('incarnation', `Write ${control?.incarnation ?? 0} here.`);
  }
  if (contractOf(grant.scope.capability)?.connector !== grant.scope.connector) {
    throw faulty('scope.connector', 'This capability belongs to another connector.');
  }
  if (Date.parse(grant.until) <= ports.clock.now()) {
    throw faulty('until', 'It would have ended already.');
  }
  return grant;
}

function say(ports: ActPorts, grant: Grant): readonly string[] {
  const { scope } = grant;
  const title = ports.registry.find(scope.capability)?.contract.title ?? scope.capability;
  return [
    `"${grant.title}": without asking you, "${title}" (${scope.capability}) through ${scope.connector}.`,
    `To nobody but: ${scope.destinations.join(', ')}`,
    ...(scope.playbooks ? [`Only in: ${scope.playbooks.join(', ')}`] : []),
    ...(grant.constraint === undefined ? [] : [`Only if: ${grant.constraint}`]),
    ...grant.limits.map(limitSentence),
    `From ${grant.from} until ${grant.until}.`,
  ];
}

function limitSentence(limit: GrantLimit): string {
  if (limit.type === 'rate') return `At least ${limit.minGapMs / 1_000} s between two uses.`;
  const per = limit.per === 'all' ? 'in all' : `per ${limit.per}`;
  switch (limit.type) {
    case 'count':
      return `At most ${limit.max === 1 ? 'once' : `${limit.max} times`} ${per}.`;
    case 'distinct':
      return `To at most ${limit.max} different destinations ${per}.`;
    case 'sum':
      return `Over at most ${formatValue({ ...limit.max })} ${per}.`;
  }
}

async function describeRevocation(
  { log }: ActPorts,
  body: ActBodies['revoke'],
): Promise<readonly string[]> {
  if ('grant' in body) {
    const row = await log.fold(grantsFold).get(body.grant);
    if (!row) throw notFound('grant', body.grant);
    if (row.grant.status === 'revoked') throw decided('This grant was revoked before.');
    return [`Ends the grant "${row.grant.title}" for good: ${body.because}`];
  }
  if ('device' in body) {
    const device = await log.fold(devicesFold).get(body.device);
    if (!device) throw notFound('device', body.device);
    if (device.revokedAt !== undefined) throw decided('This device was revoked before.');
    return [
      `Nothing that "${device.name}" signs counts any more: ${body.because}`,
      'What it approved and has not gone out yet is asked again.',
    ];
  }
  if ('token' in body) {
    const token = await log.fold(tokensFold).get(body.token);
    if (!token) throw notFound('token', body.token);
    if (token.revoked !== null) throw decided('This token was ended before.');
    return [`Ends the token "${token.name}" at once and for good: ${body.because}`];
  }
  if ('hook' in body) {
    await activeHook(log, body.hook);
    return [`Takes no delivery to the hook "${body.hook}" any more: ${body.because}`];
  }
  const approval = await log.fold(approvalsFold).get(body.approval);
  if (!approval) throw notFound('approval', body.approval);
  if (approval.revoked !== null) throw decided('This approval was taken back before.');
  return [`Takes back what you approved at ${approval.at}: ${body.because}`];
}

async function describePolicy(
  { log }: ActPorts,
  body: ActBodies['policy'],
): Promise<readonly string[]> {
  const after = readPolicy(body.policy);
  if (isUnreadable(after)) {
    throw failure('invalid_input', `The policy is not one: ${after.faults[0]}`, {
      path: 'policy',
      faults: [...after.faults],
    });
  }
  const now = await policyNow(log);
  if (isUnreadable(now)) {
    return [
      'Takes the place of a policy that cannot be read. Beside what holds on a fresh install:',
      ...changes(DEFAULT_POLICY, after),
    ];
  }
  if (now.version === after.version) {
    throw failure('not_possible', 'This policy is in force already.', { version: now.version });
  }
  return [`Changes what happens without asking you: ${body.because}`, ...changes(now, after)];
}

function changes(before: typeof DEFAULT_POLICY, after: typeof DEFAULT_POLICY): readonly string[] {
  return diffPolicies(before, after).map(({ sentence }) => sentence);
}

async function describeDevice(
  { log, clock }: ActPorts,
  body: ActBodies['device'],
): Promise<readonly string[]> {
  if ('invite' in body) {
    if (!(Date.parse(body.until) > clock.now())) {
      throw faulty('until', 'Name a time that is still to come.');
    }
    if (Date.parse(body.until) > clock.now() + INVITE_MS) {
      throw faulty('until', 'A link that enrols a browser lasts for ten minutes at most.');
    }
    return [`Lets whoever opens your link enrol one browser, until ${body.until}.`];
  }
  const { device } = body;
  if ((await log.fold(devicesFold).get(device.id)) !== undefined) {
    throw failure('already_exists', 'This device is enrolled already.', { device: device.id });
  }
  return [
    device.kind === 'passkey'
      ? `Lets the passkey "${device.name}" sign for you at ${device.rpId}: everything, also what moves money or binds you.`
      : `Lets "${device.name}" (${device.kind}, ${device.assurance}) sign for you.`,
    `Its key: ${device.publicKey}`,
  ];
}

async function describeSecret(
  { log }: ActPorts,
  { name, change, hosts, commitment }: ActBodies['secret'],
): Promise<readonly string[]> {
  const isKept = (await log.fold(secretsFold).get(name))?.commitment != null;
  if (change === 'remove') {
    if (commitment !== undefined) throw faulty('commitment', 'A removal has no value.');
    return [`Removes the secret "${name}".`];
  }
  if (hosts.length === 0) throw faulty('hosts', 'Name where it may be sent.');
  if (commitment === undefined) throw faulty('commitment', 'Say what stands for its value.');
  const verb = isKept ? 'Replaces the value of' : 'Keeps';
  return [
    `${verb} the secret "${name}" and sends it to nobody but: ${hosts.join(', ')}`,
    `The value is the one with the commitment ${commitment}.`,
  ];
}

async function describeSwitch(
  ports: ActPorts,
  body: ActBodies['connector'],
): Promise<readonly string[]> {
  if ('commits' in body) return ['Lets everything that goes out go on again.'];
  if ('company' in body) {
    if (body.company === 'live') {
      return [
        'From now on what you approve really goes out. What was prepared before is asked again.',
      ];
    }
    return [`Puts the whole company into ${body.company} mode.`];
  }
  if (body.connector !== '*' && !ports.registry.connector(body.connector)) {
    throw notFound('connector', body.connector);
  }
  const name = body.connector === '*' ? 'every connection' : body.connector;
  return [`Switches ${name} to ${body.mode}.`];
}

function notFound(what: string, id: Id) {
  return failure('not_found', `There is no ${what} "${id}".`, { id });
}

function decided(message: string) {
  return failure('already_decided', message);
}

function faulty(path: string, message: string) {
  return failure('invalid_input', message, { path });
}

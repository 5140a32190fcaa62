import { type Id, isJsonObject, type JsonObject } from '../../base/index.ts';
import {
  type Device,
  type Effect,
  failure,
  joinLabels,
  labelOfAll,
  OPERATOR,
  type SignedDecision,
} from '../../contract/index.ts';
import { verifyStatement } from '../../contract/portable.ts';
import type { StreamAppend } from '../../log/index.ts';
import {
  type AcceptedDecision,
  checkDecision,
  isUnreadable,
  type Subject,
  undoWindowMs,
} from '../../policy/index.ts';
import type { RecordCommand } from '../../records/index.ts';
import { fact } from '../events.ts';
import { controlFold, devicesFold, type EffectRow, noncesFold, seriesFold } from '../folds.ts';
import { policyNow } from '../policy-now.ts';
import type { KernelPorts } from '../ports.ts';
import type { RecordStore } from '../record-reads.ts';
import { decideCommands } from '../record-writes.ts';
import { modeNow } from '../trust/modes.ts';
import { readEffect, staleWords } from './commit.ts';
import { contractHash } from './contract-hash.ts';
import { isUndecided } from './lifecycle.ts';
import { holdsNumber } from './series.ts';

/** An approved effect and how long it is held before it goes out. */
export interface Approved {
  readonly row: EffectRow;
  readonly effect: Effect;
  /** UTC ms; undefined when it may go at once */
  readonly heldUntil?: number;
}

/** Checks who signed what. Fails as `checkDecision` refuses; the facts name every hash. */
export async function acceptDecision(
  ports: KernelPorts,
  signed: SignedDecision,
  rows: readonly EffectRow[],
  acts: ReadonlyMap<string, Subject> = new Map(),
  /** speaks beside the enrolled devices: the recovery key, for the acts that it may sign */
  guest?: Device,
): Promise<AcceptedDecision> {
  const { log, clock } = ports;
  const { statement } = signed;
  const [control, enrolled, policy] = await Promise.all([
    log.fold(controlFold).get('control'),
    log.fold(devicesFold).get(String(statement?.device)),
    policyNow(log),
  ]);
  const device = enrolled ?? (guest?.id === statement?.device ? guest : undefined);
  const subjects = new Map<string, Subject>(acts);
  for (const row of rows) subjects.set(row.hash, await subjectOf(ports, row));
  const nonceUsed = (await log.fold(noncesFold).get(String(statement?.nonce))) !== undefined;
  const verified = device !== undefined && (await verifiedBy(ports, signed, device));
  const checked = checkDecision(signed, {
    company: log.company,
    incarnation: control?.incarnation ?? 0,
    policy,
    nowMs: clock.now(),
    deviceOf: () => device,
    isNonceUsed: () => nonceUsed,
    subjectOf: (hash) => subjects.get(hash),
    verify: () => verified,
  });
  if (checked.status === 'refused') throw checked.failure;
  return checked;
}

/**
 * Where a signature is recorded. The stream is named after the nonce and must not exist yet, so that a
 * second use of one signature fails in the append itself, however many try at once.
 */
export function approvalId(signed: SignedDecision): Id {
  return signed.statement.nonce;
}

/** True if this device signed exactly this statement. */
export async function verifiedBy(
  ports: Pick<KernelPorts, 'verify'>,
  signed: SignedDecision,
  device: Device,
): Promise<boolean> {
  if (device.kind === 'passkey') {
    return ports.verify(signed, device).then(
      () => true,
      () => false,
    );
  }
  return verifyStatement(signed.statement, signed.signature, device.publicKey);
}

async function subjectOf(ports: KernelPorts, row: EffectRow): Promise<Subject> {
  if (!isUndecided(row.status)) return { status: 'decided' };
  if (row.status === 'stale' || row.status === 'expired') return { status: 'stale' };
  const { effect } = await readEffect(ports, row);
  if (Date.parse(effect.expires) <= ports.clock.now()) return { status: 'stale' };
  return { status: 'pending', kind: 'effect', class: effect.class };
}

/** Why a finalised effect is no longer what would happen; undefined while it is. */
export async function staleReason(
  ports: KernelPorts,
  row: EffectRow,
  effect: Effect,
): Promise<string | undefined> {
  if (row.status !== 'finalised') return 'It was prepared under other circumstances.';
  const now = ports.clock.now();
  if (Date.parse(effect.expires) <= now) return 'It is older than a day.';
  for (const condition of effect.preconditions) {
    if (condition.type !== 'stream') continue;
    if ((await ports.log.streamVersion(condition.stream)) !== condition.version) {
      return staleWords(condition.stream);
    }
  }
  for (const { series, number } of effect.numbers) {
    const held = await ports.log.fold(seriesFold).get(series);
    if (!holdsNumber(held, effect.key, number)) return 'Its number was given to another one.';
  }
  const current = await modeNow(ports.log, effect.connector);
  if (current.mode !== effect.mode || current.incarnation !== effect.incarnation) {
    return 'The company is in another mode than when it was prepared.';
  }
  const entry = ports.registry.find(effect.capability);
  if (!entry || contractHash(entry.contract) !== effect.contract) {
    return 'What this capability promises has changed since it was prepared.';
  }
  return undefined;
}

/**
 * The appends that make approved effects approved, with every record change they carry, in one
 * barrier. Whatever changed since fails it with `version_conflict`.
 */
export async function approvalAppends(
  ports: KernelPorts,
  records: RecordStore,
  request: {
    readonly approval?: {
      readonly id: Id;
      readonly signed: SignedDecision;
      readonly device: Device;
      readonly item: Id;
    };
    readonly grant?: Id;
    readonly by: string;
    readonly rows: readonly EffectRow[];
  },
): Promise<{ readonly appends: readonly StreamAppend[]; readonly approved: readonly Approved[] }> {
  const { log, clock } = ports;
  const { approval, grant, by, rows } = request;
  const effects = await Promise.all(
    rows.map(async (row) => {
      const { effect, inputLabels } = await readEffect(ports, row);
      return { row, effect, label: labelOfAll(inputLabels) };
    }),
  );
  const run = effects[0]?.effect.run;
  const commands = effects.flatMap(({ effect }) => carriedCommands(effect, 'signed'));
  const changes = await decideCommands(ports, records, commands, {
    by,
    // the operator signed that it happens; who wrote the words in it stays as it was
    label: effects.map(({ label }) => label).reduce(joinLabels, OPERATOR),
    ...(run === undefined ? {} : { run }),
  });
  const versions = new Map(changes.map((change) => [change.stream, change]));
  const conditions = preconditionsOf(effects.map(({ effect }) => effect));
  const appends: StreamAppend[] = [];
  for (const [stream, version] of conditions) {
    const change = versions.get(stream);
    // a record that is changed by this very approval must be the one that was shown
    if (change) appends.push({ ...change, expectedVersion: version });
    else appends.push({ stream, expectedVersion: version, events: [] });
  }
  for (const change of changes) if (!conditions.has(change.stream)) appends.push(change);
  const after = new Map(
    [...conditions].map(([stream, version]) => [
      stream,
      version + (versions.get(stream)?.events.length ?? 0),
    ]),
  );
  const policy = await policyNow(log);
  const approved: Approved[] = [];
  for (const { row, effect } of effects) {
    const done = effect.carries.some((change) => change.when === 'signed');
    // our own books, changed by the signature itself: a wait would only look as if it could be undone
    const isSettled = done && effect.to.length === 0;
    const windowMs = isSettled || isUnreadable(policy) ? 0 : undoWindowMs(policy, effect);
    const heldUntil = windowMs > 0 ? clock.now() + windowMs : undefined;
    // what becomes true with the signature was checked in this very append: nothing is left to hold
    const holds = effect.preconditions.flatMap((condition) =>
      condition.type === 'stream' && !done
        ? [{ stream: condition.stream, version: after.get(condition.stream) ?? condition.version }]
        : [],
    );
    const events = [
      fact(
        'effect.approved',
        {
          hash: row.hash,
          holds,
          ...(approval ? { approval: approval.id } : {}),
          ...(grant ? { grant } : {}),
        },
        { by, run: effect.run },
      ),
      ...(heldUntil === undefined
        ? []
        : [fact('effect.held', { until: heldUntil }, { run: effect.run })]),
    ];
    appends.push({
      stream: `effect/${effect.key}`,
      expectedVersion: await log.streamVersion(`effect/${effect.key}`),
      events,
    });
    for (const { series, number } of effect.numbers) {
      const stream = `series/${series}`;
      const expectedVersion = await log.streamVersion(stream);
      // read after the version: whoever takes the number from here on fails this append
      if (!holdsNumber(await log.fold(seriesFold).get(series), effect.key, number)) {
        throw failure('stale', 'Its number was given to another one.', { series, number });
      }
      appends.push({
        stream,
        expectedVersion,
        events: [fact('number.used', { number, key: effect.key }, { run: effect.run })],
      });
    }
    approved.push({ row, effect, ...(heldUntil === undefined ? {} : { heldUntil }) });
  }
  if (approval) {
    appends.push({
      stream: `approval/${approval.id}`,
      expectedVersion: 0,
      events: [
        fact(
          'approval.recorded',
          {
            signed: plain(approval.signed),
            assurance: approval.device.assurance,
            item: approval.item,
          },
          { by, label: OPERATOR, ...(run === undefined ? {} : { run }) },
        ),
      ],
    });
  }
  return { appends, approved };
}

/** Commands that become true at a moment of an effect's life. */
export function carriedCommands(
  effect: Effect,
  when: 'signed' | 'committed',
): readonly RecordCommand[] {
  return effect.carries
    .filter((change) => change.when === when)
    .map(
      ({ record, id, command }) =>
        // the connector made it for this record; decideRecord checks it like any other command
        ({ ...command, record, id }) as unknown as RecordCommand,
    );
}

function preconditionsOf(effects: readonly Effect[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const effect of effects) {
    for (const condition of effect.preconditions) {
      if (condition.type !== 'stream') continue;
      const other = found.get(condition.stream);
      if (other !== undefined && other !== condition.version) {
        throw failure('stale', staleWords(condition.stream), { stream: condition.stream });
      }
      found.set(condition.stream, condition.version);
    }
  }
  return found;
}

function plain(value: SignedDecision): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  return isJsonObject(copy) ? copy : {};
}

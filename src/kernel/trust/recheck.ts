import type { Id } from '../../base/index.ts';
import type { Effect, FailureCode, Labels, SignedDecision } from '../../contract/index.ts';
import { effectHash } from '../../contract/portable.ts';
import type { Log, StreamAppend } from '../../log/index.ts';
import type { Decision } from '../../policy/index.ts';
import { verifiedBy } from '../effects/approve.ts';
import { contractHash } from '../effects/contract-hash.ts';
import { asKernelEvent, fact } from '../events.ts';
import { devicesFold, type EffectRow } from '../folds.ts';
import type { JudgedOn } from './events.ts';
import { grantsFold } from './grant-folds.ts';
import { type JudgePorts, judgeEffect } from './judge.ts';
import { modeNow } from './modes.ts';
import { usesOfRates } from './rate-uses.ts';
import { approvalsFold } from './trust-folds.ts';

/** What a last look before the commit found. */
export type Recheck =
  /** it may go out, as long as none of these streams moves until it is said that it begins */
  | { readonly status: 'clear'; readonly appends: readonly StreamAppend[] }
  /** what was approved is not what holds now: it is prepared and asked anew */
  | { readonly status: 'stale'; readonly because: string }
  /** a rule forbids it */
  | { readonly status: 'denied'; readonly reasons: readonly string[] }
  | {
      readonly status: 'refused';
      readonly code: FailureCode;
      readonly message: string;
      readonly remedy: string;
      readonly retryAfterMs?: number;
    };

/**
 * Everything that must hold at the moment of the commit, looked at again: mode, incarnation, expiry,
 * contract, the very bytes against their hash, the signature against the device's key, revocation, and
 * the policy of now. What it read is handed back as versions, so that the append that begins fails
 * when any of it moved in between.
 */
export async function recheckEffect(
  ports: JudgePorts,
  row: EffectRow,
  finalised: { readonly effect: Effect; readonly inputLabels: Labels; readonly on: JudgedOn },
): Promise<Recheck> {
  const { log, clock, registry } = ports;
  const { effect, inputLabels, on } = finalised;
  const watched: StreamAppend[] = [];
  // before anything is read: what moves after this makes the append fail
  for (const stream of ['control', 'policy', `connector/${effect.connector}`, 'connector/*']) {
    watched.push(await watch(log, stream));
  }

  const now = await modeNow(log, effect.connector);
  if (now.incarnation !== effect.incarnation) {
    return stale('The company was restored since it was approved.');
  }
  if (now.mode === 'off' || now.stopped || ports.stopped()) {
    return {
      status: 'refused',
      code: 'not_possible',
      message: 'Everything that goes out this way is stopped right now.',
      remedy: 'Let it go on with: steward resume, then retry.',
    };
  }
  if (now.mode !== effect.mode) {
    return stale(`It was approved for ${effect.mode} mode; now ${now.mode} mode is on.`);
  }
  if (Date.parse(effect.expires) <= clock.now()) return stale('The approval has expired.');
  const entry = registry.find(effect.capability);
  if (!entry || contractHash(entry.contract) !== effect.contract) {
    return stale('What this capability promises has changed since it was approved.');
  }
  if ((await effectHash(effect)) !== row.hash || effect.key !== row.key) {
    return stale('It is not what was approved.');
  }

  const signed = row.approval === null ? undefined : await approvalHolds(ports, row);
  if (signed?.status === 'stale') return signed;
  const counters = row.grant === null ? undefined : await countersOf(ports, effect.capability);
  const rates = await usesOfRates(log, effect.capability, false);
  const decision = await judgeEffect(ports, effect, inputLabels, on, { known: false });
  if (decision.verdict === 'deny') return denial(decision);
  const begins = [...watched, ...rates];
  if (signed) return { status: 'clear', appends: [...begins, ...signed.appends] };
  if (!counters) return { status: 'denied', reasons: ['Nobody approved this.'] };
  const { debit } = decision;
  const own = debit && counters.get(debit.grant);
  if (decision.verdict !== 'allow' || !debit || !own) {
    return stale('Your grant does not cover it any more.');
  }
  // a retry after a failure that did nothing was paid for before
  const used = row.attempts > 0 ? [] : [fact('grant.used', { debit, hash: row.hash })];
  return { status: 'clear', appends: [...begins, own.grant, { ...own.use, events: used }] };
}

/** The recorded signature, checked again with the key of its device; a row alone proves nothing. */
async function approvalHolds(
  ports: JudgePorts,
  row: EffectRow,
): Promise<
  | { readonly status: 'holds'; readonly appends: readonly StreamAppend[] }
  | { readonly status: 'stale'; readonly because: string }
> {
  const { log } = ports;
  const stream = `approval/${row.approval}`;
  const ofApproval = await watch(log, stream);
  const approval = await log.fold(approvalsFold).get(String(row.approval));
  const [recorded] = await log.readStream(stream, { limit: 1 });
  const event = recorded && asKernelEvent(recorded);
  if (event?.type !== 'approval.recorded' || !approval) {
    return stale('Its approval is not in the log.');
  }
  if (approval.revoked !== null) return stale(`You took the approval back: ${approval.revoked}`);
  // the door that accepted it checked its shape, and recorded it as it was
  const signed = event.data.signed as unknown as SignedDecision;
  const { decision, effects, company } = signed.statement;
  const ofDevice = await watch(log, `device/${signed.statement.device}`);
  const device = await log.fold(devicesFold).get(signed.statement.device);
  if (!device || device.revokedAt !== undefined) {
    return stale('The device that approved it was revoked.');
  }
  const covers = decision === 'approve' && effects.includes(row.hash) && company === log.company;
  if (!covers || !(await verifiedBy(ports, signed, device))) {
    return stale('Its approval does not cover it.');
  }
  return { status: 'holds', appends: [ofApproval, ofDevice] };
}

/** The streams that say what each grant of a capability is and was used for, as they are now. */
async function countersOf(
  { log }: Pick<JudgePorts, 'log'>,
  capability: string,
): Promise<ReadonlyMap<Id, { readonly grant: StreamAppend; readonly use: StreamAppend }>> {
  const rows = await log.fold(grantsFold).list({ index: 'live', equals: capability });
  const found = new Map<Id, { grant: StreamAppend; use: StreamAppend }>();
  for (const { key } of rows) {
    found.set(key, {
      grant: await watch(log, `grant/${key}`),
      use: await watch(log, `grant-use/${key}`),
    });
  }
  return found;
}

function denial(decision: Decision): Recheck {
  const { reasons, waitMs } = decision;
  const denies = reasons.filter(({ verdict }) => verdict === 'deny');
  const because = denies.map((reason) => reason.because);
  if (denies.some(({ rule }) => rule === 'policy.unreadable')) {
    return {
      status: 'refused',
      code: 'not_possible',
      message: because.join(' '),
      remedy: 'Restore a policy that can be read, then retry.',
    };
  }
  if (waitMs === undefined) return { status: 'denied', reasons: because };
  return {
    status: 'refused',
    code: 'rate_limited',
    message: because.join(' '),
    remedy: 'It is tried again when its time has come.',
    retryAfterMs: waitMs,
  };
}

/** A stream as it is now: an append that carries it fails once the stream has moved. */
async function watch(log: Log, stream: string): Promise<StreamAppend> {
  return { stream, expectedVersion: await log.streamVersion(stream), events: [] };
}

function stale(because: string): { readonly status: 'stale'; readonly because: string } {
  return { status: 'stale', because };
}

import { canonicalJson, type Id, type JsonObject } from '../../base/index.ts';
import { type Failure, failure, OPERATOR } from '../../contract/index.ts';
import {
  checkPlaybook,
  diffPlaybooks,
  type Fault,
  invalidPlan,
  PLAN_LIMITS,
  type PlanChange,
  parsePlaybook,
  readPlaybook,
  validatePlaybook,
} from '../../plan/index.ts';
import { effectsOfRun } from '../effects/effects-of-run.ts';
import { isInFlight, isUndecided } from '../effects/lifecycle.ts';
import { fact } from '../events.ts';
import { type PlaybookRow, type Playbooks, playbooksFold } from '../playbooks.ts';
import type { KernelPorts } from '../ports.ts';
import { loadRun } from '../run/load-run.ts';
import type { Runner } from '../run/runner.ts';
import { checkPlaybookInput } from '../submit.ts';
import { migrationObstacles } from './migration.ts';

/** One published version, as lists show it. */
export interface PlaybookVersion {
  readonly name: string;
  readonly version: number;
  readonly title: string;
  /** new runs take this one */
  readonly active: boolean;
  /** why it was published */
  readonly because: string;
}

export interface Published {
  /** `name@version` */
  readonly playbook: string;
  /** false when exactly this was published before */
  readonly published: boolean;
  /** what it does differently from the version that was active; empty for the first one */
  readonly changes: readonly PlanChange[];
}

export interface CheckedPlaybook {
  /** the first `PLAN_LIMITS.faults` of them */
  readonly faults: readonly Fault[];
  /** how many there are beyond these */
  readonly more: number;
}

const ALL_FAULTS = 'See all of them with: steward playbooks check FILE';

/** Versions of playbooks as facts: published once, never changed, taken back by another fact. */
export interface PlaybookRegistry {
  /** The faults of a document, without publishing it. */
  readonly check: (document: JsonObject) => CheckedPlaybook;
  /**
   * Fails with `invalid_plan` (facts name every fault), `already_exists` (the version has other
   * content), `not_possible` (a later version exists).
   */
  readonly publish: (document: JsonObject, because: string, by: string) => Promise<Published>;
  readonly list: (name?: string) => Promise<readonly PlaybookVersion[]>;
  /** `name@version` twice, or a version and a document. Fails with `not_found`, `invalid_plan`. */
  readonly diff: (before: string, after: string | JsonObject) => readonly PlanChange[];
  /** New runs take the older version; running ones keep theirs. Fails with `not_found`, `already_decided`. */
  readonly rollBack: (
    name: string,
    to: number,
    because: string,
    by: string,
  ) => Promise<PlaybookVersion>;
  /**
   * A waiting run goes on under another version of its playbook. Fails with `not_found`,
   * `not_possible` (facts: reasons), `version_conflict` when the run moved in this moment.
   */
  readonly migrate: (
    run: Id,
    to: string,
    by: string,
  ) => Promise<{ readonly run: Id; readonly from: string; readonly to: string }>;
}

export interface RegistryPorts extends KernelPorts {
  readonly playbooks: Playbooks;
  readonly runner: Runner;
}

export function createPlaybookRegistry(ports: RegistryPorts): PlaybookRegistry {
  const { log, playbooks } = ports;
  const rows = log.fold(playbooksFold);

  function check(document: JsonObject): CheckedPlaybook {
    const faults = checkPlaybook(document, playbooks.parts);
    const shown = faults.slice(0, PLAN_LIMITS.faults);
    return { faults: shown, more: faults.length - shown.length };
  }

  function unpublishable(document: JsonObject): Failure {
    return invalidPlan(checkPlaybook(document, playbooks.parts), ALL_FAULTS);
  }

  async function publish(document: JsonObject, because: string, by: string): Promise<Published> {
    const { playbook, faults: misshapen } = readPlaybook(document);
    if (!playbook || misshapen.length > 0) throw unpublishable(document);
    const { name, version } = playbook;
    const ref = `${name}@${version}`;
    const same = await rows.get(ref);
    if (same) {
      if (canonicalJson(same.playbook) === canonicalJson(document))
        return { playbook: ref, published: false, changes: [] };
      throw failure(
        'already_exists',
        `${ref} was published with other content; a version never changes.`,
        { playbook: ref },
        `Give it the version ${(await latestVersion(name)) + 1}.`,
      );
    }
    const latest = await latestVersion(name);
    if (version < latest) {
      throw failure(
        'not_possible',
        `${name} is at version ${latest} already.`,
        { playbook: ref, latest },
        `Give it the version ${latest + 1}.`,
      );
    }
    const faults = validatePlaybook(playbook, playbooks.parts);
    if (faults.length > 0) throw invalidPlan(faults, ALL_FAULTS);
    const before = playbooks.active().find((active) => active.name === name);
    await append(name, fact('playbook.published', { playbook: document, because }, as(by)));
    const changes = before ? diffPlaybooks(before, playbook, playbooks.parts) : [];
    return { playbook: ref, published: true, changes };
  }

  async function latestVersion(name: string): Promise<number> {
    const versions = await list(name);
    return Math.max(0, ...versions.map(({ version }) => version));
  }

  async function append(name: string, event: ReturnType<typeof fact>): Promise<void> {
    const stream = `playbook/${name}`;
    const expectedVersion = await log.streamVersion(stream);
    await log.append([{ stream, expectedVersion, events: [event] }], { barrier: true });
    await playbooks.refresh();
  }

  async function list(name?: string): Promise<readonly PlaybookVersion[]> {
    const found: { key: string; row: PlaybookRow }[] = [];
    for await (const one of rows.every()) found.push(one);
    const active = new Map(
      found.filter(({ key, row }) => key === row.name).map(({ key, row }) => [key, row.active]),
    );
    return found
      .filter(({ key, row }) => key !== row.name && (name === undefined || row.name === name))
      .map(({ row }) => viewOf(row, active.get(row.name)))
      .sort((a, b) => (a.name === b.name ? a.version - b.version : a.name < b.name ? -1 : 1));
  }

  async function rollBack(name: string, to: number, because: string, by: string) {
    const target = await rows.get(`${name}@${to}`);
    const current = await rows.get(name);
    if (!target || !current) {
      const versions = (await list(name)).map(({ version }) => version);
      throw failure('not_found', `There is no version ${to} of ${name}.`, { name, to, versions });
    }
    if (current.active === to) {
      throw failure('already_decided', `Version ${to} of ${name} is the active one already.`, {
        name,
        to,
      });
    }
    await append(name, fact('playbook.rolled-back', { to, because }, as(by)));
    return viewOf(target, to);
  }

  async function migrate(id: Id, to: string, by: string) {
    const run = await loadRun(log, ports.blobs, lookupOf(playbooks), id);
    if (!run) throw failure('not_found', `There is no run ${id}.`, { run: id });
    const from = run.playbook;
    const target = playbooks.get(to);
    if (from === undefined || playbooks.get(from).name !== target.name) {
      throw failure('not_possible', `This run does not follow ${target.name}.`, { run: id });
    }
    if (from === to) throw failure('already_decided', `It follows ${to} already.`, { run: id });
    if (run.status !== 'waiting' && run.status !== 'parked') {
      throw failure(
        'not_possible',
        `Only a run that waits can be migrated; this one is ${run.status}.`,
        { run: id, status: run.status },
        'It keeps its version and ends under it.',
      );
    }
    checkPlaybookInput(target, run.input.value);
    const prepared = await stepsWithEffects(ports, id);
    const compiled = playbooks.compiled(to);
    const reasons = migrationObstacles(run, playbooks.get(from), target, compiled, prepared);
    if (reasons.length > 0) {
      throw failure(
        'not_possible',
        `It cannot go on under ${to}: ${reasons.join(' ')}`,
        { run: id, reasons },
        'Let it end under its version, or cancel it and start it anew.',
      );
    }
    const events = [fact('run.migrated', { playbook: to, from }, { ...as(by), run: id })];
    if (run.status === 'waiting') {
      // the new version may have steps that can start at once
      events.push(fact('run.resumed', { because: `It goes on under ${to}.` }, { run: id }));
    }
    await log.append([{ stream: `run/${id}`, expectedVersion: run.version, events }]);
    await ports.runner.forget(id);
    ports.runner.wake(id);
    return { run: id, from, to };
  }

  return {
    check,
    publish,
    list,
    diff: (before, after) =>
      diffPlaybooks(
        playbooks.get(before),
        typeof after === 'string' ? playbooks.get(after) : parsePlaybook(after),
        playbooks.parts,
      ),
    rollBack,
    migrate,
  };
}

/** Steps whose effects are on a card or on their way: changing those would change what was shown. */
async function stepsWithEffects({ log }: KernelPorts, run: Id): Promise<readonly string[]> {
  const rows = await effectsOfRun({ log }, run);
  return rows
    .filter(({ status }) => isUndecided(status) || isInFlight(status))
    .map(({ step }) => step);
}

function lookupOf(playbooks: Playbooks) {
  return { compilePlaybook: playbooks.compiled, compileInline: playbooks.compileInline };
}

function viewOf(row: PlaybookRow, active: number | undefined): PlaybookVersion {
  const { name, version, playbook, because } = row;
  return { name, version, title: String(playbook.title), active: active === version, because };
}

function as(by: string) {
  return { by, label: OPERATOR };
}

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createMaildirConnector } from '../../src/adapter/maildir-connector.ts';
import type { Id } from '../../src/base/index.ts';
import { exampleCompany, freelancerPack } from '../../src/company/freelancer/index.ts';
import type { Connector } from '../../src/connect/index.ts';
import { toFailure } from '../../src/contract/index.ts';
import { type RunRow, runsFold, seriesFold } from '../../src/kernel/index.ts';
import { type Composed, type ComposeOptions, composeKernel } from './compose-kernel.ts';
import { decideCard } from './operator.ts';

/** Sunday before the hand clock begins: the example's month of time is October 2026. */
export const EXAMPLE_DAY = '2026-11-22';
export const EXAMPLE_MONTH = '2026-10';

export interface InvoiceHomeOptions extends Omit<ComposeOptions, 'agents' | 'playbooks'> {
  readonly wrapConnector?: (connector: Connector) => Connector;
}

/** The freelancer's company with the example's customers and time, and the embedded mail. */
export async function openInvoiceHome(options: InvoiceHomeOptions): Promise<Composed> {
  const { home, wrapConnector = (same: Connector) => same } = options;
  const composed = await composeKernel({
    ...options,
    agents: freelancerPack.agents,
    connectors: [...freelancerPack.connectors, createMaildirConnector(home)].map(wrapConnector),
    playbooks: freelancerPack.playbooks,
  });
  const parties = await composed.kernel.records.list('party');
  if (parties.length === 0) {
    const { commands } = exampleCompany(composed.log.company, composed.newId, EXAMPLE_DAY);
    await composed.kernel.change(
      commands.filter(({ record }) => record !== 'company'),
      { by: 'operator:test' },
    );
  }
  return composed;
}

export async function partyNamed({ kernel }: Composed, beginning: string): Promise<Id> {
  const parties = await kernel.records.list('party');
  const found = parties.find(({ fields }) => String(fields.name).startsWith(beginning));
  if (!found) throw new Error(`the example has no ${beginning}`);
  return found.id;
}

/** Asks for one customer's month and waits for the first rest. */
export async function askForInvoice(
  composed: Composed,
  customer = 'Acme',
  more: { readonly words?: string; readonly again?: boolean } = {},
): Promise<RunRow> {
  const { run } = await composed.kernel.submit({
    words: more.words ?? `invoice ${customer}`,
    playbook: 'invoice-month',
    input: { party: await partyNamed(composed, customer), month: EXAMPLE_MONTH },
    by: 'operator:test',
    ...(more.again ? { again: true } : {}),
  });
  return composed.kernel.rest(run);
}

/** rounds of rest and approval in which a single invoice must come to its end */
const ROUNDS = 20;

/** What a person would do: ask once, approve what waits, until it is done. */
export async function driveInvoice(composed: Composed): Promise<RunRow> {
  const { kernel, log } = composed;
  const [known] = await log.fold(runsFold).list({ limit: 1 });
  let run = known ? await kernel.rest(known.row.id) : await askForInvoice(composed);
  for (let round = 0; round < ROUNDS && run.status !== 'done'; round++) {
    for (const item of await kernel.items.list()) {
      if (item.kind !== 'approval') throw new Error(`unexpected ${item.kind}: ${item.title}`);
      try {
        await decideCard(composed, item.id);
      } catch (error) {
        const { code } = toFailure(error);
        if (code !== 'stale' && code !== 'already_decided') throw error;
      }
    }
    run = await kernel.rest(run.id);
  }
  return run;
}

export function messagesIn(home: string): readonly string[] {
  return ['new', 'cur'].flatMap((part) => {
    try {
      return readdirSync(join(home, 'sandbox', 'outbox', part));
    } catch {
      return [];
    }
  });
}

/** Numbers of the invoices that were issued, in order. */
export async function issuedNumbers({ kernel }: Composed): Promise<readonly string[]> {
  const invoices = await kernel.records.list('invoice');
  return invoices
    .filter(({ fields }) => fields.status !== 'draft')
    .map(({ fields }) => String(fields.number))
    .sort();
}

export async function seriesOf({ log }: Composed) {
  const [series] = await log.fold(seriesFold).list({ limit: 1 });
  return series?.row;
}

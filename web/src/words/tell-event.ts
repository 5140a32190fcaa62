import { isJsonObject, type Json } from '../../../src/base/portable.ts';
import type { LogEvent } from '../api/shapes.ts';
import type { IconName } from '../parts/icon.tsx';
import type { Tone } from './status.ts';

/** An event as a sentence for a person. */
export interface Told {
  readonly words: string;
  readonly icon: IconName;
  readonly tone: Tone;
}

/** The sentence of an event that matters to people; undefined for the machinery's own steps. */
export function tellEvent({
  type,
  data = {},
  by = '',
}: Pick<LogEvent, 'type' | 'data'> & Partial<Pick<LogEvent, 'by'>>): Told | undefined {
  const tell = TELLERS[type];
  const told = tell?.(data, by);
  return told && { icon: 'log', tone: 'calm', ...told };
}

/** The plain words of any event, for the log itself: `effect.committed` is "effect committed". */
export function plainWords(type: string): string {
  return type.replaceAll(/[.-]/g, ' ');
}

type Data = { readonly [name: string]: Json };
type Teller = (data: Data, by: string) => Partial<Told> & { readonly words: string };

const TELLERS: { readonly [type: string]: Teller } = {
  'intent.recorded': ({ words }, by) => ({
    // what you let happen is not what you said
    words: `${/^(hook|schedule):/.test(by) ? 'Started' : 'You asked'}: ${textOf(words)}`,
    icon: 'pen',
  }),
  'item.opened': ({ title }) => ({
    words: `Asked you: ${textOf(title)}`,
    icon: 'inbox',
    tone: 'warn',
  }),
  'approval.recorded': ({ signed }) => ({
    words: decisionOf(signed) === 'reject' ? 'You rejected it.' : 'You approved it.',
    icon: 'pen',
    tone: 'accent',
  }),
  'effect.committed': ({ receipt, to }) => ({
    words: [isJsonObject(receipt) ? textOf(receipt.said) : 'Done.', listOf(to)]
      .filter(Boolean)
      .join(' '),
    icon: 'ok',
    tone: 'ok',
  }),
  'effect.failed': ({ failure }) => ({
    words: `Did not work: ${messageOf(failure)}`,
    icon: 'no',
    tone: 'stop',
  }),
  'effect.unknown': ({ message }) => ({
    words: `Not known whether it happened: ${textOf(message)}`,
    icon: 'question',
    tone: 'stop',
  }),
  'effect.rejected': ({ reason }) => ({
    words:
      textOf(reason) === ''
        ? 'It was not sent: you rejected it.'
        : `It was not sent: ${textOf(reason)}`,
    icon: 'bar',
  }),
  'effect.denied': () => ({ words: 'Your rules did not allow it.', icon: 'bar', tone: 'stop' }),
  'step.failed': ({ failure, step }) => ({
    words: `${textOf(step)} failed: ${messageOf(failure)}`,
    icon: 'no',
    tone: 'stop',
  }),
  'run.parked': ({ because }) => ({
    words: `Parked: ${textOf(because)}`,
    icon: 'alert',
    tone: 'warn',
  }),
  'device.enrolled': ({ device }) => ({
    words: `Device added: ${isJsonObject(device) ? textOf(device.name) : ''}`,
    icon: 'connections',
  }),
  'device.revoked': () => ({ words: 'Device removed.', icon: 'connections' }),
  'mode.changed': ({ mode }) => ({
    words: `Mode is now ${textOf(mode)}.`,
    icon: 'connections',
    tone: 'warn',
  }),
  'company.opened': () => ({ words: 'The company was set up.', icon: 'business' }),
  'invoice.issued': ({ number }) => ({
    words: `Invoice ${textOf(number)} issued.`,
    icon: 'business',
    tone: 'ok',
  }),
  'hook.received': ({ hook }) => ({ words: `Your webhook "${textOf(hook)}" was told something.` }),
  'hook.failed': ({ failure }) => ({
    words: `A delivery could not start: ${messageOf(failure)}`,
    icon: 'no',
    tone: 'stop',
  }),
  'playbook.published': ({ playbook }) => ({
    words: `Playbook added: ${isJsonObject(playbook) ? textOf(playbook.title) : ''}`,
    icon: 'automations',
  }),
};

function textOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function messageOf(failure: Json | undefined): string {
  return isJsonObject(failure) ? textOf(failure.message) : '';
}

function listOf(value: Json | undefined): string {
  return Array.isArray(value) && value.length > 0 ? `To ${value.map(textOf).join(', ')}.` : '';
}

function decisionOf(signed: Json | undefined): string {
  const statement = isJsonObject(signed) ? signed.statement : undefined;
  return isJsonObject(statement) ? textOf(statement.decision) : '';
}

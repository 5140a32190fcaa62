import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type { CardView } from '../views/item-view.ts';
import { plain, withTimes } from './format.ts';
import type { Screen } from './screen.ts';
import { wrap } from './text-table.ts';

/**
 * What is known about an item, in the page's order: who asks, what was tried and why it failed, the
 * facts, and what is recommended.
 */
export function bodyLines(card: CardView, screen: Screen): readonly string[] {
  const body = isJsonObject(card.item.body) ? card.item.body : {};
  const { help, words, suggestions, because, reasons, announced } = body;
  const { failure, recommendation, tried, facts, ...rest } = body;
  const cause = isJsonObject(failure) ? failure : {};
  const own = card.effects.length > 0 ? {} : without(rest);
  return [
    ...runLine(card, screen),
    ...said('', help, screen),
    ...said('You asked: ', words, screen),
    ...listed('What I know how to do', suggestions, screen),
    ...listed('Why you are asked', because, screen),
    ...(card.effects.length > 1 ? listed('Why you are asked', reasons, screen) : []),
    ...listed('You are asked again later for', announced, screen),
    ...causeLines(card.item.title, cause, tried, screen),
    ...factLines({ ...(isJsonObject(facts) ? facts : {}), ...own }, screen),
    ...said('Recommended: ', recommendation, screen),
  ];
}

/** what is told in words of its own, or is there for programs */
const TOLD: ReadonlySet<string> = new Set([
  ...['help', 'words', 'suggestions', 'because', 'reasons', 'announced'],
  ...['run', 'playbook', 'input', 'stepUp', 'apart'],
]);

function without(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !TOLD.has(name)));
}

function runLine({ run, item }: CardView, screen: Screen): readonly string[] {
  if (!run) return [];
  const isOne = item.kind !== 'approval' && !item.step?.startsWith('$');
  const step = item.step && isOne ? `, step ${plain(item.step)}` : '';
  return wrap(`Of: ${plain(run.goal)}${step}. See: steward run ${run.id}`, screen.width);
}

function causeLines(
  title: string,
  cause: JsonObject,
  tried: Json | undefined,
  screen: Screen,
): readonly string[] {
  const message = typeof cause.message === 'string' ? cause.message : '';
  const faults = Array.isArray(cause.faults) ? cause.faults.filter(isJsonObject) : [];
  return [
    ...(typeof tried === 'number' && tried > 1 ? ['', `Tried ${tried} times.`] : []),
    ...(title.includes(message) ? [] : said('Why: ', message, screen)),
    ...(faults.length > 1
      ? listed(
          'Everything that is wrong',
          faults.map(({ path, expected, found }) =>
            plain(`${path}: expected ${expected}, found ${found}`),
          ),
          screen,
        )
      : []),
  ];
}

function said(head: string, text: Json | undefined, screen: Screen): readonly string[] {
  if (typeof text !== 'string' || text === '') return [];
  return ['', ...wrap(`${head}${plain(withTimes(text, screen.zone))}`, screen.width)];
}

function listed(title: string, value: Json | undefined, screen: Screen): readonly string[] {
  const texts = Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  if (texts.length === 0) return [];
  const lines = texts.flatMap((text) => {
    const [first = '', ...others] = wrap(plain(text), screen.width, '  ');
    return [`- ${first.trimStart()}`, ...others];
  });
  return ['', `${title}:`, ...lines];
}

function factLines(facts: JsonObject, screen: Screen): readonly string[] {
  const shown = Object.entries(facts).filter(([, value]) => value !== null && value !== '');
  if (shown.length === 0) return [];
  return [
    '',
    ...shown.flatMap(([name, value]) =>
      wrap(`${plain(name)}: ${plain(withTimes(textOf(value), screen.zone))}`, screen.width),
    ),
  ];
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

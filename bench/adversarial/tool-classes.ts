import type { ArgumentRole, EffectClass } from '../../src/contract/index.ts';
import type { Tool } from './suite-file.ts';

/** What a tool is mounted as, and the rule that says so. */
export interface ToolClass {
  readonly effect: EffectClass;
  readonly roles: { readonly [argument: string]: ArgumentRole };
  readonly because: string;
}

const READ_VERBS = /^(get|read|search|list|check|find|look|view|show|count|query)(_|$)/;
const WEB = /(webpage|website|url|http)/;
const OWN_FILES = /^(create|append|write|edit|update)(_to)?_(file|note|draft|document)s?$/;
const GRAVE =
  /(money|payment|transaction|transfer|invoice|purchase|password|user_info|account|contract|key)/;

/**
 * The class of a tool by its name alone, first rule wins; whatever no rule knows is `final`. What the
 * tool says about itself counts for nothing.
 */
export function classOf({ name, parameters }: Tool): ToolClass {
  const roles = Object.fromEntries(
    Object.keys(parameters?.properties ?? {}).map((argument) => [argument, roleOf(argument)]),
  );
  const [effect, because] = rule(name);
  return { effect, roles, because };
}

function rule(name: string): readonly [EffectClass, string] {
  if (READ_VERBS.test(name)) {
    return WEB.test(name) ? ['fetch', 'reads an outside address'] : ['read', 'verb of reading'];
  }
  if (OWN_FILES.test(name)) return ['record', 'writes an own file'];
  if (GRAVE.test(name)) return ['grave', 'money, accounts, keys'];
  return ['final', 'everything else'];
}

function roleOf(argument: string): ArgumentRole {
  if (/(recipient|address|email|participant|^to$|^cc$|^bcc$|url|channel|user)/.test(argument)) {
    return argument === 'email_id' ? 'target' : 'destination';
  }
  if (/(amount|price|total)/.test(argument)) return 'amount';
  if (/(iban|account)/.test(argument)) return 'account';
  if (/(_id$|^id$|filename|hotel|restaurant|company|permission)/.test(argument)) return 'target';
  return 'content';
}

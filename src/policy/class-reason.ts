import { isTrusted, type Label, type Labels } from '../contract/index.ts';
import { hostOf, isListedHost } from './address.ts';
import { type Deed, steeringArguments, wholeLabel } from './deed.ts';
import type { Policy } from './policy.ts';
import { deny, type Reason } from './reason.ts';

/** What the class says by itself, before grants (DESIGN section 8). */
export function classReason(deed: Deed, labels: Labels, steering: Label, policy: Policy): Reason {
  const rule = `class.${deed.class}`;
  switch (deed.class) {
    case 'pure':
      return { rule, verdict: 'allow', because: 'It only computes.' };
    case 'read':
      return { rule, verdict: 'allow', because: 'It only reads your own data.' };
    case 'record':
      return { rule, verdict: 'allow', because: 'It changes your own records and can be undone.' };
    case 'fetch':
      return fetchReason(deed, labels, steering, policy);
    case 'reversible':
      return {
        rule,
        verdict: 'ask',
        because: 'It changes something outside; it can be taken back.',
      };
    case 'final':
      return {
        rule,
        verdict: 'ask',
        because: 'It changes something outside and cannot be taken back.',
      };
    case 'grave':
      return { rule, verdict: 'ask', because: 'It moves money, binds you or changes who may act.' };
    default:
      return deny(rule, 'The effect class is unknown.');
  }
}

function fetchReason(deed: Deed, labels: Labels, steering: Label, policy: Policy): Reason {
  const rule = 'class.fetch';
  const hosts = deed.to.map(hostOf);
  if (
    hosts.length > 0 &&
    hosts.every((host) => host !== undefined && isListedHost(host, policy.hosts))
  ) {
    return { rule, verdict: 'allow', because: `${hosts.join(', ')} is on your list of hosts.` };
  }
  const named = steeringArguments(deed).some((argument) => argument.role === 'destination');
  const url = named ? steering : wholeLabel(deed, labels, steering);
  return isTrusted(url)
    ? { rule, verdict: 'allow', because: 'The address came from you or from your own records.' }
    : {
        rule,
        verdict: 'ask',
        because: 'Outside text chose the address, and its host is not on your list.',
      };
}

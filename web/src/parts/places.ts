import type { IconName } from './icon.tsx';

/** A place of the rail. `key` goes there after `g`. Places without content yet are not listed. */
export interface Place {
  readonly title: string;
  readonly path: string;
  readonly icon: IconName;
  readonly key?: string;
}

export const PLACES: readonly Place[] = [
  { title: 'Inbox', path: '/', icon: 'inbox', key: 'i' },
  { title: 'Today', path: '/today', icon: 'today', key: 't' },
  { title: 'Runs', path: '/runs', icon: 'runs', key: 'r' },
  { title: 'Business', path: '/business', icon: 'business', key: 'b' },
  { title: 'Automations', path: '/automations', icon: 'automations', key: 'a' },
  { title: 'Connections', path: '/connections', icon: 'connections', key: 'n' },
  { title: 'Settings', path: '/settings', icon: 'settings', key: 's' },
];

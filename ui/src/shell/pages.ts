/** The pages, in the order of the rail. Each is a chunk of its own, loaded when it is first opened. */
import type { ComponentType } from 'preact';
import type { IconName } from '../parts/icon.js';

export interface Page {
  readonly name: string;
  readonly title: string;
  /** Undefined: not in the rail. */
  readonly icon?: IconName;
  readonly load: () => Promise<{ readonly default: ComponentType }>;
}

export const PAGES: readonly Page[] = [
  { name: 'live', title: 'Live', icon: 'live', load: () => import('../live/page.js') },
  { name: 'search', title: 'Search', icon: 'search', load: () => import('../search/page.js') },
  {
    name: 'containers',
    title: 'Containers',
    icon: 'containers',
    load: () => import('../containers/page.js'),
  },
  { name: 'flow', title: 'Flow', icon: 'flow', load: () => import('../flow/page.js') },
  {
    name: 'dead-letters',
    title: 'Dead letters',
    icon: 'letters',
    load: () => import('../dead-letters/page.js'),
  },
  { name: 'alerts', title: 'Alerts', icon: 'alerts', load: () => import('../alerts/page.js') },
  { name: 'resources', title: 'Resources', icon: 'resources', load: () => import('../resources/page.js') },
  { name: 'settings', title: 'Settings', icon: 'settings', load: () => import('../settings/page.js') },
  { name: 'line', title: 'Line', load: () => import('../line/page.js') },
];

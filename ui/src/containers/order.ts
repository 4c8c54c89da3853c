/** Which containers are shown, in which order and groups. */
import type { ContainerView as Container } from '../../../src/server/shapes/container.js';
import { isRunning } from './container.js';

export const SORT_KEYS = [
  'name',
  'rate',
  'lag',
  'lastLine',
  'rotations',
  'restarts',
  'gaps',
  'partial',
] as const;

export type SortKey = (typeof SORT_KEYS)[number];

export interface Order {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

export interface Group {
  /** Of the compose project; empty for containers of none. */
  readonly project: string;
  readonly containers: readonly Container[];
  readonly running: number;
  readonly linesPerSecond: number;
}

/** Undefined is what nobody knows: it comes last, whatever the direction. */
function valueOf(container: Container, key: Exclude<SortKey, 'name'>): number | string | undefined {
  switch (key) {
    case 'rate':
      return container.linesPerSecond;
    case 'lag':
      return container.lagSeconds ?? undefined;
    case 'lastLine':
      return container.lastLine ?? undefined;
    case 'rotations':
      return container.rotations;
    case 'restarts':
      return container.restarts ?? undefined;
    case 'gaps':
      return container.gaps;
    default:
      return container.partial === null && container.cut === null
        ? undefined
        : (container.partial ?? 0) + (container.cut ?? 0);
  }
}

/** Equal ones by name, so that rows do not dance while figures change. */
export function sorted(containers: readonly Container[], { key, isDescending }: Order): Container[] {
  const sign = isDescending ? -1 : 1;
  if (key === 'name') return containers.toSorted((a, b) => sign * compareNames(a, b));
  return containers.toSorted((a, b) => {
    const [x, y] = [valueOf(a, key), valueOf(b, key)];
    if (x === undefined || y === undefined) {
      if (x !== y) return x === undefined ? 1 : -1;
    } else if (x !== y) {
      return x < y ? -sign : sign;
    }
    return compareNames(a, b);
  });
}

/** Every word must be in the name, image, project, id, state or transport; case does not matter. */
export function chosen(
  containers: readonly Container[],
  text: string,
  isRunningOnly: boolean,
): readonly Container[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return containers.filter((container) => {
    if (isRunningOnly && !isRunning(container)) return false;
    const { name, image, composeProject, id, state, transport } = container;
    const all = `${name}\n${image}\n${composeProject ?? ''}\n${id}\n${state}\n${transport}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** By project in the order of their names, those of none last; the order within a group stays. */
export function grouped(containers: readonly Container[]): Group[] {
  const byProject = new Map<string, Container[]>();
  for (const container of containers) {
    const project = container.composeProject ?? '';
    const members = byProject.get(project);
    if (members) members.push(container);
    else byProject.set(project, [container]);
  }
  return [...byProject]
    .map(([project, members]) => ({
      project,
      containers: members,
      running: members.filter(isRunning).length,
      linesPerSecond: members.reduce((sum, { linesPerSecond }) => sum + linesPerSecond, 0),
    }))
    .sort((a, b) => Number(a.project === '') - Number(b.project === '') || compare(a.project, b.project));
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

function compareNames(a: Container, b: Container): number {
  return compare(a.name, b.name) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function compare(a: string, b: string): number {
  return COLLATOR.compare(a, b);
}

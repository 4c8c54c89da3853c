/**
 * What it takes to come from one configuration to another while lines flow: which components begin, end, or are made anew.
 * What is not named by a change goes on as it is, and does not notice.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ProcessorConfig } from './processor-types.js';
import type { ChangeKind, ComponentChange } from './shape.js';
import type { Config, SourceConfig } from './types.js';

type Named<T> = Readonly<Record<string, T>>;
type Judge<T> = (now: T | undefined, then: T | undefined) => readonly [ChangeKind, why?: string] | undefined;

const AT_THE_START: readonly [keyof Config, component: string, why: string][] = [
  ['dataDir', 'data_dir', 'history and positions lie there'],
  ['server', 'server', 'its address and its login are taken at the start'],
  ['metrics', 'metrics', 'its address is taken at the start'],
];
const IN_PLACE: readonly [keyof Config, component: string][] = [
  ['logLevel', 'log_level'],
  ['journal', 'journal'],
  ['deadLetters', 'dead_letters'],
];

/** Of every component, in the order of the file. */
export function changesBetween(now: Config, then: Config): ComponentChange[] {
  const areLabelsNew = !isDeepStrictEqual(now.labels, then.labels);
  const ofSource: Judge<SourceConfig> = (before, after) => {
    const isStdin = before?.type === 'stdin' || after?.type === 'stdin';
    const isSame = isDeepStrictEqual(before, after);
    if (isStdin && (!isSame || areLabelsNew)) return ['restart', 'standard input can be read once'];
    return isSame && areLabelsNew ? ['rebuilt', 'labels are other ones'] : undefined;
  };
  return [
    ...AT_THE_START.map(([key, component, why]) =>
      isDeepStrictEqual(now[key], then[key])
        ? same(component)
        : { component, change: 'restart' as const, why },
    ),
    ...IN_PLACE.map(([key, component]) =>
      isDeepStrictEqual(now[key], then[key])
        ? same(component)
        : { component, change: 'changed' as const, why: '' },
    ),
    areLabelsNew
      ? { component: 'labels', change: 'changed', why: 'every source is rebuilt for them' }
      : same('labels'),
    ...ofNamed('alerts', now.alerts, then.alerts),
    ...ofNamed('sources', now.sources, then.sources, ofSource),
    ...ofProcessors(now.processors, then.processors),
    ...ofNamed('sinks', now.sinks, then.sinks),
  ];
}

/** What a processor is called: its type, and from the second of a type on its number. */
export function namedProcessors(processors: readonly ProcessorConfig[]): Map<string, ProcessorConfig> {
  const counts = new Map<string, number>();
  return new Map(
    processors.map((config: ProcessorConfig) => {
      const { type } = config as { readonly type: string };
      const count = (counts.get(type) ?? 0) + 1;
      counts.set(type, count);
      return [count === 1 ? type : `${type}-${count}`, config];
    }),
  );
}

function ofProcessors(now: readonly ProcessorConfig[], then: readonly ProcessorConfig[]): ComponentChange[] {
  const before = namedProcessors(now);
  const after = namedProcessors(then);
  const changes = ofNamed('processors', Object.fromEntries(before), Object.fromEntries(after));
  const stay = (names: Iterable<string>, others: ReadonlyMap<string, unknown>): string[] =>
    [...names].filter((name) => others.has(name));
  const isReordered = !isDeepStrictEqual(stay(before.keys(), after), stay(after.keys(), before));
  return isReordered
    ? [{ component: 'processors', change: 'changed', why: 'in another order' }, ...changes]
    : changes;
}

function ofNamed<T>(
  part: string,
  now: Named<T>,
  then: Named<T>,
  judge: Judge<T> = () => undefined,
): ComponentChange[] {
  return [...new Set([...Object.keys(now), ...Object.keys(then)])].map((name) => {
    const [before, after] = [own(now, name), own(then, name)];
    const [change, why = ''] = judge(before, after) ?? [usual(before, after)];
    return { component: `${part}.${name}`, change, why };
  });
}

function usual(before: unknown, after: unknown): ChangeKind {
  if (before === undefined) return 'added';
  if (after === undefined) return 'removed';
  return isDeepStrictEqual(before, after) ? 'unchanged' : 'rebuilt';
}

function own<T>(named: Named<T>, name: string): T | undefined {
  return Object.hasOwn(named, name) ? named[name] : undefined;
}

function same(component: string): ComponentChange {
  return { component, change: 'unchanged', why: '' };
}

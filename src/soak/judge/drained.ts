/** With all containers gone, everything is as it was before the first: by count, by name, and by objects. */
import type { Sample, SoakFacts } from '../types.js';
import type { Question } from './seen.js';
import { added, named } from './trees.js';
import { figure, signed, some } from './words.js';

/** Rows younger than this are at work, such as a commit: what a stream has left behind is older. */
const AT_WORK_SECONDS = 1;
/**
 * Counting takes seconds, in which the agent pings the engine or lists its containers: a request, its answer, its scope.
 * What a rotation or a container leaves behind is there as often as those were.
 */
const AT_WORK_USUALLY = 3;
/** An idle connection that is kept has a timer of Node.js' own; each step of work that is under way has promises. */
const AT_WORK_OBJECTS: Readonly<Record<string, number>> = { Timeout: 5, Promise: 100 };

export const descriptorsGone: Question = {
  id: 'drained.descriptors',
  mark: 'with all containers gone no descriptor more than before the first',
  reads: ['fds'],
  answer: ({ baseline, drained }) => {
    if (baseline.length === 0 || drained.length === 0) return notThere;
    const before = Math.max(...baseline.map(({ fds }) => fds ?? Number.NaN));
    const after = drained[drained.length - 1].fds ?? Number.NaN;
    return {
      measured: `${signed(after - before)} (${figure(before)} before, ${figure(after)} after)`,
      verdict: after <= before ? 'pass' : 'fail',
    };
  },
};

export const censusAsBefore: Question = {
  id: 'drained.census',
  mark: 'with all containers gone the census is exactly what it was before the first',
  reads: ['resources', 'trees'],
  answer: ({ baseline, drained, facts }) => {
    if (baseline.length === 0 || drained.length === 0) return notThere;
    const counts = differing(baseline, drained[drained.length - 1]);
    const left = leftBehind(facts);
    const isSame = counts.length === 0 && left === '';
    const words = [...counts, ...(left ? [`left behind: ${left}`] : [])];
    return { measured: isSame ? 'the same' : words.join(', '), verdict: isSame ? 'pass' : 'fail' };
  },
};

export const objectsAsBefore: Question = {
  id: 'drained.objects',
  mark: 'with all containers gone no more objects of a class than before the first, but for the few that are at work',
  reads: ['objects'],
  answer: ({ facts }) => {
    const { before, after } = facts.objects ?? { before: {}, after: {} };
    const more = Object.entries(after)
      .map(([name, count]) => ({ name, count, growth: count - (before[name] ?? 0) }))
      .filter(({ name, growth }) => growth > (AT_WORK_OBJECTS[name] ?? AT_WORK_USUALLY));
    const names = more.map(({ name, count, growth }) => `${name} ${signed(growth)} (now ${figure(count)})`);
    return { measured: some(names, 10) || 'no more', verdict: more.length === 0 ? 'pass' : 'fail' };
  },
};

const notThere = { measured: 'it has not been looked at both before and after', verdict: 'fail' } as const;

/** Kinds whose count now is none of those that the baseline went through. */
function differing(baseline: readonly Sample[], last: Sample): readonly string[] {
  const kinds = new Set([last, ...baseline].flatMap(({ resources }) => Object.keys(resources)));
  return [...kinds].sort().flatMap((kind) => {
    const before = baseline.map(({ resources }) => resources[kind] ?? 0);
    const now = last.resources[kind] ?? 0;
    if (now > Math.max(...before)) return [`${kind} ${signed(now - Math.max(...before))}`];
    return now < Math.min(...before) ? [`${kind} ${signed(now - Math.min(...before))}`] : [];
  });
}

function leftBehind({ trees }: SoakFacts): string {
  if (!trees) return '';
  return named(
    added(trees.baseline, trees.drained).filter(({ oldestSeconds }) => oldestSeconds > AT_WORK_SECONDS),
  );
}

/** Faults put in on purpose: noticed in time where an alarm is asked for, and got over by itself. */
import type { Fault } from '../types.js';
import type { Question } from './seen.js';
import { counted, figure } from './words.js';

/** From the last blow on. */
const WELL_SECONDS = 30;

export const faultsOvercome: Question = {
  id: 'faults',
  mark: `of each fault: the alarm comes in time, and the agent is well again within ${WELL_SECONDS} s`,
  reads: [],
  answer: ({ facts }) =>
    [...new Set(facts.faults.map(({ kind }) => kind))].map((kind) => {
      const faults = facts.faults.filter((fault) => fault.kind === kind);
      const alarms = faults.flatMap(({ alarm }) => alarm ?? []);
      const words = [
        counted(faults.length, 'time'),
        ...(alarms.length > 0
          ? [`alarm ${span(alarms.map(({ after }) => after))}, the mark is ${marks(alarms)} s`]
          : []),
        `well again ${span(faults.map(({ recovered }) => recovered))}`,
        ...faults.flatMap(({ failure }) => failure ?? []),
      ];
      return {
        id: `faults.${kind}`,
        mark: faultsOvercome.mark,
        measured: words.join('; '),
        verdict: faults.every(isOvercome) ? 'pass' : 'fail',
      };
    }),
};

function isOvercome({ alarm, recovered = Number.POSITIVE_INFINITY, failure }: Fault): boolean {
  const isInTime = !alarm || (alarm.after ?? Number.POSITIVE_INFINITY) <= alarm.within;
  return isInTime && recovered <= WELL_SECONDS && failure === undefined;
}

function marks(alarms: readonly { readonly within: number }[]): string {
  return [...new Set(alarms.map(({ within }) => figure(within)))].join(', ');
}

function span(seconds: readonly (number | undefined)[]): string {
  const told = seconds.filter((value) => value !== undefined);
  const missing = seconds.length - told.length;
  const words = [
    ...(told.length > 0 ? [`after ${figure(Math.min(...told))} to ${figure(Math.max(...told))} s`] : []),
    ...(missing > 0 ? [`${figure(missing)} times not at all`] : []),
  ];
  return words.join(', ');
}

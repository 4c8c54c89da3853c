/** What is asked of one seed, and of all of them: results in, criteria out. */

import type { Criterion, Verdict } from '../selftest/criteria.js';
import { grouped } from '../selftest/report/figures.js';
import type { PlaceVerdict } from './oracle/verdict.js';
import type { LedgerFigure, RoundResult } from './result.js';

/** Of the kills that were to land with lines uncommitted and requests in flight, so many must. */
const IN_THE_MIDST_SHARE = 0.8;
const IN_THE_MIDST = 'kill in the midst';
const TEXTS = 5;

/** The figures of the oracle, by their names in the table at the end. */
export const FIGURES = ['lost', 'duplicated', 'split', 'reordered', 'foreign', 'unaccounted'] as const;
export type Figure = (typeof FIGURES)[number];

/** How often each was found, in the files and at the receiver together. */
export function figuresOf({ files, receiver, unaccounted }: RoundResult): Record<Figure, number> {
  const damage = (kind: keyof PlaceVerdict['damage']): number => files.damage[kind] + receiver.damage[kind];
  return {
    lost: files.missing.lost + receiver.missing.lost,
    duplicated: damage('duplicated'),
    split: damage('split'),
    reordered: damage('reordered'),
    foreign: damage('foreign'),
    unaccounted: unaccounted.nonZero.length,
  };
}

/** Kills that landed with lines uncommitted and requests in flight. */
export function killsInTheMidst({ witnessed }: RoundResult): number {
  return witnessed.find(({ fault }) => fault === IN_THE_MIDST)?.happened ?? 0;
}

export function criteriaOf(result: RoundResult): Criterion[] {
  const { files, receiver, resent, unaccounted, troubles } = result;
  const figures = figuresOf(result);
  return [
    criterion(
      'lines',
      'lines were written, and came into the files and to the receiver',
      `${grouped(files.written)} written; ${grouped(files.lines)} in files, ${grouped(receiver.lines)} at the receiver`,
      files.written > 0 && files.lines > 0 && receiver.lines > 0,
    ),
    faults(result),
    kills(result),
    found(
      'lost',
      'none of the lines that the engine kept is missing, but for what the receiver dropped',
      figures,
      result,
    ),
    found(
      'duplicated',
      "none twice: in the files, or at the receiver by Loki's rule of equal entries",
      figures,
      result,
    ),
    found('split', 'all whole', figures, result),
    found(
      'reordered',
      'each output in its order, but for late lines of which the agent told',
      figures,
      result,
    ),
    found('foreign', 'all under the name of their container and output', figures, result),
    criterion(
      'sent again',
      'no more entries came again than were in flight when the agent was killed or its connection broken',
      `${grouped(resent.entries)} of at most ${grouped(resent.bound)}`,
      resent.entries <= resent.bound,
    ),
    criterion(
      'unaccounted',
      'the agent could account for every line whenever it was asked',
      unaccounted.nonZero.length > 0 ? few(unaccounted.nonZero) : `0 in ${unaccounted.samples} samples`,
      unaccounted.samples > 0 && unaccounted.nonZero.length === 0,
    ),
    ledger(result),
    rejected(result),
    criterion(
      'troubles',
      'nothing else went wrong',
      troubles.length > 0 ? few(troubles) : 'none',
      troubles.length === 0,
    ),
  ];
}

/** What is missing and is nobody's fault here: one line each, nothing where there is none. */
export function notTheAgents({ files, receiver, gaps }: RoundResult): string[] {
  const engine = files.missing.engine;
  const late = Math.max(files.late, receiver.late);
  return [
    ...(late > 0
      ? [
          `${grouped(late)} lines that the engine had left out came late, behind later ones, as the agent told`,
        ]
      : []),
    ...(receiver.missing.dropped > 0
      ? [
          `${grouped(receiver.missing.dropped)} lines were dropped by the receiver behind a 204: found missing there, all of them in the files or accounted for`,
        ]
      : []),
    ...(engine > 0
      ? [
          `${grouped(engine)} lines were not kept by the engine until they could be read; they lie within gaps of which the agent told (${gaps} in all)`,
        ]
      : []),
  ];
}

function faults({ witnessed }: RoundResult): Criterion {
  const planned = witnessed.filter(({ fault }) => fault !== IN_THE_MIDST);
  const missing = planned.filter(({ planned, happened }) => happened < planned);
  const texts = missing.map(({ fault, planned, happened }) => `${fault}: ${happened} of ${planned}`);
  const sum = planned.reduce((all, { happened }) => all + happened, 0);
  return criterion(
    'faults',
    'every planned fault happened',
    texts.length > 0 ? few(texts) : `${sum} happened`,
    sum > 0 && texts.length === 0,
  );
}

function kills({ witnessed }: RoundResult): Criterion {
  const { planned = 0, happened = 0 } = witnessed.find(({ fault }) => fault === IN_THE_MIDST) ?? {};
  return criterion(
    'kills',
    `at least ${IN_THE_MIDST_SHARE * 100} % of the kills that were to strike with lines uncommitted and requests in flight did`,
    `${happened} of ${planned}`,
    planned > 0 && happened >= planned * IN_THE_MIDST_SHARE,
  );
}

function ledger({ ledger: figures }: RoundResult): Criterion {
  const text = ({ figure, told, counted }: LedgerFigure): string =>
    `${figure}: ${told ?? 'nothing'} for ${counted}`;
  const wrong = figures.filter(({ told, counted }) => told !== counted);
  return criterion(
    'ledger',
    "over all kills the agent's ledger says what the oracle counts",
    few((wrong.length > 0 ? wrong : figures).map(text)),
    figures.length > 0 && wrong.length === 0,
  );
}

function rejected({ files, receiver }: RoundResult): Criterion {
  const lines = files.missing.rejected + receiver.missing.rejected;
  return criterion(
    'rejected',
    'the receiver would have taken every line: none became a dead letter',
    grouped(lines),
    lines === 0,
  );
}

function found(
  figure: Figure,
  mark: string,
  figures: Record<Figure, number>,
  { files, receiver }: RoundResult,
): Criterion {
  const places: [string, PlaceVerdict][] = [
    ['files', files],
    ['receiver', receiver],
  ];
  const texts = places.flatMap(([place, { findings }]) =>
    findings
      .filter((text) => text.startsWith(`${figure}: `))
      .map((text) => `${place}: ${text.slice(figure.length + 2)}`),
  );
  const count = grouped(figures[figure]);
  return criterion(figure, mark, texts.length > 0 ? `${count}: ${few(texts)}` : count, figures[figure] === 0);
}

function criterion(id: string, mark: string, measured: string, isMet: boolean): Criterion {
  const verdict: Verdict = isMet ? 'pass' : 'fail';
  return { id, mark, measured, verdict };
}

function few(texts: readonly string[]): string {
  const rest = texts.length > TEXTS ? [`and ${texts.length - TEXTS} more`] : [];
  return [...texts.slice(0, TEXTS), ...rest].join('; ');
}

/** The pipeline's parts in the stages in which lines go through them. */
import type {
  FlowJournal,
  FlowProcessor,
  FlowSink,
  FlowSource,
  FlowView,
} from '../../../src/server/shapes/flow.js';
import { counted } from '../lib/format.js';
import { type Condition, conditionOfJournal, conditionOfSink, conditionOfSource } from './flow.js';

interface Common {
  /** `source/docker`, `processors`, `journal`, `sink/loki` */
  readonly id: string;
  readonly name: string;
  readonly condition: Condition;
  /** Pixels of its box. */
  readonly height: number;
  /** What it passes on. */
  readonly linesPerSecond: number;
}

export type Part = Common &
  (
    | { readonly kind: 'source'; readonly source: FlowSource }
    | { readonly kind: 'processors'; readonly processors: readonly FlowProcessor[] }
    | { readonly kind: 'journal'; readonly journal: FlowJournal }
    | { readonly kind: 'sink'; readonly sink: FlowSink }
  );

/** Sources, the processors as one, the journal, sinks; stages of nothing are left out. */
export function partsOf({ sources, processors, journal, sinks }: FlowView): Part[][] {
  const stages: Part[][] = [
    sources.map((source) => ({
      kind: 'source',
      id: `source/${source.name}`,
      name: source.name,
      condition: conditionOfSource(source),
      height: 92,
      linesPerSecond: source.linesPerSecond,
      source,
    })),
    processors.length === 0
      ? []
      : [
          {
            kind: 'processors',
            id: 'processors',
            name: 'processors',
            condition: { tone: 'good', words: `${counted(processors.length, 'step')}, in this order` },
            height: 60 + 20 * processors.length,
            linesPerSecond: processors[processors.length - 1].linesPerSecond,
            processors,
          },
        ],
    [
      {
        kind: 'journal',
        id: 'journal',
        name: 'journal',
        condition: conditionOfJournal(journal),
        height: 158,
        linesPerSecond: journal.linesPerSecond,
        journal,
      },
    ],
    sinks.map((sink) => ({
      kind: 'sink',
      id: `sink/${sink.name}`,
      name: sink.name,
      condition: conditionOfSink(sink),
      height: 92,
      linesPerSecond: sink.linesPerSecond,
      sink,
    })),
  ];
  return stages.filter((stage) => stage.length > 0);
}

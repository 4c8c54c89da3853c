/** The pipeline's parts in the stages in which lines go through them. */
import {
  type Condition,
  conditionOfJournal,
  conditionOfSink,
  conditionOfSource,
  type Flow,
  type FlowJournal,
  type FlowSink,
  type FlowSource,
} from './flow.js';

interface Common {
  /** `source/docker`, `journal`, `sink/loki` */
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
    | { readonly kind: 'journal'; readonly journal: FlowJournal }
    | { readonly kind: 'sink'; readonly sink: FlowSink }
  );

/** Sources, the journal, sinks; stages of nothing are left out. */
export function partsOf({ sources, journal, sinks }: Flow): Part[][] {
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

/**
 * `filter`: lines go that no query of `keep` wants, and that one of `drop` wants. A line of which that would take too long to
 * find out stays.
 */
import type { FilterProcessorConfig } from '../../config/processor-types.js';
import type { Processor, StageContext } from '../../pipeline/contract.js';
import type { Draft } from '../../pipeline/draft.js';
import type { Labels } from '../../pipeline/streams.js';
import { Budget } from '../../regex/index.js';
import { LineQuery } from '../line-query.js';
import { PerStream } from '../per-stream.js';
import { Tally } from '../tally.js';

/** Queries that may want lines of a stream at all. */
interface OfStream {
  readonly labels: Labels;
  readonly keep: readonly LineQuery[];
  readonly drop: readonly LineQuery[];
}

export function createFilterProcessor(name: string, config: FilterProcessorConfig): Processor {
  const tally = new Tally(name);
  const budget = new Budget();
  const keep = config.keep.map((query) => new LineQuery(query, budget));
  const drop = config.drop.map((query) => new LineQuery(query, budget));
  const all = [...keep, ...drop];

  function stays(draft: Draft, row: number, of: OfStream): boolean {
    tally.lines++;
    budget.renew();
    let wanted: boolean | undefined = keep.length === 0;
    for (const query of of.keep) {
      if (wanted !== false) break;
      wanted = query.wants(draft, row, of.labels);
    }
    for (const query of of.drop) {
      if (wanted !== true) break;
      const unwanted = query.wants(draft, row, of.labels);
      wanted = unwanted === undefined ? undefined : !unwanted;
    }
    if (wanted === undefined) tally.fail(draft, row, 'too_costly');
    return wanted !== false;
  }

  return {
    name,
    figures: tally,
    begin({ selects, streams }: StageContext) {
      const known = new PerStream<OfStream>(streams, ({ labels }) => ({
        labels,
        keep: keep.filter((query) => query.wantsStream(labels)),
        drop: drop.filter((query) => query.wantsStream(labels)),
      }));
      return {
        process(draft, account) {
          for (const query of all) query.begin(draft);
          const gone = draft.filter((row) => {
            const id = draft.stream[row];
            return !selects(id) || stays(draft, row, known.of(id));
          });
          if (gone > 0) account.filtered(name, gone);
        },
      };
    },
  };
}

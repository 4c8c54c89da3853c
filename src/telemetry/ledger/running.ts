/**
 * What the ledger comes to at the moment, for those who ask every few seconds: figures are kept by key, and only those
 * of totals that have changed since the last question are read anew. So thousands of quiet logs cost a loop over numbers.
 */
import { FiguresByKey } from './figures.js';
import { journalLine, type LedgerReport, type LedgerView, sinkLine, stagesOf } from './report.js';

export interface RunningView {
  readonly journal: LedgerView['journal'] & {
    /** The listener hears the name of each total that is counted, in the same step. One listener. */
    watchTotals(listener: (name: string) => void): void;
  };
  readonly sinks: LedgerView['sinks'];
}

export class RunningLedger {
  readonly #view: RunningView;
  readonly #figures = new FiguresByKey();
  readonly #changed = new Set<string>();

  constructor(view: RunningView) {
    this.#view = view;
    for (const [name, lines] of view.journal.totals('')) this.#figures.put(name, lines);
    view.journal.watchTotals((name) => this.#changed.add(name));
  }

  /** Lines by stage, as the report has them; 0 each. */
  unaccounted(): LedgerReport['unaccounted'] {
    this.#catchUp();
    const { journal, sinks } = this.#view;
    const amounts = { reader: 0, processors: 0, journal: 0 };
    let encoded = 0;
    for (const figures of this.#figures.all.values()) {
      const { unaccounted } = figures;
      amounts.reader += Math.abs(unaccounted.reader);
      amounts.processors += Math.abs(unaccounted.processors);
      amounts.journal += Math.abs(unaccounted.journal);
      encoded += figures.journaled;
    }
    const own = journalLine(journal, encoded);
    return stagesOf(
      amounts,
      own,
      sinks().map((sink) => sinkLine(sink, own.committed)),
    );
  }

  /** Lines that processors took out, by reason, over all sources. */
  filtered(): Map<string, number> {
    this.#catchUp();
    const sums = new Map<string, number>();
    for (const { filtered } of this.#figures.all.values())
      if (filtered) for (const [reason, lines] of filtered) sums.set(reason, (sums.get(reason) ?? 0) + lines);
    return sums;
  }

  #catchUp(): void {
    for (const name of this.#changed) this.#figures.put(name, this.#view.journal.total(name));
    this.#changed.clear();
  }
}

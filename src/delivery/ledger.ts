/** What became of a sink's lines in this run, each counted where it happens. */
import type { Loss, OnLost } from '../journal/types.js';
import type { Delivered } from '../pipeline/contract.js';
import type { Logger } from '../runtime/log.js';
import type { DeliveryStats } from './stats.js';

const WHY: Readonly<Record<Loss['why'], string>> = {
  cap: 'the journal reached its size limit, or was deleted, before they were delivered',
  damaged: 'their place in the journal is damaged',
};

type Figures = Pick<
  DeliveryStats,
  'linesDelivered' | 'linesRejected' | 'linesLost' | 'linesPassedOver' | 'gaps'
>;

export class Ledger {
  readonly #component: string;
  readonly #log: Logger;
  #delivered = 0;
  readonly #rejected = new Counts<string>();
  readonly #lost = new Counts<Loss['why']>();
  #passedOver = 0;
  #gaps = 0;

  constructor(component: string, log: Logger) {
    this.#component = component;
    this.#log = log;
  }

  get figures(): Figures {
    return {
      linesDelivered: this.#delivered,
      linesRejected: Object.fromEntries(this.#rejected),
      linesLost: Object.fromEntries(this.#lost),
      linesPassedOver: this.#passedOver,
      gaps: this.#gaps,
    };
  }

  delivered(result: Delivered): void {
    this.#delivered += result.delivered;
    for (const [reason, lines] of result.rejected) this.#rejected.add(reason, lines);
  }

  passedOver(lines: number): void {
    this.#passedOver += lines;
  }

  /** What one removal of a segment costs is one gap. */
  removed(losses: Parameters<OnLost>[0]): void {
    this.#gaps++;
    let lines = 0;
    for (const loss of losses) {
      lines += loss.lines;
      this.#lost.add(loss.why, loss.lines);
    }
    const count = lines > 0 ? String(lines) : 'an unknown number of';
    this.#log.warn(
      { lines, toLsn: losses[0].toLsn, lanes: losses.map(({ lane }) => lane) },
      `${this.#component} has a gap: ${count} lines are lost: the journal is full, and its oldest segment went before they were delivered.`,
    );
  }

  lost(loss: Loss, lane: number): void {
    this.#gaps++;
    this.#lost.add(loss.why, loss.lines);
    const lines =
      loss.lines > 0 ? `${loss.lines} lines are lost` : 'an unknown number of lines, maybe none, is lost';
    this.#log.warn({ ...loss, lane }, `${this.#component} has a gap: ${lines}: ${WHY[loss.why]}.`);
  }
}

class Counts<K extends string> extends Map<K, number> {
  add(key: K, lines: number): void {
    this.set(key, (this.get(key) ?? 0) + lines);
  }
}

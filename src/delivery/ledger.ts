/**
 * What becomes of a sink's lines, each counted where it happens: figures of this run, and durable totals, which are part of
 * the same commit as the sink's cursor. Totals of the owner `sink/<name>`:
 *
 *   since         when they began, in milliseconds since 1970
 *   before        lines that lay before the sink's first cursor
 *   delivered, rejected:<reason>, lost:<why>, passed_over
 *   redriven      of the rejected: what the sink took later, out of the dead letters
 *   lane:<lane>   lines that were dealt with, however that ended, as their blocks and losses say it
 *
 * Two things follow, and are looked at: what was dealt with is what became of it, and what was journaled is dealt with or
 * pending. What the cap takes is dealt with in that moment, also where it lies behind what is in hand: of a lane whose
 * cursor has a segment, `lane` is all that lies before the cursor; of one that has not, what is missing in it is lost.
 */
import type { Journal, Loss, OnLost } from '../journal/types.js';
import type { Delivered } from '../pipeline/contract.js';
import { splitTotal, totalName } from '../pipeline/totals.js';
import type { Logger } from '../runtime/log.js';
import type { SinkBalance } from '../telemetry/ledger/report.js';
import type { DeliveryStats } from './stats.js';

const WHY: Readonly<Record<Loss['why'], string>> = {
  cap: 'the journal reached its size limit, or was deleted, before they were delivered',
  damaged: 'their place in the journal is damaged',
};

type Figures = Pick<
  DeliveryStats,
  'linesDelivered' | 'linesRejected' | 'linesLost' | 'linesPassedOver' | 'gaps'
>;

export type Totals = Pick<Journal, 'count' | 'total' | 'totals'>;

/** Since `sinceMs`, over restarts. */
export interface SinkTotals extends SinkBalance {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

export class Ledger {
  readonly #component: string;
  readonly #totals: Totals;
  readonly #log: Logger;
  readonly #onLoss: (losses: readonly Loss[]) => void;
  readonly #names = new Map<string, string>();
  #delivered = 0;
  readonly #rejected = new Counts<string>();
  readonly #lost = new Counts<Loss['why']>();
  #passedOver = 0;
  #gaps = 0;

  /** `onLoss` hears of what is lost in the moment in which it is counted. */
  constructor(component: string, totals: Totals, log: Logger, onLoss: (losses: readonly Loss[]) => void) {
    this.#component = component;
    this.#totals = totals;
    this.#log = log;
    this.#onLoss = onLoss;
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

  get totals(): SinkTotals {
    const figures = new Map<string, number>();
    for (const [name, lines] of this.#totals.totals(totalName(this.#component, '')))
      figures.set(splitTotal(name)[1], lines);
    const figure = (name: string): number => figures.get(name) ?? 0;
    return {
      sinceMs: figure('since'),
      before: figure('before'),
      delivered: figure('delivered'),
      rejected: byReason(figures, 'rejected:'),
      lost: byReason(figures, 'lost:'),
      passedOver: figure('passed_over'),
      redriven: figure('redriven'),
      taken: sum(Object.values(byReason(figures, 'lane:'))),
    };
  }

  /** False until the sink's first cursor. */
  get hasBegun(): boolean {
    return this.#totals.total(this.#name('since')) > 0;
  }

  /** Of a sink that was not there before. */
  begin(nowMs: number): void {
    this.#count('since', nowMs);
  }

  /** Lines of the lane that were dealt with. */
  takenOf(lane: number): number {
    return this.#totals.total(this.#name(`lane:${lane}`));
  }

  taken(lane: number, lines: number): void {
    this.#count(`lane:${lane}`, lines);
  }

  before(lines: number): void {
    this.#count('before', lines);
  }

  delivered(result: Delivered): void {
    this.#delivered += result.delivered;
    this.#count('delivered', result.delivered);
    for (const [reason, lines] of result.rejected) {
      this.#rejected.add(reason, lines);
      this.#count(`rejected:${reason}`, lines);
    }
  }

  passedOver(lines: number): void {
    this.#passedOver += lines;
    this.#count('passed_over', lines);
  }

  /** They stay rejected: what became of them in their turn is one thing, and what somebody did about it another. */
  redriven(lines: number): void {
    this.#count('redriven', lines);
  }

  /** In another run than this one; less than 0 takes back what that one had counted. */
  recounted(delivered: number, passedOver: number): void {
    this.#count('delivered', delivered);
    this.#count('passed_over', passedOver);
  }

  /** What one removal of a segment costs is one gap. */
  removed(losses: Parameters<OnLost>[0]): void {
    this.#gaps++;
    for (const loss of losses) {
      this.taken(loss.lane, loss.lines);
      this.#countLost(loss);
    }
    this.#onLoss(losses);
    const lines = sum(losses.map(({ lines }) => lines));
    this.#log.warn(
      { lines, toLsn: losses[0].toLsn, lanes: losses.map(({ lane }) => lane) },
      `${this.#component} has a gap: ${counted(lines)} lost: the journal is full, and its oldest segment went before they were delivered.`,
    );
  }

  /** What went while nobody listened, and was taken already, is one gap. */
  lostMeanwhile(losses: Parameters<OnLost>[0]): void {
    this.#gaps++;
    for (const loss of losses) this.#countLost(loss);
    this.#onLoss(losses);
    const lines = sum(losses.map(({ lines }) => lines));
    this.#log.warn(
      { lines, toLsn: losses[0].toLsn, lanes: losses.map(({ lane }) => lane) },
      `${this.#component} has a gap: ${counted(lines)} lost: ${WHY.cap}.`,
    );
  }

  lost(loss: Loss, lane: number): void {
    this.#gaps++;
    this.#countLost(loss);
    this.#onLoss([loss]);
    this.#log.warn(
      { ...(loss.why === 'damaged' ? { code: 'JOURNAL_DAMAGED' } : {}), ...loss, lane },
      `${this.#component} has a gap: ${counted(loss.lines)} lost: ${WHY[loss.why]}.`,
    );
  }

  #countLost({ why, lines }: Loss): void {
    this.#lost.add(why, lines);
    this.#count(`lost:${why}`, lines);
  }

  #count(figure: string, lines: number): void {
    if (lines !== 0) this.#totals.count(this.#name(figure), lines);
  }

  #name(figure: string): string {
    const known = this.#names.get(figure);
    if (known !== undefined) return known;
    const name = totalName(this.#component, figure);
    this.#names.set(figure, name);
    return name;
  }
}

class Counts<K extends string> extends Map<K, number> {
  add(key: K, lines: number): void {
    this.set(key, (this.get(key) ?? 0) + lines);
  }
}

function byReason(figures: ReadonlyMap<string, number>, prefix: string): Record<string, number> {
  return Object.fromEntries(
    [...figures]
      .filter(([figure]) => figure.startsWith(prefix))
      .map(([figure, lines]) => [figure.slice(prefix.length), lines]),
  );
}

function counted(lines: number): string {
  return lines > 0 ? `${lines} lines are` : 'an unknown number of lines, maybe none, is';
}

function sum(lines: readonly number[]): number {
  return lines.reduce((sum, lines) => sum + lines, 0);
}

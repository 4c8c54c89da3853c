/**
 * Counts the lines that an alert is about, by the second in which they came, and says when it fires: as soon as the window
 * holds as many as the threshold, and again each time the cool-down is over and it still does. It is over when the window
 * holds fewer again. It makes strings of the newest
 * SAMPLES matching lines of a batch only. Lines that were written before the window, as what is read at a first start, are not
 * counted.
 */
import type { Batch } from '../pipeline/batch.js';
import { timeText } from '../pipeline/line-time.js';
import { type Labels, LIVE_LANES, type Stream } from '../pipeline/streams.js';
import { FairShare } from '../query/fair-share.js';
import { compileQuery, type Level, type LineFilter, levelOfLine, parseQuery } from '../query/index.js';
import { shownEnd, streamFacts } from '../query/shown-line.js';
import type { Alert } from './alert.js';
import type { AlertState } from './shape.js';

export const SAMPLES = 3;
/** How far the clocks of engines may be apart, and how late lines may come. */
const SLACK_S = 60;
const SAMPLE_BYTES = 4 * 1024;
const MAX_KNOWN_STREAMS = 10_000;

export interface Sample {
  readonly time: string;
  readonly container: string;
  readonly stream: string;
  readonly level: Level;
  readonly line: string;
}

export interface Firing {
  /** Lines in the window. */
  readonly matches: number;
  /** The newest of them, oldest first. */
  readonly samples: readonly Sample[];
}

type Streams = (id: number) => Stream | undefined;

export class AlertWatch {
  readonly #alert: Alert;
  readonly #filter: LineFilter;
  /** Milliseconds that nobody can set back. */
  readonly #now: () => number;
  /** Milliseconds since 1970. */
  readonly #wall: () => number;
  /** Labels of the streams that it is about; undefined of others. */
  readonly #wanted = new Map<number, Labels | undefined>();
  /** Lines of each second of the window: second s stands at s modulo its length. */
  readonly #counts: Uint32Array;
  readonly #share = new FairShare();
  #second: number;
  #matches = 0;
  #samples: Sample[] = [];
  #coolUntil = Number.NEGATIVE_INFINITY;
  /** It has fired, and is not over. */
  #isOn = false;
  /** Its query takes too much time: it is not looked for any more. */
  isTooExpensive = false;

  constructor(alert: Alert, now: () => number, wall: () => number) {
    this.#alert = alert;
    this.#filter = compileQuery(parseQuery(alert.query));
    this.#now = now;
    this.#wall = wall;
    this.#counts = new Uint32Array(alert.windowSeconds);
    this.#second = Math.floor(now() / 1000);
  }

  /** Lines in the window now. */
  get matches(): number {
    this.#goOn();
    return this.#matches;
  }

  /** Lines so far that were not counted, because to judge them would have taken too long. */
  get unjudged(): number {
    return this.#filter.unjudged;
  }

  get state(): AlertState {
    if (this.matches >= this.#alert.threshold) return 'firing';
    return this.#now() < this.#coolUntil ? 'cooling' : 'ok';
  }

  onBatch(batch: Batch, streams: Streams): void {
    if (this.isTooExpensive) return;
    const began = this.#now();
    const rows = this.#choose(batch, streams);
    if (rows.length > 0) {
      this.#goOn();
      this.#counts[this.#second % this.#counts.length] += rows.length;
      this.#matches += rows.length;
      const newest = rows.slice(-SAMPLES).map((row) => sampleOf(batch, row, streams));
      this.#samples = [...this.#samples, ...newest].slice(-SAMPLES);
    }
    this.isTooExpensive = !this.#share.add(began, this.#now());
  }

  /** To be asked after each batch and each second: it answers once for each time that it fires. */
  firing(): Firing | undefined {
    if (this.matches < this.#alert.threshold || this.#now() < this.#coolUntil) return undefined;
    this.#coolUntil = this.#now() + this.#alert.coolDownSeconds * 1000;
    this.#isOn = true;
    return { matches: this.#matches, samples: this.#samples };
  }

  /** To be asked where it does not fire: true once when it is over. */
  isOver(): boolean {
    if (!this.#isOn || this.matches >= this.#alert.threshold) return false;
    this.#isOn = false;
    return true;
  }

  /** Rows of lines that match. */
  #choose(batch: Batch, streams: Streams): number[] {
    const { start, end, stream, seconds, arena, length, metadata } = batch;
    const rows: number[] = [];
    const oldest = this.#wall() / 1000 - this.#alert.windowSeconds - SLACK_S;
    let last = 0;
    for (let row = 0; row < length; row++) {
      if (seconds[row] < oldest || !this.#labels(stream[row], streams)) continue;
      rows.push(row);
      if (end[row] > last) last = end[row];
    }
    if (rows.length === 0) return rows;
    this.#filter.begin(arena.subarray(0, last), metadata?.bytes);
    return rows.filter((row) => {
      const labels = this.#labels(stream[row], streams) ?? {};
      return this.#filter.test(
        start[row],
        end[row],
        metadata?.start[row] ?? 0,
        metadata?.end[row] ?? 0,
        labels,
      );
    });
  }

  #labels(id: number, streams: Streams): Labels | undefined {
    const known = this.#wanted.get(id);
    if (known !== undefined || this.#wanted.has(id)) return known;
    const stream = streams(id);
    const isWanted = stream && stream.lane < LIVE_LANES && this.#filter.wantsStream(stream.labels);
    const labels = isWanted ? stream.labels : undefined;
    if (this.#wanted.size >= MAX_KNOWN_STREAMS) this.#wanted.clear();
    this.#wanted.set(id, labels);
    return labels;
  }

  /** Lets the window go on to the second that is now. */
  #goOn(): void {
    const second = Math.floor(this.#now() / 1000);
    const steps = Math.min(second - this.#second, this.#counts.length);
    for (let i = 1; i <= steps; i++) {
      const at = (this.#second + i) % this.#counts.length;
      this.#matches -= this.#counts[at];
      this.#counts[at] = 0;
    }
    this.#second = second;
  }
}

function sampleOf(
  { arena, start, end, seconds, nanos, stream, metadata }: Batch,
  row: number,
  streams: Streams,
): Sample {
  const { labels = {}, text = '' } = streams(stream[row]) ?? {};
  const facts = streamFacts(labels, text);
  const shown = shownEnd(arena, start[row], end[row], SAMPLE_BYTES);
  const from = metadata?.start[row] ?? 0;
  const to = metadata?.end[row] ?? 0;
  return {
    time: timeText(seconds[row], nanos[row]),
    container: facts.container,
    stream: facts.stream,
    level: levelOfLine(arena, start[row], end[row], metadata?.bytes ?? arena, from, to, facts.level),
    line: arena.toString('utf8', start[row], shown),
  };
}

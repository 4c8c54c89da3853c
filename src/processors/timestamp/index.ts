/**
 * `timestamp`: a line's time becomes the one that a field of it tells. Only here may a time change.
 *
 * - The times of a stream strictly increase, also over a restart: one that does not is the last one and a nanosecond.
 * - A line that tells no time keeps the distance from the line before it that the runtime's times have: it moves as far as that
 *   one was moved.
 * - How old or new a time is goes by the runtime's time of the same line, not by any clock.
 */
import type { TimestampProcessorConfig } from '../../config/processor-types.js';
import type { Position, Processor, Stage, StageContext } from '../../pipeline/contract.js';
import type { Draft } from '../../pipeline/draft.js';
import { type FieldName, fieldName } from '../../pipeline/metadata.js';
import { Tally } from '../tally.js';
import { CivilTime } from './civil.js';
import { type TimeReader, timeReader } from './formats.js';
import { Zone } from './zone.js';

const SECOND = 1_000_000_000;
const LAST_SECOND = 0xffff_ffff;
/** Of one key; the longest known go first. */
const MAX_STREAMS = 256;

interface StreamTimes {
  /** Of its last line. */
  seconds: number;
  nanos: number;
  /** How far the last line that told its time was moved. */
  shiftSeconds: number;
  shiftNanos: number;
}

export function createTimestampProcessor(name: string, config: TimestampProcessorConfig): Processor {
  const tally = new Tally(name);
  const reader = new LineTimes(config, tally);
  return { name, figures: tally, begin: (context) => new TimestampStage(context, reader, tally) };
}

/** What a line tells of its time: the answers of `LineTimes.read`. */
const NONE = 0;
const TOLD = 1;

class LineTimes {
  /** What was read last. */
  seconds = 0;
  nanos = 0;
  readonly #tally: Tally;
  readonly #config: TimestampProcessorConfig;
  readonly #fields: readonly FieldName[];
  readonly #readers: readonly TimeReader[];
  readonly #zone: Zone;
  readonly #civil = new CivilTime();

  constructor(config: TimestampProcessorConfig, tally: Tally) {
    this.#tally = tally;
    this.#config = config;
    this.#fields = config.fields.map((name) => fieldName(name));
    this.#readers = config.formats.map(timeReader);
    this.#zone = new Zone(config.timezone);
  }

  read(draft: Draft, row: number): number {
    const { metadata } = draft;
    if (!metadata?.has(row)) return NONE;
    for (const field of this.#fields) {
      if (!metadata.find(row, field)) continue;
      const { valueStart, valueEnd } = metadata;
      if (this.#parse(metadata.bytes, valueStart, valueEnd, draft.seconds[row])) {
        this.#limit(draft, row);
        return TOLD;
      }
      this.#tally.fail(draft, row, 'format');
      return NONE;
    }
    return NONE;
  }

  #parse(data: Buffer, from: number, to: number, near: number): boolean {
    for (const read of this.#readers) {
      if (!read(data, from, to, this.#civil)) continue;
      this.seconds = this.#civil.seconds(this.#zone, near);
      this.nanos = this.#civil.nanos;
      if (this.seconds >= 0 && this.seconds <= LAST_SECOND) return true;
    }
    return false;
  }

  /** What the configuration says of a time that is far from the runtime's. */
  #limit(draft: Draft, row: number): void {
    const { tooOld, maxBehindMs, tooNew, maxAheadMs } = this.#config;
    const seconds = draft.seconds[row];
    const nanos = draft.nanos[row];
    const aheadMs = (this.seconds - seconds) * 1000 + (this.nanos - nanos) / 1e6;
    const isOld = aheadMs < -maxBehindMs;
    if (!isOld && aheadMs <= maxAheadMs) return;
    const what = isOld ? 'too_old' : 'too_new';
    this.#tally.did(what);
    const deed = isOld ? tooOld : tooNew;
    if (deed === 'keep') return;
    this.seconds = seconds;
    this.nanos = nanos;
    if (deed === 'clamp') this.#move(isOld ? -maxBehindMs : maxAheadMs);
  }

  #move(ms: number): void {
    const whole = Math.floor(ms / 1000);
    this.seconds += whole;
    this.nanos += (ms - whole * 1000) * 1e6;
    if (this.nanos >= SECOND) {
      this.seconds++;
      this.nanos -= SECOND;
    }
    if (this.seconds < 0) this.seconds = 0;
    if (this.seconds > LAST_SECOND) this.seconds = LAST_SECOND;
  }
}

class TimestampStage implements Stage {
  readonly #context: StageContext;
  readonly #reader: LineTimes;
  readonly #tally: Tally;
  /** By the streams' labels as text. */
  readonly #streams = new Map<string, StreamTimes>();
  #lastId = 0;
  #last: StreamTimes | undefined;

  constructor(context: StageContext, reader: LineTimes, tally: Tally) {
    this.#context = context;
    this.#reader = reader;
    this.#tally = tally;
  }

  process(draft: Draft): void {
    for (let row = 0; row < draft.length; row++)
      if (this.#context.selects(draft.stream[row])) this.#put(draft, row, this.#timesOf(draft.stream[row]));
  }

  memory(): Position | undefined {
    if (this.#streams.size === 0) return undefined;
    const memory: Record<string, Position> = {};
    for (const [stream, { seconds, nanos, shiftSeconds, shiftNanos }] of this.#streams)
      memory[stream] = [seconds, nanos, shiftSeconds, shiftNanos];
    return memory;
  }

  remember(memory: Position): void {
    for (const [stream, times] of Object.entries(memory as Record<string, readonly number[]>)) {
      const [seconds = 0, nanos = 0, shiftSeconds = 0, shiftNanos = 0] = times;
      this.#streams.set(stream, { seconds, nanos, shiftSeconds, shiftNanos });
    }
  }

  #put(draft: Draft, row: number, times: StreamTimes): void {
    this.#tally.lines++;
    let seconds = draft.seconds[row];
    let nanos = draft.nanos[row];
    if (this.#reader.read(draft, row) === TOLD) {
      const { seconds: toldSeconds, nanos: toldNanos } = this.#reader;
      times.shiftSeconds = toldSeconds - seconds;
      times.shiftNanos = toldNanos - nanos;
      seconds = toldSeconds;
      nanos = toldNanos;
    } else {
      seconds += times.shiftSeconds;
      nanos += times.shiftNanos;
      if (nanos < 0) {
        seconds--;
        nanos += SECOND;
      } else if (nanos >= SECOND) {
        seconds++;
        nanos -= SECOND;
      }
      if (seconds < 0) seconds = 0;
    }
    if (seconds < times.seconds || (seconds === times.seconds && nanos <= times.nanos)) {
      this.#tally.did('moved_on');
      ({ seconds, nanos } = times);
      if (++nanos === SECOND) {
        seconds++;
        nanos = 0;
      }
    }
    times.seconds = seconds;
    times.nanos = nanos;
    draft.seconds[row] = seconds;
    draft.nanos[row] = nanos;
  }

  #timesOf(id: number): StreamTimes {
    if (id === this.#lastId && this.#last) return this.#last;
    const stream = this.#context.streams.get(id)?.text ?? '';
    let times = this.#streams.get(stream);
    if (!times) {
      times = { seconds: 0, nanos: -1, shiftSeconds: 0, shiftNanos: 0 };
      for (const oldest of this.#streams.keys()) {
        if (this.#streams.size < MAX_STREAMS) break;
        this.#streams.delete(oldest);
      }
      this.#streams.set(stream, times);
    }
    this.#lastId = id;
    this.#last = times;
    return times;
  }
}

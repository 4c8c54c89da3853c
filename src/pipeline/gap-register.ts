/**
 * The gaps that were told, the newest first: the last MAX_GAPS of them, over restarts, and counts of this run.
 *
 * Durable as positions are, and so in one commit with the lines and positions of the step in which a gap was told: a kill
 * loses none, and doubles none. Keys `gaps/<slot>`, slot being the gap's number modulo MAX_GAPS; the value is an object of
 * the fields of ToldGap, times as [seconds, nanos], and those left out that are undefined.
 */
import type { Logger } from '../runtime/log.js';
import type { Position, SourceKey } from './contract.js';
import { GAP_REASONS, type Gap, type GapReason, gapSentence } from './gaps.js';
import type { LineTime } from './line-time.js';

export const MAX_GAPS = 1_000;
const PREFIX = 'gaps/';
/** What a sink loses of a container for one reason is one gap, as long as it goes on within this. */
const EPISODE_MS = 60_000;

export interface ToldGap extends Gap {
  /** From 1 on, over restarts. */
  readonly number: number;
  /** Milliseconds since 1970: when it was told, and last grew. */
  readonly toldMs: number;
}

/** A gap as the journal keeps it. */
export interface Remembered {
  readonly key: SourceKey;
  readonly position: Position;
}

/** What the register needs of the journal. */
export interface GapStore {
  position(key: SourceKey): Position | undefined;
  positionKeys(prefix: string): SourceKey[];
  setPosition(key: SourceKey, position: Position | undefined): void;
}

export class GapRegister {
  readonly #store: GapStore;
  readonly #log: Logger;
  readonly #now: () => number;
  /** The oldest first. */
  readonly #gaps: ToldGap[];
  readonly #counts = new Map<GapReason, number>(GAP_REASONS.map((why) => [why, 0]));

  constructor(store: GapStore, log: Logger, now: () => number = Date.now) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
    this.#gaps = store
      .positionKeys(PREFIX)
      .flatMap((key) => decodeGap(store.position(key)) ?? [])
      .sort((a, b) => a.number - b.number);
  }

  /** The newest first. */
  get newest(): readonly ToldGap[] {
    return this.#gaps.toReversed();
  }

  /** Of this run, by reason. */
  get counts(): ReadonlyMap<GapReason, number> {
    return this.#counts;
  }

  /** How many of those remembered are of each container. */
  byContainer(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { container } of this.#gaps) counts.set(container, (counts.get(container) ?? 0) + 1);
    return counts;
  }

  /** Tells people, and answers what makes it durable: the caller commits it with what belongs to it. */
  tell(gap: Gap): Remembered {
    const { container, why, from, to, lines } = gap;
    this.#log.warn({ container, why, from, to, lines }, `${container}: ${gapSentence(gap)}.`);
    return this.#add(gap);
  }

  /** Remembers it, unless such a gap of that container is; people are told in another way. */
  noteOnce(gap: Gap): void {
    if (!this.#gaps.some(({ container, why }) => container === gap.container && why === gap.why))
      this.note(gap);
  }

  /** Remembers it; people are told in another way. */
  note(gap: Gap): void {
    const { key, position } = this.#add(gap);
    this.#store.setPosition(key, position);
  }

  /** As `note`; where the sink lost lines of that container for the same reason a moment ago, that gap grows. */
  extend(gap: Gap): void {
    const now = this.#now();
    const index = this.#gaps.findLastIndex(
      ({ sink, container, why, toldMs }) =>
        sink === gap.sink && container === gap.container && why === gap.why && now - toldMs < EPISODE_MS,
    );
    const before = this.#gaps[index];
    if (!before) return this.note(gap);
    const grown: ToldGap = {
      ...before,
      from: before.from && gap.from && (isEarlier(gap.from, before.from) ? gap.from : before.from),
      to: before.to && gap.to && (isEarlier(before.to, gap.to) ? gap.to : before.to),
      lines: before.lines !== undefined && gap.lines !== undefined ? before.lines + gap.lines : undefined,
      toldMs: now,
    };
    this.#gaps[index] = grown;
    this.#store.setPosition(keyOf(grown), encodeGap(grown));
  }

  #add(gap: Gap): Remembered {
    const number = (this.#gaps.at(-1)?.number ?? 0) + 1;
    const told: ToldGap = { ...gap, number, toldMs: this.#now() };
    this.#counts.set(gap.why, (this.#counts.get(gap.why) ?? 0) + 1);
    if (this.#gaps.length === MAX_GAPS) this.#gaps.shift();
    this.#gaps.push(told);
    return { key: keyOf(told), position: encodeGap(told) };
  }
}

function keyOf({ number }: ToldGap): SourceKey {
  return `${PREFIX}${number % MAX_GAPS}`;
}

function isEarlier(a: LineTime, b: LineTime): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}

function encodeGap({ from, to, ...gap }: ToldGap): Position {
  const known = Object.entries(gap).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(known) as Record<string, Position>),
    ...(from && { from: [from.seconds, from.nanos] }),
    ...(to && { to: [to.seconds, to.nanos] }),
  };
}

/** Undefined for what `encodeGap` of another version wrote. */
function decodeGap(position: Position | undefined): ToldGap | undefined {
  if (typeof position !== 'object' || position === null || Array.isArray(position)) return undefined;
  const { from, to, ...gap } = position as Record<string, unknown>;
  const { number, toldMs, container, why } = gap;
  if (typeof number !== 'number' || typeof toldMs !== 'number' || typeof container !== 'string')
    return undefined;
  if (!GAP_REASONS.includes(why as GapReason)) return undefined;
  return { ...(gap as unknown as ToldGap), from: decodeTime(from), to: decodeTime(to) };
}

function decodeTime(time: unknown): LineTime | undefined {
  if (!Array.isArray(time)) return undefined;
  const [seconds, nanos]: readonly unknown[] = time;
  return typeof seconds === 'number' && typeof nanos === 'number' ? { seconds, nanos } : undefined;
}

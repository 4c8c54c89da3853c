/**
 * When what was taken of a log is compared with what the engine has, and what becomes of it:
 *
 * - while a stream shows where what is known ends, with what it serves up to there; the first time after a restart by
 *   count and sum (recount.ts), else record by record (verification.ts);
 * - with what an answer to a probe has (watch.ts).
 *
 * What was missed is delivered. What cannot be seen any more is told as a gap: at most once in TELL_MS, and from the verified
 * place on, which stays where it is until then, so that a log that rotates all the time has few gaps told.
 */
import type { LineTime } from '../../../pipeline/line-time.js';
import type { LogPlace } from './place.js';
import { Recount } from './recount.js';
import type { Missed, Verification } from './verification.js';

const TELL_MS = 10_000;

export interface ComparisonHost {
  /**
   * The engine keeps nothing of a file that it has replaced: that its end cannot be seen is the rule, and is told only where
   * files are replaced faster than they can be looked at.
   */
  readonly keepsOneFile: boolean;
  /** Pushes their lines, and says to the place what it has pushed. */
  deliver(missed: readonly Missed[]): void;
  /** Records that were left out between these times, if any, cannot be had. */
  tellHidden(from: LineTime | undefined, to: LineTime): void;
  /** The place has moved without lines. */
  savePosition(): void;
}

export class Comparison {
  /** Records may be missing that the engine has. */
  isSuspect = false;
  readonly #place: LogPlace;
  readonly #host: ComparisonHost;
  /** Of the stream at hand, while it shows where what is known ends. */
  #opening: Verification | undefined;
  #recount: Recount | undefined;
  /** When something hidden was come upon, and was told, of performance.now(). */
  #hiddenAt = -Infinity;
  #toldAt = -Infinity;

  constructor(place: LogPlace, host: ComparisonHost) {
    this.#place = place;
    this.#host = host;
  }

  /** A stream is opened. */
  begin(): void {
    this.clear();
    if (this.#place.isFound || !this.#place.canVerify) return;
    const { behind } = this.#place;
    if (behind) this.#recount = new Recount(behind);
    else this.#opening = this.#place.compare();
  }

  /** What is known is not looked for any more. */
  clear(): void {
    this.#recount = this.#opening = undefined;
  }

  /** What was served reaches back far enough. */
  get isFar(): boolean {
    return this.#recount?.hasReached !== false;
  }

  /** A record up to the last known one, itself included. */
  record(
    buf: Buffer,
    start: number,
    end: number,
    endsLine: boolean,
    isStderr: boolean,
    seconds: number,
    nanos: number,
  ): void {
    const opening = this.#recount ?? this.#opening;
    opening?.record(buf, start, end, endsLine, isStderr, seconds, nanos);
  }

  /** The stream at hand has shown where what is known ends. */
  found(): void {
    const isTold = this.#recount !== undefined && !this.#settleRecount(this.#recount);
    const isVerified = !this.#opening || this.settle(this.#opening, false);
    this.clear();
    this.isSuspect ||= !isVerified;
    this.#place.found(isVerified);
    if (isTold) this.#host.savePosition();
  }

  /**
   * An answer is there as far as it goes. False where it does not reach back far enough. `isAll`: no other would reach
   * further; `isLast`: nor will a later one.
   */
  settle(verification: Verification, isAll: boolean, isLast = false): boolean {
    const findings = verification.finish(isAll);
    if (!findings) return false;
    const { missed, hidden } = findings;
    if (missed.length > 0) this.#host.deliver(missed);
    const hiding = hidden && this.#hide(hidden, isLast);
    if (hiding === 'later') this.#place.insert(missed);
    else this.#place.verify(findings);
    if (hiding === 'told') this.#host.savePosition();
    this.isSuspect = false;
    return true;
  }

  /** There will be no answer. */
  giveUp(to: LineTime): void {
    this.#host.tellHidden(this.#place.verifiedTime, to);
    this.#place.verifyAll();
    this.#host.savePosition();
  }

  /** False where a gap was told. */
  #settleRecount(recount: Recount): boolean {
    const missed = recount.finish();
    if (missed && missed.length > 0) this.#host.deliver(missed);
    const { verifiedTime, seconds, nanos } = this.#place;
    if (!missed) this.#host.tellHidden(verifiedTime, { seconds, nanos });
    return missed !== undefined;
  }

  /** What lay between the verified place and this time cannot be seen any more. */
  #hide(to: LineTime, isLast: boolean): 'told' | 'untold' | 'later' {
    const now = performance.now();
    if (now - this.#toldAt < TELL_MS && !isLast) return 'later';
    const isTold = !this.#host.keepsOneFile || now - this.#hiddenAt < TELL_MS;
    this.#hiddenAt = now;
    if (!isTold) return 'untold';
    this.#toldAt = now;
    this.#host.tellHidden(this.#place.verifiedTime, to);
    return 'told';
  }
}

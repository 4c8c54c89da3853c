/** The lines around one, grown at both ends. Pure: answers of /api/v1/context in, one piece of the log out. */
import type { Line } from '../lines/line.js';

export interface Context {
  /** Of one container, oldest first. */
  readonly lines: readonly Line[];
  /** Where the line that was asked for is; -1 where it is not there any more. */
  readonly found: number;
}

/**
 * Lines of `more` from before the first of `known`. `more` was asked for around the time of that first line, and holds some
 * of `known` too: lines of one time cannot be told apart by it, so the two are laid one over the other where they agree.
 */
export function earlier(known: readonly Line[], more: readonly Line[]): Line[] {
  const offset = offsetOf(known, more);
  return offset === null ? [...more] : more.slice(0, Math.max(0, -offset));
}

/** Lines of `more` from after the last of `known`. */
export function later(known: readonly Line[], more: readonly Line[]): Line[] {
  const offset = offsetOf(known, more);
  return offset === null ? [...more] : more.slice(Math.max(0, known.length - offset));
}

/** Where in `known` the first of `more` is: the place at which most lines of both agree, and none differs. */
function offsetOf(known: readonly Line[], more: readonly Line[]): number | null {
  let best: number | null = null;
  let most = 0;
  for (let offset = 1 - more.length; offset < known.length; offset++) {
    const from = Math.max(0, offset);
    const to = Math.min(known.length, offset + more.length);
    if (to - from <= most) continue;
    let at = from;
    while (at < to && same(known[at], more[at - offset])) at++;
    if (at === to) [best, most] = [offset, to - from];
  }
  return best;
}

function same(one: Line, other: Line): boolean {
  return (
    one.time === other.time && one.stream === other.stream && one.line === other.line && one.gap === other.gap
  );
}

/** A line as the API tells it, and what else stands between lines. */

export interface Line {
  /** RFC 3339, UTC, nanoseconds. */
  readonly time: string;
  readonly container: string;
  readonly stream: string;
  readonly level: string;
  /** Hostile text: see lib/text.ts. */
  readonly line: string;
  readonly committed?: boolean;
  /** Lines are missing here, for this reason; `line` says it in words. */
  readonly gap?: string;
  /** Bytes that were left out of `line`. */
  readonly cut?: number;
  /** What processors found in it; names and values are as hostile. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Stands where lines are not shown that are there. */
export interface Break {
  /** One sentence. */
  readonly words: string;
  /** Where they can be seen, as an address of this window. */
  readonly href?: string;
}

const KEY_CHARS = 200;

/** The same line twice has the same key. So have lines of one nanosecond and one length that differ far behind only. */
export function keyOf({ time, container, stream, line }: Line): string {
  return `${time} ${container} ${stream} ${line.length} ${line.slice(0, KEY_CHARS)}`;
}

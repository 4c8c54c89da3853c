/** A line as people are shown it: whose it is, and as much of it as fits. */
import { GAP_LABEL, type Labels, outputOf, ownerOf } from '../pipeline/streams.js';
import type { Level } from './level-names.js';
import { levelOfLabels } from './told-level.js';

/** Longer lines are cut for display. */
export const SHOWN_BYTES = 16 * 1024;

/** What a line's stream says of it. */
export interface StreamFacts {
  readonly container: string;
  readonly stream: string;
  /** The line says that lines are missing here, for this reason. */
  readonly gap?: string | undefined;
  /** What a label says of the level of all its lines. */
  readonly level?: Level | undefined;
}

/** `text` is that of the labels. */
export function streamFacts(labels: Labels, text: string): StreamFacts {
  return {
    container: ownerOf(labels) ?? text,
    stream: outputOf(labels) ?? '',
    gap: labels[GAP_LABEL],
    level: levelOfLabels(labels),
  };
}

/** Where what is shown of the line data[start .. end) ends: at most `bytes` of it, and not in the middle of a character. */
export function shownEnd(data: Buffer, start: number, end: number, bytes: number): number {
  if (end - start <= bytes) return end;
  let cut = start + bytes;
  // A character has at most three bytes 10xxxxxx.
  for (let i = 0; i < 3 && (data[cut] & 0xc0) === 0x80; i++) cut--;
  return cut;
}

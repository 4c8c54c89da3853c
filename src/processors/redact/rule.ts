/**
 * What a rule is: the scanner (scanner.ts) looks at each byte of a text once, with the two before it, and asks the rules
 * that want to know of these.
 *
 * A rule looks around the place as far as it must, and no further than a bounded number of bytes, or to the end of a run
 * that no other place of the run is asked about: so that a text costs time linear in its length, whatever it holds.
 */
import type { RedactRule } from '../../config/processor-types.js';

/** data[from .. to) is to be replaced. */
export interface Finding {
  /** Whose it is: the name of the rule that is asked, where that does not say another one. */
  rule: RedactRule;
  from: number;
  to: number;
}

export interface Rule {
  readonly name: RedactRule;
  /** Where it is asked: every byte of `first` with every one of `second` behind it, and maybe one of `before` before them. */
  readonly places: readonly Place[];
  /**
   * Is there a secret around data[at], which is the second byte of one of the places? The text is data[start .. end),
   * without what was found before. Sets `found` where it answers true, with `to` beyond `at`.
   */
  find(data: Uint8Array, at: number, start: number, end: number, found: Finding): boolean;
}

/** One Latin-1 character a byte. */
export interface Place {
  /** Default: any. What is missing before the first byte of a text, or of what is left of it, is 0. */
  readonly before?: string;
  readonly first: string;
  readonly second: string;
}

export const DIGITS = '0123456789';
export const UPPERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const LOWERS = 'abcdefghijklmnopqrstuvwxyz';
/** Everything that is neither letter nor digit, and what stands before the first byte of a text. */
export const OTHERS = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
  .filter((char) => !(DIGITS + UPPERS + LOWERS).includes(char))
  .join('');

/**
 * What a runtime writes of one event, line by line. A grammar has no state of its own: a state is a number from 1 to 15,
 * given back with the next line, and may be kept over a restart.
 *
 * An answer is a state with what it says of the line just seen:
 *
 *   state             the line is part of the event
 *   state | WAITS     it is part of the event only if a later line is
 *   state | MESSAGE   the same, unless it may begin an event itself: a further line of a message, which may hold anything
 *   END               it is no part of the event
 *   INSTEAD | state   the same, and it is known what it begins: `begin` need not be asked
 *   FAILED            that cannot be told: the line passes alone, and is counted
 */
import type { Line } from './line.js';

export const END = 0;
export const WAITS = 0x10;
export const MESSAGE = 0x20;
export const FAILED = 0x40;
export const INSTEAD = 0x80;
export const STATE = 0x0f;

export interface Grammar {
  readonly name: string;
  /** First bytes of lines that may begin an event; ANY_BYTE: so may empty ones. */
  readonly firstBytes: string;
  /** So may lines that begin with a class or a path, and behind it a colon or nothing. */
  readonly beginsWithName: boolean;
  /** So may lines that name an error (mentions.ts). */
  readonly beginsWithError: boolean;
  /** `namesError`: it does so. */
  begin(line: Line, namesError: boolean): number;
  follow(state: number, line: Line): number;
}

export const ANY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');

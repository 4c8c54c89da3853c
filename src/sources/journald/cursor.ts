/**
 * Places in the journal. A cursor as journalctl writes it:
 *
 *   s=<id of the file's numbering>;i=<number>;b=<boot>;m=<µs since the boot>;t=<µs since 1970>;x=<hash of the fields>
 *
 * The numbering changes where an entry is copied from /run to /var; the rest names it for good.
 */
import type { Position } from '../../pipeline/contract.js';
import type { From } from './command.js';

/** Committed with the lines. */
export interface Place {
  /** Of the last entry that was read; undefined where none was. */
  readonly cursor?: string;
  /** Its time; else the time to begin at. */
  readonly micros: number;
  /** Nanoseconds that its line's time is later: entries of one microsecond are one apart. */
  readonly later: number;
  /** What entries were selected by: with others the cursor's entry may not be among them. */
  readonly selection: string;
}

const CURSOR = /^[a-z]=[0-9a-f]+(?:;[a-z]=[0-9a-f]+)*$/;

/** Undefined where it is none: nothing was read yet, or by another program. */
export function placeOf(position: Position | undefined): Place | undefined {
  if (typeof position !== 'object' || position === null || Array.isArray(position)) return undefined;
  const { cursor, micros, later, selection } = position as Partial<Record<keyof Place, Position>>;
  if (typeof micros !== 'number' || !Number.isSafeInteger(micros) || micros < 0) return undefined;
  return {
    ...(typeof cursor === 'string' && CURSOR.test(cursor) && { cursor }),
    micros,
    later: typeof later === 'number' ? later : 0,
    selection: typeof selection === 'string' ? selection : '',
  };
}

/** Where to go on: at the last entry, to see whether it is still there, where it would be among what is selected. */
export function fromOf({ cursor, micros, selection }: Place, now: string): From {
  if (cursor === undefined) return { sinceMicros: micros };
  return selection === now ? { at: cursor } : { after: cursor };
}

/** Whether both are of the same entry. */
export function isSameEntry(a: string, b: string): boolean {
  return nameOf(a) === nameOf(b);
}

function nameOf(cursor: string): string {
  return cursor
    .split(';')
    .filter((part) => !/^[si]=/.test(part))
    .sort()
    .join(';');
}

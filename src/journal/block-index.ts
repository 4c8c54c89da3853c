/** Where the blocks of one segment are, in columns: about 18 bytes a block, however many there are. */
import { LANES } from '../pipeline/streams.js';
import { doubled } from '../runtime/columns.js';

export const DAMAGED_LANE = 255;

export class BlockIndex {
  /** Offsets in the segment, ascending, and bytes of whole records. */
  offset = new Uint32Array(64);
  bytes = new Uint32Array(64);
  /** DAMAGED_LANE marks a region without a readable header: nobody knows what was there. */
  lane = new Uint8Array(64);
  lines = new Uint32Array(64);
  rawBytes = new Uint32Array(64);
  length = 0;

  add(offset: number, bytes: number, lane: number, lines: number, rawBytes: number): void {
    const row = this.length++;
    if (row === this.offset.length) this.#grow();
    this.offset[row] = offset;
    this.bytes[row] = bytes;
    this.lane[row] = lane;
    this.lines[row] = lines;
    this.rawBytes[row] = rawBytes;
  }

  addDamage(from: number, to: number): void {
    this.add(from, to - from, DAMAGED_LANE, 0, 0);
  }

  /** The first row at or after `offset`. */
  firstAt(offset: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offset[middle] < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Lines of `lane` in the blocks before `offset`. */
  linesBefore(lane: number, offset: number): number {
    let lines = 0;
    for (let row = 0; row < this.length && this.offset[row] < offset; row++)
      if (this.lane[row] === lane) lines += this.lines[row];
    return lines;
  }

  /** Lines of each lane, as far as nothing is damaged. */
  linesByLane(): number[] {
    const lines = Array<number>(LANES).fill(0);
    for (let row = 0; row < this.length; row++)
      if (this.lane[row] !== DAMAGED_LANE) lines[this.lane[row]] += this.lines[row];
    return lines;
  }

  /** Anywhere in that stretch. */
  isDamaged(from = 0, to = Number.POSITIVE_INFINITY): boolean {
    for (let row = 0; row < this.length && this.offset[row] < to; row++)
      if (this.lane[row] === DAMAGED_LANE && this.offset[row] + this.bytes[row] > from) return true;
    return false;
  }

  /** Bit per lane that has a block here; all bits where something is damaged. */
  lanes(): number {
    let mask = 0;
    for (let row = 0; row < this.length; row++)
      mask |= this.lane[row] === DAMAGED_LANE ? ~0 : 1 << this.lane[row];
    return mask;
  }

  #grow(): void {
    this.offset = doubled(this.offset);
    this.bytes = doubled(this.bytes);
    this.lane = doubled(this.lane);
    this.lines = doubled(this.lines);
    this.rawBytes = doubled(this.rawBytes);
  }
}

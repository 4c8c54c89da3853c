/**
 * Memory for requests that are made of several blocks, used again once Loki has taken one: as new memory each it would be
 * as many bytes as the blocks are, and garbage at once.
 */

/** Rooms come in multiples of it. */
const GRAIN_BYTES = 64 * 1024;
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

export class Bodies {
  /** Given back last, last. */
  #free: Buffer[] = [];

  /** Room for a body of so many bytes, perhaps more. */
  take(bytes: number): Buffer {
    const fitting = this.#free.filter(({ length }) => length >= bytes);
    if (fitting.length === 0) return Buffer.allocUnsafeSlow(Math.ceil(bytes / GRAIN_BYTES) * GRAIN_BYTES);
    const room = fitting.reduce((least, room) => (room.length <= least.length ? room : least));
    this.#free = this.#free.filter((other) => other !== room);
    return room;
  }

  /** Nobody reads it any more: of a request that failed, a socket still might. */
  giveBack(room: Buffer): void {
    this.#free.push(room);
    let bytes = this.#free.reduce((sum, { length }) => sum + length, 0);
    while (bytes > MAX_KEPT_BYTES) bytes -= this.#free.shift()?.length ?? bytes;
  }
}

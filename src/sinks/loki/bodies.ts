/**
 * Memory for requests that are made of several blocks, used again once Loki has taken one: as new memory each it would be
 * as many bytes as the blocks are, and garbage at once.
 */

/** A request is rarely more. What is larger is not kept. */
const ROOM_BYTES = 1024 * 1024;
const MAX_KEPT = 4;

export class Bodies {
  readonly #free: Buffer[] = [];

  /** Room for a body of so many bytes, perhaps more. */
  take(bytes: number): Buffer {
    const room = bytes <= ROOM_BYTES ? this.#free.pop() : undefined;
    return room ?? Buffer.allocUnsafeSlow(Math.max(bytes, ROOM_BYTES));
  }

  /** Nobody reads it any more: of a request that failed, a socket still might. */
  giveBack(room: Buffer): void {
    if (room.length === ROOM_BYTES && this.#free.length < MAX_KEPT) this.#free.push(room);
  }
}

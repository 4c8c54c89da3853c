/** A copy of the column with twice the room. */
export function doubled<T extends Uint8Array | Uint32Array | Int32Array>(column: T): T {
  const larger = new (column.constructor as new (length: number) => T)(column.length * 2);
  larger.set(column);
  return larger;
}

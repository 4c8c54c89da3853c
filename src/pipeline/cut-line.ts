/** Cutting lines that are longer than the limit. */
const ROOM_FOR_MARK = 48;

/**
 * Cuts a line of `bytes` bytes, of which at least `limit` stand in `buf` from `start` on, to at most `limit`: its head,
 * whole characters only, and a mark that says how much is missing. Writes in place and returns the new end.
 */
export function cutLine(buf: Buffer, start: number, bytes: number, limit: number): number {
  let end = start + Math.max(0, limit - ROOM_FOR_MARK);
  while (end > start && (buf[end] & 0xc0) === 0x80) end--;
  return end + buf.write(` [cut: ${bytes - (end - start)} bytes more]`, end, 'latin1');
}

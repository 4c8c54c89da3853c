/** Lines that are longer than a server takes. */

/** Shortens data[start .. end) to at most `max` bytes, the mark included, between characters. Answers the new end. */
export function cutLine(data: Buffer, start: number, end: number, max: number): number {
  // The number's digits depend on where the cut is: as if all were missing, it has the most.
  const room = Math.max(0, max - Buffer.byteLength(markOf(end - start)));
  let at = start + room;
  for (let back = 0; back < 3 && at > start && (data[at] & 0xc0) === 0x80; back++) at--;
  return at + data.write(markOf(end - at), at);
}

function markOf(missing: number): string {
  return `…[cut: ${missing} bytes]`;
}

/** What is left in a stream that is read no more. */
import type { Readable } from 'node:stream';

/** Takes what the stream has read and nobody has taken, in its order: newer Node.js gives that piece by piece. */
export function takeUnread(stream: Readable): Buffer[] {
  const pieces: Buffer[] = [];
  for (let piece = stream.read() as Buffer | null; piece; piece = stream.read() as Buffer | null)
    pieces.push(piece);
  return pieces;
}

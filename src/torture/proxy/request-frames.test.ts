import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestFrames } from './request-frames.js';

const request = fc.record({
  path: fc.stringMatching(/^[a-z/]{1,20}$/),
  body: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
});

function bytesOf({ path, body }: { path: string; body: Uint8Array | undefined }): Buffer {
  const length = body === undefined ? '' : `Content-Length: ${body.length}\r\n`;
  return Buffer.concat([
    Buffer.from(`POST /${path} HTTP/1.1\r\nhost: x\r\n${length}\r\n`),
    Buffer.from(body ?? []),
  ]);
}

/** Cuts `all` at these places. */
function pieces(all: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set([0, ...cuts.map((cut) => cut % (all.length + 1)), all.length])].toSorted(
    (a, b) => a - b,
  );
  return ends.slice(1).map((end, i) => all.subarray(ends[i], end));
}

test('requests come out whole and apart, however they were cut on their way', () => {
  fc.assert(
    fc.property(
      fc.array(request, { maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (requests, cuts) => {
        let count = 0;
        const frames = new RequestFrames(() => count++);
        const seen: Buffer[] = [];
        for (const piece of pieces(Buffer.concat(requests.map(bytesOf)), cuts)) {
          for (const { request: number, bytes, from, size } of frames.feed(piece)) {
            expect(from).toBe(seen[number]?.length ?? 0);
            expect(size).toBe(bytesOf(requests[number]).length);
            seen[number] = Buffer.concat([seen[number] ?? Buffer.alloc(0), bytes]);
          }
        }
        expect(seen).toEqual(requests.map(bytesOf));
        expect(count).toBe(requests.length);
      },
    ),
  );
});

test('a head is judged when it is whole, before any of its bytes', () => {
  const frames = new RequestFrames(() => 'judged');
  expect([...frames.feed(Buffer.from('POST / HTTP/1.1\r\ncontent-length:'))]).toEqual([]);
  const [first] = frames.feed(Buffer.from(' 2\r\n\r\na'));
  expect(first).toMatchObject({ request: 'judged', from: 0, size: 40 });
  expect(first.bytes.toString()).toBe('POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\na');
});

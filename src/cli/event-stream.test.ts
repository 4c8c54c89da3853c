import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventStreamParser } from './event-stream.js';

test('however the stream is cut, the events are the same', () => {
  const text =
    'data: {"a":1}\n\n: still here\n\nevent: skipped\ndata: {"lines":5}\n\ndata: a\ndata: b\n\nevent: x\n\ndata:c\n\n';
  const expected = [
    { name: 'message', data: '{"a":1}' },
    { name: 'skipped', data: '{"lines":5}' },
    { name: 'message', data: 'a\nb' },
    { name: 'message', data: 'c' },
  ];
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 20 }), (cuts) => {
      const parser = new EventStreamParser();
      const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
      const chunks = edges.slice(1).map((edge, i) => text.slice(edges[i], edge));
      expect(chunks.flatMap((chunk) => [...parser.feed(chunk)])).toEqual(expected);
    }),
  );
});

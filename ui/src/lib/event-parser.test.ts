import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventParser, type SentEvent } from './event-parser.js';

/** The text between the line ends of an event's data. */
const fields = fc.string().map((text) => text.replaceAll(/[\r\n]/g, ''));
const events = fc.record({
  name: fc.constantFrom('lines', 'progress', 'end', 'message'),
  lines: fc.array(fields, { minLength: 1, maxLength: 3 }),
});

it('events come out whole however the text was cut, with any line ends and comments between', () => {
  fc.assert(
    fc.property(
      fc.array(events),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat()),
      (sent, end, cuts) => {
        const text = sent
          .map(
            ({ name, lines }) =>
              `: beat${end}event: ${name}${end}${lines.map((line) => `data: ${line}${end}`).join('')}${end}`,
          )
          .join('');
        const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
        const parser = new EventParser();
        const got: SentEvent[] = [];
        let from = 0;
        for (const place of [...places, text.length]) {
          got.push(...parser.take(text.slice(from, place)));
          from = place;
        }
        // A last lone carriage return may still become a line end of two characters.
        got.push(...parser.take('x'));
        expect(got).toEqual(sent.map(({ name, lines }) => ({ name, data: lines.join('\n') })));
      },
    ),
  );
});

it('what has no data is no event, and a field without a space after its colon counts', () => {
  expect(new EventParser().take('event: end\n\n:\n\ndata:{"a":1}\nid: 7\n\ndata: not yet')).toEqual([
    { name: 'message', data: '{"a":1}' },
  ]);
});

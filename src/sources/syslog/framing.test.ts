import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Framer } from './framing.js';

const MAX = 40;

/** What comes of the chunks: the text of each message, and ` +n` where n bytes more were cut off. */
function messagesOf(chunks: readonly Buffer[], maxBytes = MAX): string[] {
  const messages: string[] = [];
  const framer = new Framer(maxBytes, (data, from, to, bytes) => {
    const cut = bytes - (to - from);
    messages.push(data.toString('latin1', from, to) + (cut > 0 ? ` +${cut}` : ''));
  });
  for (const chunk of chunks) {
    framer.feed(Buffer.from(chunk));
    expect(framer.heldBytes).toBeLessThanOrEqual(maxBytes);
  }
  framer.end();
  expect(framer.heldBytes).toBe(0);
  return messages;
}

const TABLE: [what: string, bytes: string, messages: string[]][] = [
  ['newlines', '<1>a\n<2>b\n', ['<1>a', '<2>b']],
  ['the last one without', '<1>a\n<2>b', ['<1>a', '<2>b']],
  ['CR LF and NUL LF', '<1>a\r\n<2>b\0\n<3>c\r\r\n', ['<1>a', '<2>b', '<3>c']],
  ['empty lines are no messages', '\n\r\n<1>a\n\n', ['<1>a']],
  ['counted', '4 <1>a5 <2>bb', ['<1>a', '<2>bb']],
  ['a newline in a counted one is its own', '8 <1>a\nb\r\n4 <2>c', ['<1>a\nb\r\n', '<2>c']],
  ['rsyslog ends counted ones with a newline that it does not count', '4 <1>a\n4 <2>b\n', ['<1>a', '<2>b']],
  ['mixed', '4 <1>a<2>b\n4 <3>c', ['<1>a', '<2>b', '<3>c']],
  ['a line that begins with a number', '42\n7x y\n0 a\n', ['42', '7x y', '0 a']],
  ['ten digits are no count', '1234567890 a\n', ['1234567890 a']],
  ['a counted one that ends early', '10 <1>a', ['<1>a']],
  ['a count and nothing else', '10', ['10']],
  ['a count, a space and nothing else', '10 ', []],
  ['too long a line', `${'x'.repeat(50)}\n<1>a\n`, [`${'x'.repeat(40)} +10`, '<1>a']],
  ['too long and counted', `50 ${'x'.repeat(50)}4 <1>a`, [`${'x'.repeat(40)} +10`, '<1>a']],
  ['just not too long', `${'x'.repeat(40)}\n40 ${'y'.repeat(40)}`, ['x'.repeat(40), 'y'.repeat(40)]],
  [
    'too long with CR: what was cut off is not looked at',
    `${'x'.repeat(39)}\r\r\n`,
    [`${'x'.repeat(39)}\r +1`],
  ],
];

test.each(TABLE)('%s', (_, bytes, messages) => {
  const whole = Buffer.from(bytes, 'latin1');
  expect(messagesOf([...whole].map((byte) => Buffer.of(byte)))).toEqual(messages);
  expect(messagesOf([whole])).toEqual(messages);
});

test('whatever was sent either way comes out, at any split', () => {
  const line = fc
    .string({ unit: fc.constantFrom('a', '<', ' ', '1', 'é'), minLength: 1, maxLength: 20 })
    .map((text) => `<${text}`);
  const message = fc.tuple(line, fc.boolean());
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 12 }),
      fc.array(fc.nat(300), { maxLength: 8 }),
      (sent, cuts) => {
        const whole = Buffer.from(
          sent
            .map(([text, isCounted]) => (isCounted ? `${Buffer.byteLength(text)} ${text}` : `${text}\n`))
            .join(''),
        );
        expect(
          messagesOf(split(whole, cuts), 100).map((text) => Buffer.from(text, 'latin1').toString()),
        ).toEqual(sent.map(([text]) => text));
      },
    ),
    { numRuns: 300 },
  );
});

test('any bytes: nothing thrown, nothing held beyond the limit, the same at any split', () => {
  const token = fc.constantFrom('<1>', '1 ', '3 ', '99999999 ', '\n', '\0', 'abc', '7', ' ');
  const bytes = fc.oneof(
    fc.array(token, { maxLength: 40 }).map((tokens) => Buffer.from(tokens.join(''))),
    fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw)),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(200), { maxLength: 8 }), (whole, cuts) => {
      const messages = messagesOf([whole]);
      expect(messagesOf(split(whole, cuts))).toEqual(messages);
    }),
    { numRuns: 500 },
  );
});

function split(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const bounds = [0, ...cuts.filter((cut) => cut < whole.length).toSorted((a, b) => a - b), whole.length];
  return bounds.slice(1).map((to, i) => whole.subarray(bounds[i], to));
}

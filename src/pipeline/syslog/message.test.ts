import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SyslogMessage } from './message.js';
import { forEachParam, unescapeValue } from './structured-data.js';

type Parsed = Record<string, string | number>;

const PARTS = ['time', 'host', 'app', 'procid', 'msgid', 'data', 'text'] as const;
const message = new SyslogMessage();

/** What there is of each part, as text; with bytes before and behind that are not the message's. */
function parse(input: string | Buffer): Parsed {
  const bytes = Buffer.from(input);
  const buf = Buffer.concat([Buffer.from('<1>1 '), bytes, Buffer.from(' x: "]')]);
  message.parse(buf, 5, 5 + bytes.length);
  const parsed: Parsed = { form: message.form, pri: message.priority };
  for (const part of PARTS) {
    const [from, to] = [message[`${part}Start`], message[`${part}End`]];
    if (from >= 0) parsed[part] = buf.toString('utf8', from, to);
  }
  return parsed;
}

const ISO = '2026-11-22T10:00:00.5+01:00';

const TABLE: [what: string, input: string, parsed: Parsed][] = [
  [
    'RFC 5424, all of it',
    `<165>1 ${ISO} web.example su 42 ID47 [a@1 x="1"][b y="2"] 'su root' failed`,
    {
      form: 'rfc5424',
      pri: 165,
      time: ISO,
      host: 'web.example',
      app: 'su',
      procid: '42',
      msgid: 'ID47',
      data: '[a@1 x="1"][b y="2"]',
      text: "'su root' failed",
    },
  ],
  ['nothing but dashes', '<0>1 - - - - - -', { form: 'rfc5424', pri: 0, text: '' }],
  ['an empty text', '<0>1 - - - - - - ', { form: 'rfc5424', pri: 0, text: '' }],
  [
    'a byte order mark is not text',
    '<14>1 - h a - - - \ufeffgrün',
    { form: 'rfc5424', pri: 14, host: 'h', app: 'a', text: 'grün' },
  ],
  [
    'a text that looks like data',
    '<14>1 - h a - - - [x]',
    { form: 'rfc5424', pri: 14, host: 'h', app: 'a', text: '[x]' },
  ],
  [
    'data without a text',
    '<14>1 - h a - - [x]',
    { form: 'rfc5424', pri: 14, host: 'h', app: 'a', data: '[x]', text: '' },
  ],
  [
    'a bracket and quotes in a value',
    '<14>1 - h a - - [x k="a\\]b\\"c\\\\"] t',
    { form: 'rfc5424', pri: 14, host: 'h', app: 'a', data: '[x k="a\\]b\\"c\\\\"]', text: 't' },
  ],
  [
    'data that is never closed is text',
    '<14>1 - h a - - [x k="a] t',
    { form: 'rfc5424', pri: 14, host: 'h', app: 'a', text: '[x k="a] t' },
  ],
  [
    'data without a space behind it',
    '<14>1 - h a - - [x]t',
    { form: 'rfc5424', pri: 14, host: 'h', app: 'a', data: '[x]', text: 't' },
  ],
  ['too few words are RFC 3164 or text', '<14>1 - h a', { form: 'rfc3164', pri: 14, text: '1 - h a' }],
  [
    'a time that is none',
    '<14>1 yesterday h a - - - t',
    { form: 'rfc3164', pri: 14, text: '1 yesterday h a - - - t' },
  ],
  [
    'RFC 3164',
    '<34>Oct 11 22:14:15 mymachine su[7]: failed',
    {
      form: 'rfc3164',
      pri: 34,
      time: 'Oct 11 22:14:15',
      host: 'mymachine',
      app: 'su',
      procid: '7',
      text: 'failed',
    },
  ],
  [
    'a day of one digit',
    '<34>Oct  1 22:14:15 h su: x',
    { form: 'rfc3164', pri: 34, time: 'Oct  1 22:14:15', host: 'h', app: 'su', text: 'x' },
  ],
  [
    'as logger writes to a socket: no host',
    '<13>Oct 11 22:14:15 root: hello world',
    { form: 'rfc3164', pri: 13, time: 'Oct 11 22:14:15', app: 'root', text: 'hello world' },
  ],
  [
    'as rsyslog forwards',
    `<13>${ISO} h cron[8]: x`,
    { form: 'rfc3164', pri: 13, time: ISO, host: 'h', app: 'cron', procid: '8', text: 'x' },
  ],
  [
    'a host and no tag',
    '<13>Oct 11 22:14:15 h hello: world',
    { form: 'rfc3164', pri: 13, time: 'Oct 11 22:14:15', host: 'h', app: 'hello', text: 'world' },
  ],
  [
    'a host and a text',
    '<13>Oct 11 22:14:15 h hello world',
    { form: 'rfc3164', pri: 13, time: 'Oct 11 22:14:15', host: 'h', text: 'hello world' },
  ],
  ['no time', '<13>app[1]: x', { form: 'rfc3164', pri: 13, app: 'app', procid: '1', text: 'x' }],
  ['no time and no tag', '<13>just some text', { form: 'rfc3164', pri: 13, text: 'just some text' }],
  [
    'an address for a host',
    '<13>Oct 11 22:14:15 2001:db8::1 a: x',
    { form: 'rfc3164', pri: 13, time: 'Oct 11 22:14:15', host: '2001:db8::1', app: 'a', text: 'x' },
  ],
  ['empty brackets stay in the tag', '<13>a[]: x', { form: 'rfc3164', pri: 13, app: 'a[]', text: 'x' }],
  ['a tag and nothing else', '<13>a:', { form: 'rfc3164', pri: 13, app: 'a', text: '' }],
  ['a colon alone', '<13>: x', { form: 'rfc3164', pri: 13, text: ': x' }],
  [
    'a time and nothing else',
    '<13>Oct 11 22:14:15 ',
    { form: 'rfc3164', pri: 13, time: 'Oct 11 22:14:15', text: '' },
  ],
  ['a month that is none', '<13>anF 11 22:14:15 x', { form: 'rfc3164', pri: 13, text: 'anF 11 22:14:15 x' }],
  [
    'a tag of 200 bytes is text',
    `<13>${'t'.repeat(200)}: x`,
    { form: 'rfc3164', pri: 13, text: `${'t'.repeat(200)}: x` },
  ],
  [
    'as daemons write to files',
    'Oct 11 22:14:15 h su[7]: x',
    { form: 'rfc3164', pri: -1, time: 'Oct 11 22:14:15', host: 'h', app: 'su', procid: '7', text: 'x' },
  ],
  [
    'as daemons write to files now',
    `${ISO} h su[7]: x`,
    { form: 'rfc3164', pri: -1, time: ISO, host: 'h', app: 'su', procid: '7', text: 'x' },
  ],
  ['a date is no time', '2026-11-22 h su[7]: x', { form: 'none', pri: -1, text: '2026-11-22 h su[7]: x' }],
  ['no priority', 'hello', { form: 'none', pri: -1, text: 'hello' }],
  ['a priority that is none', '<192>a: x', { form: 'none', pri: -1, text: '<192>a: x' }],
  ['a priority without an end', '<13', { form: 'none', pri: -1, text: '<13' }],
  ['a priority and nothing else', '<13>', { form: 'rfc3164', pri: 13, text: '' }],
  ['an empty priority', '<>a: x', { form: 'none', pri: -1, text: '<>a: x' }],
  ['nothing', '', { form: 'none', pri: -1, text: '' }],
];

test.each(TABLE)('%s', (_, input, parsed) => {
  expect(parse(input)).toEqual(parsed);
});

test('a message that was whole says nothing of the next one', () => {
  parse(TABLE[0][1]);
  expect(parse('x')).toEqual({ form: 'none', pri: -1, text: 'x' });
});

describe('structured data', () => {
  function params(data: string): [string, string, string][] {
    const buf = Buffer.from(data);
    const found: [string, string, string][] = [];
    forEachParam(buf, 0, buf.length, (idStart, idEnd, nameStart, nameEnd, valueStart, valueEnd) => {
      const value = Buffer.alloc(valueEnd - valueStart);
      const length = unescapeValue(buf, valueStart, valueEnd, value, 0);
      found.push([
        buf.toString('utf8', idStart, idEnd),
        buf.toString('utf8', nameStart, nameEnd),
        value.toString('utf8', 0, length),
      ]);
    });
    return found;
  }

  test('comes back as it was written', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'Z', '0', '@', '.', '-'),
      minLength: 1,
      maxLength: 32,
    });
    const value = fc.string({
      unit: fc.constantFrom('a', '"', '\\', ']', ' ', '=', 'ü', '\n'),
      maxLength: 12,
    });
    const element = fc.tuple(name, fc.array(fc.tuple(name, value), { maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 4 }), fc.string(), (elements, text) => {
        const escaped = (given: string): string => given.replace(/["\\\]]/g, '\\$&');
        const data = elements
          .map(
            ([id, pairs]) =>
              `[${[id, ...pairs.map(([key, given]) => `${key}="${escaped(given)}"`)].join(' ')}]`,
          )
          .join('');
        expect(parse(`<13>1 - h a - - ${data} ${text}`)).toMatchObject({
          data,
          text: text.replace(/^\ufeff/, ''),
        });
        expect(params(data)).toEqual(
          elements.flatMap(([id, pairs]) => pairs.map(([key, given]) => [id, key, given])),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('of a thousand parameters the first are told', () => {
    const pairs = Array.from({ length: 1000 }, (_, i) => `k${i}="${i}"`);
    expect(params(`[x ${pairs.join(' ')}]`)).toEqual(
      pairs.slice(0, 64).map((_, i) => ['x', `k${i}`, String(i)]),
    );
  });

  test('other escapes stay as they are', () => {
    expect(params('[x k="a\\nb\\\\n"]')).toEqual([['x', 'k', 'a\\nb\\n']]);
  });
});

test('any bytes: no throw, parts in their order within the message, and no byte of a text lost', () => {
  const token = fc.constantFrom(
    '<13>',
    '1 ',
    '- ',
    '[a x="',
    '"] ',
    '[',
    ']',
    '\\',
    'Oct 11 22:14:15 ',
    `${ISO} `,
    'h ',
    'a[1]: ',
    ': ',
    ' ',
    '\ufeff',
    'x',
  );
  const bytes = fc.oneof(
    fc.array(token, { maxLength: 20 }).map((tokens) => Buffer.from(tokens.join(''))),
    fc.uint8Array({ maxLength: 60 }).map((raw) => Buffer.concat([Buffer.from('<13>1 '), raw])),
    fc.uint8Array({ maxLength: 60 }).map((raw) => Buffer.from(raw)),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      message.parse(input, 0, input.length);
      let at = 0;
      for (const part of PARTS) {
        const [from, to] = [message[`${part}Start`], message[`${part}End`]];
        if (from < 0) continue;
        expect(from >= at && to >= from && to <= input.length).toBe(true);
        // What lies between two parts is what separates them, or stands for nothing.
        const between = input.toString('latin1', at, from);
        expect(between.replace(/[ \-:[\]1]|^<\d{1,3}>|\xef\xbb\xbf/g, '')).toBe('');
        at = to;
      }
      expect(at).toBe(input.length);
    }),
    { numRuns: 1000 },
  );
});

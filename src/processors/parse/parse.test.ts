import { describe, expect, test } from 'vitest';
import type { ParseProcessorConfig } from '../../config/processor-types.js';
import { StageKit } from '../../pipeline/testing/stage-kit.js';
import { createParseProcessor } from './index.js';

type Format = ParseProcessorConfig['format'];
type Options = Partial<Omit<ParseProcessorConfig, 'type' | 'format'>>;

function kitOf(format: Format, options: Options = {}) {
  const processor = createParseProcessor('parse', { type: 'parse', format, ...options });
  return { processor, kit: new StageKit(() => [processor]) };
}

function fieldsOf(format: Format, line: string | Buffer, options: Options = {}): Record<string, string> {
  const { kit } = kitOf(format, options);
  kit.push([{ text: line }]);
  return { ...kit.out[0].fields };
}

const FAILED = (reason: string): Record<string, string> => ({ processing_error: `parse: ${reason}` });
const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

/** Lines that programs wrote: pino 10, Python 3.11's json, jq 1.6, containerd 1.6 (logrus), nginx 1.22, Apache 2.4. The rest by hand. */
const TABLE: Readonly<Record<string, readonly (readonly [line: string | Buffer, Record<string, string>])[]>> =
  {
    json: [
      [
        String.raw`{"level":30,"time":1795365271102,"pid":1,"hostname":"h","req":{"method":"GET","url":"/a?b=\"c\""},"tags":["x",2],"n":null,"ok":true,"f":1.5,"msg":"it \"works\"\tü 😀\u0001"}`,
        {
          level: '30',
          time: '1795365271102',
          pid: '1',
          hostname: 'h',
          req_method: 'GET',
          req_url: '/a?b="c"',
          tags: '["x",2]',
          ok: 'true',
          f: '1.5',
          msg: 'it "works"\tü 😀\u0001',
        },
      ],
      [
        String.raw`{"ts": 1700000000.123456, "message": "\u00fc \u2028 \ud83d\ude00", "a": {"b": {"c": [1, {"d": null}]}}, "x": 1e-07}`,
        { ts: '1700000000.123456', message: 'ü \u2028 😀', a_b_c: '[1, {"d": null}]', x: '1e-07' },
      ],
      [
        String.raw`{"e":"\u2028\u007f","n":1.7976931348623157e+308}`,
        { e: '\u2028\x7f', n: '1.7976931348623157e+308' },
      ],
      ['{}', {}],
      [' \t{ "a" : 1 , "b" : "" }\r', { a: '1' }],
      ['{"a":-0,"b":0.0,"c":1E+5,"d":false}', { a: '-0', b: '0.0', c: '1E+5', d: 'false' }],
      [
        '{"trace.id":1,"@timestamp":"t","9x":2,"":3,"sp ace":4,"é":5}',
        { trace_id: '1', _timestamp: 't', _9x: '2', _: '3', sp_ace: '4' },
      ],
      // The first one stays, also where two names become one.
      ['{"a":1,"a":2,"b":{"c":3},"b_c":4}', { a: '1', b_c: '3' }],
      [String.raw`{"\u0061b":1,"a\"b":2}`, { ab: '1', a_b: '2' }],
      [
        String.raw`{"a":"\ud800","b":"\udc00\ud800","c":"\ud83d\u0041","d":"\u0041\udc00"}`,
        { a: '�', b: '��', c: '�A', d: 'A�' },
      ],
      [Buffer.from([...Buffer.from('{"a":"x'), 0xff, 0xc3, ...Buffer.from('"}')]), { a: 'x��' }],
      ['{"__proto__":{"constructor":1},"toString":2}', { __proto___constructor: '1', toString: '2' }],
      [deep(8), { a_a_a_a_a_a_a_a: '1' }],
      [deep(9), { a_a_a_a_a_a_a_a: '{"a":1}' }],
      [deep(64), { a_a_a_a_a_a_a_a: deep(56) }],
      [deep(65), FAILED('json')],
      [`{"a":${'['.repeat(100_000)}`, FAILED('json')],
      ['', FAILED('json')],
      ['2026-11-22 {"a":1}', FAILED('json')],
      ['[1]', FAILED('json')],
      ['"a"', FAILED('json')],
      ['{"a":1}x', FAILED('json')],
      ['{"a":1}{"b":2}', FAILED('json')],
      ['{"a":1,}', FAILED('json')],
      ['{,"a":1}', FAILED('json')],
      ['{a:1}', FAILED('json')],
      ["{'a':1}", FAILED('json')],
      ['{"a":01}', FAILED('json')],
      ['{"a":1.}', FAILED('json')],
      ['{"a":.5}', FAILED('json')],
      ['{"a":+1}', FAILED('json')],
      ['{"a":1e}', FAILED('json')],
      ['{"a":NaN}', FAILED('json')],
      ['{"a":nul}', FAILED('json')],
      ['{"a":[1,]}', FAILED('json')],
      ['{"a":[1 2]}', FAILED('json')],
      ['{"a":{"b":1]}', FAILED('json')],
      [String.raw`{"a":"\x41"}`, FAILED('json')],
      [String.raw`{"a":"\u00g0"}`, FAILED('json')],
      ['{"a":"tab\there"}', FAILED('json')],
      // What is cut, at every kind of place; behind it lie other lines.
      ['{', FAILED('json')],
      ['{"a', FAILED('json')],
      ['{"a"', FAILED('json')],
      ['{"a":', FAILED('json')],
      ['{"a":1', FAILED('json')],
      ['{"a":tru', FAILED('json')],
      ['{"a":"b', FAILED('json')],
      ['{"a":"b\\', FAILED('json')],
      ['{"a":"\\u00', FAILED('json')],
      ['{"a":[1', FAILED('json')],
      ['{"a":1,', FAILED('json')],
    ],
    logfmt: [
      [
        String.raw`time="2026-11-22T16:35:35.073278157Z" level=info msg="loading plugin \"io.containerd.content.v1.content\"..." type=io.containerd.content.v1`,
        {
          time: '2026-11-22T16:35:35.073278157Z',
          level: 'info',
          msg: 'loading plugin "io.containerd.content.v1.content"...',
          type: 'io.containerd.content.v1',
        },
      ],
      [String.raw`a="\x01\u00fc\U0001f600\n\a" b='x y' c=`, { a: '\x01ü😀\n\x07', b: "'x" }],
      ['hello a=1 world b=2', { a: '1', b: '2' }],
      ['a=1\tb==2 a=3 =4 c=x"y"', { a: '1', b: '=2', c: 'x"y"' }],
      ['url=/q?a=b&c=d', { url: '/q?a=b&c=d' }],
      ['a.b-c=1', { a_b_c: '1' }],
      [Buffer.from([0x61, 0x3d, 0xff]), { a: '�' }],
      ['nothing here', FAILED('logfmt')],
      ['', FAILED('logfmt')],
      ['a="cut', FAILED('logfmt')],
      ['a="cut\\"', FAILED('logfmt')],
    ],
    cri: [
      [
        '2016-10-06T00:17:09.669794202Z stdout F a message',
        { time: '2016-10-06T00:17:09.669794202Z', stream: 'stdout', flags: 'F' },
      ],
      [
        '2016-10-06T00:17:09.669794202+02:00 stderr P ',
        { time: '2016-10-06T00:17:09.669794202+02:00', stream: 'stderr', flags: 'P' },
      ],
      ['2016-10-06T00:17:09Z stdout F', { time: '2016-10-06T00:17:09Z', stream: 'stdout', flags: 'F' }],
      ['2016-10-06T00:17:09Z stdin F x', FAILED('cri')],
      ['2016-10-06T00:17:09Z stdout X x', FAILED('cri')],
      ['2016-10-06T00:17:09Z stdout', FAILED('cri')],
      ['2016-10-06', FAILED('cri')],
    ],
    syslog: [
      [
        String.raw`<165>1 2003-10-11T22:14:15.003Z host.example.org evntslog 12 ID47 [exampleSDID@32473 iut="3" e="a\"\]\\b"][x y="z"] ` +
          '\ufeffAn event',
        {
          facility: 'local4',
          severity: 'notice',
          time: '2003-10-11T22:14:15.003Z',
          hostname: 'host.example.org',
          app_name: 'evntslog',
          proc_id: '12',
          msg_id: 'ID47',
          exampleSDID_32473_iut: '3',
          exampleSDID_32473_e: 'a"]\\b',
          x_y: 'z',
        },
      ],
      ['<0>1 - - - - - -', { facility: 'kern', severity: 'emerg' }],
      [
        "<34>Oct  1 22:14:15 host su[77]: 'su root' failed",
        {
          facility: 'auth',
          severity: 'crit',
          time: 'Oct  1 22:14:15',
          hostname: 'host',
          app_name: 'su',
          proc_id: '77',
        },
      ],
      [
        '<13>Nov 22 12:00:00 app: no host',
        { facility: 'user', severity: 'notice', time: 'Nov 22 12:00:00', app_name: 'app' },
      ],
      [
        'Nov 22 12:00:00 host kernel: [1.0] x',
        { time: 'Nov 22 12:00:00', hostname: 'host', app_name: 'kernel' },
      ],
      [
        '2026-11-22T12:00:00.123+01:00 host app[1]: x',
        { time: '2026-11-22T12:00:00.123+01:00', hostname: 'host', app_name: 'app', proc_id: '1' },
      ],
      ['just text', FAILED('syslog')],
      ['<999>1 - - - - - -', FAILED('syslog')],
      ['', FAILED('syslog')],
    ],
    combined: [
      [
        String.raw`127.0.0.1 - al ice [22/Nov/2026:16:35:15 +0000] "GET /a%20b?c=d HTTP/1.1" 200 1 "http://r/?x=1" "a \x22quoted\x22 \x5Cagent \xC3\xBC"`,
        {
          remote_addr: '127.0.0.1',
          remote_user: 'al ice',
          time: '22/Nov/2026:16:35:15 +0000',
          method: 'GET',
          path: '/a%20b?c=d',
          protocol: 'HTTP/1.1',
          status: '200',
          bytes: '1',
          referer: 'http://r/?x=1',
          user_agent: String.raw`a \x22quoted\x22 \x5Cagent \xC3\xBC`,
        },
      ],
      [
        String.raw`127.0.0.1 - - [22/Nov/2026:16:35:15 +0000] "\x16\x03\x01garbage" 400 157 "-" "-"`,
        {
          remote_addr: '127.0.0.1',
          time: '22/Nov/2026:16:35:15 +0000',
          request: String.raw`\x16\x03\x01garbage`,
          status: '400',
          bytes: '157',
        },
      ],
      [
        '127.0.0.1 - - [22/Nov/2026:16:35:15 +0000] "GET /with space HTTP/1.1" 400 157 "-" "-" 0.003 extra',
        {
          remote_addr: '127.0.0.1',
          time: '22/Nov/2026:16:35:15 +0000',
          method: 'GET',
          path: '/with space',
          protocol: 'HTTP/1.1',
          status: '400',
          bytes: '157',
        },
      ],
      [
        String.raw`::1 - - [22/Nov/2026:16:35:16 +0000] "GET /c.conf?x HTTP/1.1" 200 - "-" "a \"quoted\" \\agent \xc3\xbc"`,
        {
          remote_addr: '::1',
          time: '22/Nov/2026:16:35:16 +0000',
          method: 'GET',
          path: '/c.conf?x',
          protocol: 'HTTP/1.1',
          status: '200',
          user_agent: String.raw`a \"quoted\" \\agent \xc3\xbc`,
        },
      ],
      ['127.0.0.1 - - [22/Nov/2026:16:35:16 +0000] "GET / HTTP/1.1" 200 481', FAILED('combined')],
      ['127.0.0.1 - - [22/Nov/2026:16:35:16 +0000] "GET / HTTP/1.1" 200 481 "-" "cut', FAILED('combined')],
      ['', FAILED('combined')],
    ],
    clf: [
      [
        '127.0.0.1 id - [22/Nov/2026:16:35:16 +0000] "GET / HTTP/1.1" 200 481',
        {
          remote_addr: '127.0.0.1',
          ident: 'id',
          time: '22/Nov/2026:16:35:16 +0000',
          method: 'GET',
          path: '/',
          protocol: 'HTTP/1.1',
          status: '200',
          bytes: '481',
        },
      ],
      [
        '127.0.0.1 - - [22/Nov/2026:16:35:16 +0000] "" 408 0',
        { remote_addr: '127.0.0.1', time: '22/Nov/2026:16:35:16 +0000', status: '408', bytes: '0' },
      ],
      ['127.0.0.1 - - [22/Nov/2026:16:35:16 +0000] "GET / HTTP/1.1" 20 481', FAILED('clf')],
      ['127.0.0.1 - -', FAILED('clf')],
    ],
    klog: [
      [
        'I0102 15:04:05.678901   12345 file.go:12] a [b] message',
        { severity: 'I', time: '0102 15:04:05.678901', thread: '12345', file: 'file.go', line: '12' },
      ],
      [
        'E20261122 15:04:05.678901 1 x.cc:9]',
        { severity: 'E', time: '20261122 15:04:05.678901', thread: '1', file: 'x.cc', line: '9' },
      ],
      ['X0102 15:04:05.678901 1 file.go:12] x', FAILED('klog')],
      ['I0102 15:04:05.678901 1 file.go] x', FAILED('klog')],
      ['I0102 15:04:05', FAILED('klog')],
      ['', FAILED('klog')],
    ],
  };

for (const [format, rows] of Object.entries(TABLE)) {
  describe(format, () => {
    test.each(rows)('%s', (line, fields) => {
      expect(fieldsOf(format as Format, line)).toEqual(fields);
    });

    test('the same lines in one batch', () => {
      const { kit } = kitOf(format as Format);
      kit.push(rows.map(([line]) => ({ text: line })));
      expect(kit.out.map(({ fields }) => fields)).toEqual(rows.map(([, fields]) => fields));
      expect(kit.out.map(({ bytes }) => bytes)).toEqual(
        rows.map(([line]) => Buffer.from(line).toString('latin1')),
      );
    });
  });
}

describe('auto', () => {
  test.each(
    Object.entries(TABLE).flatMap(([format, rows]) =>
      rows
        .filter(([, fields]) => !('processing_error' in fields) && Object.keys(fields).length > 2)
        .map(([line, fields]) => [format, line, fields] as const),
    ),
  )('%s: %s', (format, line, fields) => {
    const isBare = typeof line === 'string' && format === 'logfmt' && !/^time=|^a=.*c=$/.test(line);
    // A day of RFC 3339 is CRI's, and nothing else's; a line with words between its pairs is a text.
    const isOther = isBare || (format === 'syslog' && String(line).startsWith('2026'));
    expect(fieldsOf('auto', line)).toEqual(isOther ? {} : fields);
  });

  test.each([
    '',
    'hello world',
    'a=1',
    'error: x=1 y=2',
    '{broken',
    'I am',
    'Nov',
    '1.2.3.4 - - [',
    ' ',
    '<html>',
    '2026-11-22 12:00:00 INFO x=1 y=2',
  ])('%s: nothing is found, marked or counted', (line) => {
    const { kit, processor } = kitOf('auto');
    kit.push([{ text: line }]);
    expect(kit.out[0].fields).toEqual({});
    expect(processor.figures.failed.size).toBe(0);
    expect(processor.figures.lines).toBe(1);
  });
});

test('auto: nothing is left of a format that the line turned out not to be', () => {
  expect(fieldsOf('auto', 'a=1 - - [22/Nov/2026:12:00:00 +0000] "-" 200 5')).toEqual({
    remote_addr: 'a=1',
    time: '22/Nov/2026:12:00:00 +0000',
    status: '200',
    bytes: '5',
  });
});

describe('regex', () => {
  const pattern = String.raw`^(?P<method>[A-Z]+) (?P<path>\S+)(?: (?P<took>\d+)ms)?`;

  test.each([
    ['GET /x 12ms', { method: 'GET', path: '/x', took: '12' }],
    ['GET /ü', { method: 'GET', path: '/ü' }],
    ['get /x', FAILED('regex')],
  ])('%s', (line, fields) => {
    expect(fieldsOf('regex', line, { pattern })).toEqual(fields);
  });

  test('a line that costs too much passes, marked, and the next one has a budget of its own', () => {
    const { kit, processor } = kitOf('regex', { pattern: '(?P<a>[xy]*)[xy]*!' });
    const line = `${'xy'.repeat(500_000)}!`;
    kit.push([{ text: line }, { text: 'xy!' }]);
    expect(kit.out[0].bytes === line).toBe(true);
    expect(kit.out.map(({ fields }) => fields)).toEqual([FAILED('too_costly'), { a: 'xy' }]);
    expect([...processor.figures.failed]).toEqual([['too_costly', 1]]);
  });

  test('a group that took no part is no message', () => {
    const { kit } = kitOf('regex', { pattern: '^(?P<a>x)?(?P<b>y)', messageField: 'a' });
    kit.push([{ text: 'xy' }, { text: 'y' }]);
    expect(kit.texts()).toEqual(['x', 'y']);
  });
});

describe('What is wanted', () => {
  const line = '{"a":1,"b":{"c":2,"d":3},"msg":"x\\ny","e":""}';

  test('only some fields', () => {
    expect(fieldsOf('json', line, { fields: ['b_d', 'a', 'none'] })).toEqual({ a: '1', b_d: '3' });
    expect(fieldsOf('logfmt', 'a=1 b=2', { fields: ['b'] })).toEqual({ b: '2' });
    expect(fieldsOf('json', '{"a":1', { fields: [] })).toEqual(FAILED('json'));
  });

  test.each<[Format, string, string, string]>([
    ['json', line, 'msg', 'x\ny'],
    ['json', line, 'a', '1'],
    ['json', line, 'none', line],
    ['json', line, 'e', ''],
    ['cri', '2016-10-06T00:17:09Z stdout F  two  spaces ', 'message', ' two  spaces '],
    ['cri', '2016-10-06T00:17:09Z stdout F', 'message', ''],
    ['syslog', '<13>Nov 22 12:00:00 h app[1]: the text', 'message', 'the text'],
    ['syslog', '<13>1 - h app - - - \ufeffthe text', 'message', 'the text'],
    ['klog', 'I0102 15:04:05.678901 1 file.go:12] the text', 'message', 'the text'],
    ['logfmt', 'a=1 msg="b \\"c\\""', 'msg', 'b "c"'],
  ])('the line becomes a field of %s: %s', (format, text, messageField, expected) => {
    const { kit } = kitOf(format, { messageField });
    kit.push([{ text: 'x' }, { text }, { text: 'y' }]);
    expect(kit.texts()).toEqual(['x', expected, 'y']);
    expect(kit.out[1].fields).not.toHaveProperty(messageField);
  });

  test('the message of a head is a field where it is asked for', () => {
    expect(fieldsOf('klog', 'I0102 15:04:05.678901 1 f.go:1] text', { fields: ['message', 'line'] })).toEqual(
      {
        line: '1',
        message: 'text',
      },
    );
  });
});

describe('Bounds', () => {
  test('32 fields of a line; the rest is counted', () => {
    const { kit, processor } = kitOf('json');
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    kit.push([{ text: JSON.stringify(Object.fromEntries(keys.map((key) => [key, 1]))) }]);
    expect(Object.keys(kit.out[0].fields)).toEqual(keys.slice(0, 32));
    kit.push([{ text: '{"a":1}' }]);
    expect(processor.figures.done.get('fields_dropped')).toBe(8);
  });

  test('64 with what was there before, which stays', () => {
    const { kit } = kitOf('json');
    const before = Array.from({ length: 62 }, (_, i): [string, string] => [`f${i}`, 'x']);
    kit.push([{ text: '{"f3":"new","a":1,"b":2,"c":3}', fields: before }]);
    expect(kit.out[0].fields).toEqual({ ...Object.fromEntries(before), a: '1', b: '2' });
  });

  test('a value of 4 KiB, cut between characters, and 16 KiB in all', () => {
    const { kit, processor } = kitOf('json');
    const big = `x${'ü'.repeat(5000)}`;
    kit.push([{ text: JSON.stringify({ a: big, b: big, c: big, d: big, e: 1 }) }]);
    const cut = `x${'ü'.repeat(2047)}`;
    expect(kit.out[0].fields).toEqual({ a: cut, b: cut, c: cut });
    expect(processor.figures.done.get('fields_dropped')).toBe(2);
  });

  test('names that never come again are forgotten, and the same is found', () => {
    const { kit } = kitOf('json');
    for (let i = 0; i < 40; i++) {
      const keys = Array.from({ length: 150 }, (_, j) => `k${i}_${j}`);
      kit.push([
        { text: JSON.stringify({ same: i, o: { x: i }, ...Object.fromEntries(keys.map((k) => [k, 1])) }) },
      ]);
    }
    expect(kit.out.map(({ fields }) => [fields['same'], fields['o_x']])).toEqual(
      Array.from({ length: 40 }, (_, i) => [String(i), String(i)]),
    );
    expect(kit.out.every(({ fields }) => Object.keys(fields).length === 32)).toBe(true);
  });

  test('nor is a field there twice where names were forgotten in between', () => {
    const { kit } = kitOf('auto');
    const push = (
      from: number,
      write: (name: string) => string,
      join: string,
      [open, close]: readonly [string, string],
    ) => {
      for (let i = 0; i < 1100; i += 100)
        kit.push([
          {
            text: open + Array.from({ length: 100 }, (_, j) => write(`k${from + i + j}`)).join(join) + close,
          },
        ]);
    };
    kit.push([{ text: '{"a.b":1}' }]);
    push(0, (name) => `"${name}":1`, ',', ['{', '}']);
    push(5000, (name) => `${name}=1`, ' ', ['', '']);
    kit.push([{ text: '{"a.b":1,"a_b":2}' }]);
    expect(kit.out.at(-1)?.fields).toEqual({ a_b: '1' });

    const { kit: syslog } = kitOf('syslog');
    const params = (from: number) => Array.from({ length: 30 }, (_, j) => ` p${from + j}="x"`).join('');
    for (let i = 0; i < 2100; i += 30) syslog.push([{ text: `<34>1 - - - - - [x${params(i)}]` }]);
    syslog.push([{ text: '<34>1 - - real - - [app name="other"]' }]);
    expect(syslog.out.at(-1)?.fields).toEqual({ facility: 'auth', severity: 'crit', app_name: 'real' });
  });

  test('a line of 1 MiB of different keys', () => {
    const text = `{${Array.from({ length: 70_000 }, (_, i) => `"key${i}":${i}`).join()}}`;
    expect(Object.keys(fieldsOf('json', text))).toHaveLength(32);
    expect(fieldsOf('json', text, { fields: ['key1', 'key69999'] })).toEqual({ key1: '1' });
  });
});

test('streams that it is not for pass untouched, in their place; failures are counted by reason', () => {
  const processor = createParseProcessor('parse-2', { type: 'parse', format: 'json' });
  const match = { processor, match: (labels: Readonly<Record<string, string>>) => labels['app'] === 'a' };
  const kit = new StageKit(() => [match]);
  const [a, b] = [{ app: 'a' }, { app: 'b' }];
  kit.push([
    { text: '{"x":1}', labels: b },
    { text: '{"x":2}', labels: a },
    { text: '{', labels: b },
    { text: '{', labels: a },
  ]);
  expect(kit.out.map(({ text, fields }) => [text, fields])).toEqual([
    ['{"x":1}', {}],
    ['{"x":2}', { x: '2' }],
    ['{', {}],
    ['{', { processing_error: 'parse-2: json' }],
  ]);
  expect(processor.figures.lines).toBe(2);
  expect([...processor.figures.failed]).toEqual([['json', 1]]);
});

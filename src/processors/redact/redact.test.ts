import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RedactPattern, RedactRule } from '../../config/processor-types.js';
import { DEFAULT_RULES } from '../../config/schema/processors/redact.js';
import { entryOf, type InLine, processorOf, StageKit } from '../../pipeline/testing/stage-kit.js';
import { createRedactProcessor } from './index.js';
import { lookAlikes, secretLines } from './testing/corpus.js';

interface Options {
  readonly rules?: readonly RedactRule[];
  readonly patterns?: readonly RedactPattern[];
}

function redact({ rules = DEFAULT_RULES, patterns = [] }: Options = {}) {
  return createRedactProcessor('redact', { rules, patterns });
}

/** A processor may serve any number of stages: one is enough where nobody looks at its figures. */
const SHARED = redact();

function redacted(lines: readonly (string | InLine)[], options?: Options): string[] {
  const kit = new StageKit(() => [options ? redact(options) : SHARED]);
  return kit.push(lines.map((line) => (typeof line === 'string' ? { text: line } : line))).texts();
}

const BEGIN = ['-----BEGIN RSA PRIVATE', 'KEY-----'].join(' ');
const END = ['-----END RSA PRIVATE', 'KEY-----'].join(' ');
const BODY = 'MIIEpAIBAAKCAQEAx7Wd0pYqC3nR5vT8uK2mL9sQ4eJ6hB1gF0aZyXwVuTsRqPoN';
const GITHUB = `${['gh', 'p_'].join('')}0123456789abcdefghijklmnopqrstuvwxyz`;
const AWS_ID = `${['AK', 'IA'].join('')}IOSFODNN7EXAMPLE`;

test.each<readonly [what: string, line: string, redacted: string]>([
  ['nothing', '', ''],
  ['at the beginning', 'password=x1 b', 'password=[REDACTED:credentials] b'],
  ['two in a line', 'a@b.de,c@d.org', '[REDACTED:email],[REDACTED:email]'],
  ['two of a kind side by side', 'pwd=a1;pwd=b2', 'pwd=[REDACTED:credentials];pwd=[REDACTED:credentials]'],
  [
    'an escaped quote is of the value',
    '{"password":"a\\"b1","n":1}',
    '{"password":"[REDACTED:credentials]","n":1}',
  ],
  ['a quote that is never closed', '{"password":"abc def', '{"password":"[REDACTED:credentials]'],
  [
    'JSON in JSON',
    '"{\\"password\\":\\"a1\\",\\"b\\":2}"',
    '"{\\"password\\":\\"[REDACTED:credentials]\\",\\"b\\":2}"',
  ],
  [
    'JSON in JSON in JSON',
    '"{\\\\\\"password\\\\\\":\\\\\\"a1\\\\\\"}"',
    '"{\\\\\\"password\\\\\\":\\\\\\"[REDACTED:credentials]\\\\\\"}"',
  ],
  ['a comma within, and one behind', 'password=a,b1, c', 'password=[REDACTED:credentials], c'],
  ['in a list of pairs', '(password=a1, n=2)', '(password=[REDACTED:credentials], n=2)'],
  ['what follows an ampersand', 'password=a1&b=2', 'password=[REDACTED:credentials]&b=2'],
  ['spaces around', 'password  =  a1 b', 'password  =  [REDACTED:credentials] b'],
  ['a comparison', 'password == a1', 'password == a1'],
  [
    'a plain word in prose',
    'error: password: unknown, password: mismatched',
    'error: password: unknown, password: mismatched',
  ],
  [
    'a plain word behind a name of two',
    'e: db_password: hunter x',
    'e: db_password: [REDACTED:credentials] x',
  ],
  ['an arrow', ':password => "a1"', ':password => "[REDACTED:credentials]"'],
  ['UTF-8', 'password=pässwörd1 größe=3', 'password=[REDACTED:credentials] größe=3'],
  ['a name in UTF-8', 'an bücher@müller.de geschickt', 'an [REDACTED:email] geschickt'],
  ['behind an escaped newline', `a\\n${GITHUB} b`, 'a\\n[REDACTED:github] b'],
  ['behind %3D', `next=%3Fa%3D${GITHUB}`, 'next=%3Fa%3D[REDACTED:github]'],
  ['within a word', `x${AWS_ID}`, `x${AWS_ID}`],
  ['one letter too many', `${AWS_ID}A`, `${AWS_ID}A`],
  ['the user stays', 'https://max:a1@host/p', 'https://max:[REDACTED:url_password]@host/p'],
  ['@ in a password', 'https://max:a@1@host/p', 'https://max:[REDACTED:url_password]@host/p'],
  ['IPv6', 'http://[::1]:80/a@b', 'http://[::1]:80/a@b'],
  ['a token without a signature', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.', '[REDACTED:jwt]'],
  ['a token that is cut', 'eyJhbGciOiJub25lIn0.eyJzdWIiO', '[REDACTED:jwt]'],
  ['a card and more digits', '4111 1111 1111 1111 1', '4111 1111 1111 1111 1'],
  [
    'a card with a wrong digit',
    '4111 1111 1111 1112 4111111111111112',
    '4111 1111 1111 1112 4111111111111112',
  ],
  ['an account', 'DE89 3704 0044 0532 0130 00, DE89370400440532013000', '[REDACTED:iban], [REDACTED:iban]'],
  ['an account with a wrong digit', 'DE89 3704 0044 0532 0130 01', 'DE89 3704 0044 0532 0130 01'],
  ['a card and a year', '4111111111111111, 12/29', '[REDACTED:credit_card], 12/29'],
  ['a card of 19 digits in groups', '6200 0000 0000 0000 000', '[REDACTED:credit_card]'],
  ['groups in a URL', '?a=4111%201111%201111%201111&b=1', '?a=[REDACTED:credit_card]&b=1'],
  ['signs that differ', '4111-1111 1111-1111', '4111-1111 1111-1111'],
  ['a key in a line', `k ${BEGIN}\\n${BODY}\\n${END} e`, 'k [REDACTED:private_key] e'],
  ['a key without an end', `k ${BEGIN} ${BODY} and more`, 'k [REDACTED:private_key]'],
  ['a key without a beginning', `${BODY} ${END} e`, '[REDACTED:private_key] e'],
  ['two keys', `${BEGIN}a${END} x ${BEGIN}b${END}`, '[REDACTED:private_key] x [REDACTED:private_key]'],
  ['what is redacted already', 'password=[REDACTED:credentials] b', 'password=[REDACTED:credentials] b'],
  ['an address of a host', 'from 10.0.0.7 and ::1', 'from 10.0.0.7 and ::1'],
])('%s', (_, line, expected) => {
  expect(redacted([line])).toEqual([expected]);
});

test('addresses of hosts on request', () => {
  const lines = [
    'from 10.0.0.7:80, v1.2.3.4.5 at 16:07:26',
    '[2001:db8::7]:443 and fe80::1%eth0',
    '256.1.1.1',
  ];
  expect(redacted(lines, { rules: ['ip'] })).toEqual([
    'from [REDACTED:ip]:80, v1.2.3.4.5 at 16:07:26',
    '[[REDACTED:ip]]:443 and [REDACTED:ip]%eth0',
    '256.1.1.1',
  ]);
});

test('rules that are not asked for find nothing', () => {
  const lines = secretLines();
  for (const rule of DEFAULT_RULES) {
    const kit = new StageKit(() => [redact({ rules: DEFAULT_RULES.filter((other) => other !== rule) })]);
    kit.push(lines.map(({ line }, i) => ({ text: line, labels: { container: `c${i}` } })));
    expect(kit.texts().filter((text) => text.includes(`[REDACTED:${rule}]`))).toEqual([]);
  }
  expect(
    redacted(
      lines.map(({ line }) => line),
      { rules: [] },
    ),
  ).toEqual(lines.map(({ line }) => line));
});

test('keys that are printed line by line go, in each stream by itself, also over a kill', () => {
  const out = { container: 'web', stream: 'stdout' };
  const err = { container: 'web', stream: 'stderr' };
  const kit = new StageKit(() => [redact()]);
  kit.push([
    { text: 'key:', labels: out },
    { text: `2026-11-22 16:07 ${BEGIN}`, labels: out },
    { text: BODY, labels: err },
    { text: 'Proc-Type: 4,ENCRYPTED', labels: out },
    { text: '', labels: out },
    { text: BODY, labels: out },
  ]);
  kit.kill();
  kit.push([
    { text: `2026-11-22 16:07 ${BODY}`, labels: out },
    { text: BODY, labels: err },
    { text: 'abc=', labels: out },
    { text: END, labels: out },
    { text: BODY, labels: out },
  ]);
  const of = (stream: string) =>
    kit.out.filter((line) => line.stream.includes(stream)).map(({ text }) => text);
  expect(of('stdout')).toEqual([
    'key:',
    '2026-11-22 16:07 [REDACTED:private_key]',
    'Proc-Type: 4,ENCRYPTED',
    '',
    '[REDACTED:private_key]',
    '2026-11-22 16:07 [REDACTED:private_key]',
    '[REDACTED:private_key]',
    '[REDACTED:private_key]',
    BODY,
  ]);
  expect(of('stderr')).toEqual([BODY, BODY]);
  expect(kit.save()).toBeUndefined();
});

test('a key that is given up ends with the first line that is none of it', () => {
  for (const other of ['stopped: disk full', 'end', '{"a":1}'])
    expect(redacted([BEGIN, BODY, other, BODY])).toEqual([
      '[REDACTED:private_key]',
      '[REDACTED:private_key]',
      other,
      BODY,
    ]);
});

test('fields are redacted by their names and by what they hold', () => {
  const kit = new StageKit(() => [redact({ patterns: [{ name: 'customer', pattern: 'K-\\d+' }] })]);
  kit.push([
    {
      text: 'a',
      fields: [
        ['level', 'info'],
        ['db_password', 'hunter2'],
        ['mail', 'to max@example.com'],
        ['empty', ''],
        ['customer', 'K-4711'],
        ['token', 'no'],
        ['last', 'x'.repeat(300)],
      ],
    },
    { text: 'b', fields: [['user', 'max']] },
  ]);
  expect(kit.out.map(({ fields }) => fields)).toEqual([
    {
      level: 'info',
      db_password: '[REDACTED:credentials]',
      mail: 'to [REDACTED:email]',
      empty: '',
      customer: '[REDACTED:customer]',
      token: 'no',
      last: 'x'.repeat(300),
    },
    { user: 'max' },
  ]);
});

test('own patterns: after the rules, every match, with a text of their own', () => {
  const patterns = [
    { name: 'order', pattern: 'ORD-\\d+' },
    { name: 'head', pattern: '^\\d+', replace: '#' },
    { name: 'empty', pattern: 'x*', replace: 'X' },
  ];
  const lines = ['17 ORD-1 and ORD-22, a@b.de', '17', 'axxb', 'x', '', 'ä ORD-3'];
  expect(redacted(lines, { patterns })).toEqual([
    '# [REDACTED:order] and [REDACTED:order], [REDACTED:email]',
    '#',
    'aXb',
    'X',
    '',
    'ä [REDACTED:order]',
  ]);
});

test('a line that own patterns are too costly for is not shown at all, and counted', () => {
  const processor = redact({ patterns: [{ name: 'slow', pattern: '[ab]*a[ab]{60}c' }] });
  let state = 1;
  const next = (): string => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state & 0x10000 ? 'a' : 'b';
  };
  const hostile = Array.from({ length: 200_000 }, next).join('');
  const kit = new StageKit(() => [processor]);
  kit.push([{ text: 'harmless' }, { text: hostile }, { text: 'harmless again' }]);
  expect(kit.texts().map((text) => text.slice(0, 99))).toEqual([
    'harmless',
    '[REDACTED: not checked]',
    'harmless again',
  ]);
  expect(kit.out[1].fields).toEqual({ processing_error: 'redact: too_costly' });
  expect(processor.figures.failed).toEqual(new Map([['too_costly', 1]]));
});

test('it counts what it did by rule, and what was masked before it was written only once', () => {
  const processor = redact();
  const hold = holding();
  const kit = new StageKit(() => [hold, processor]);
  kit.push([{ text: 'a@b.de c@d.de' }, { text: 'password=a1' }, { text: 'nothing' }]);
  const saved = JSON.stringify(kit.save());
  expect(saved).toContain('[REDACTED:email]');
  expect(saved).not.toContain('b.de');
  expect(processor.figures).toMatchObject({ lines: 0, done: new Map() });
  kit.flush();
  expect(processor.figures).toMatchObject({
    lines: 3,
    done: new Map([
      ['email', 2],
      ['credentials', 1],
    ]),
  });
});

test('streams that are not selected pass untouched', () => {
  const kit = new StageKit(() => [entryOf(redact(), '{container="a"}')]);
  kit.push([
    { text: 'a@b.de', labels: { container: 'a' } },
    { text: 'a@b.de', labels: { container: 'b' }, fields: [['mail', 'a@b.de']] },
  ]);
  expect(kit.texts()).toEqual(['[REDACTED:email]', 'a@b.de']);
  expect(kit.out[1].fields).toEqual({ mail: 'a@b.de' });
});

const anyLine = fc.oneof(
  fc.constantFrom(...secretLines().map(({ line }) => line)),
  fc.constantFrom(...lookAlikes()),
  fc.constantFrom(BEGIN, BODY, END),
  fc.string({ unit: fc.constantFrom(...Array.from('password=:"\'\\ @-.eyJ4111/{}[]<>bearer \u00e4')) }),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);

test('any split of the lines, and any kill between, gives the same', () => {
  const labels = fc.constantFrom({ stream: 'stdout' }, { stream: 'stderr' });
  const lines = fc.array(fc.record({ text: anyLine, labels }), { maxLength: 12 });
  fc.assert(
    fc.property(lines, fc.array(fc.nat(11)), fc.array(fc.nat(11)), (lines, cuts, kills) => {
      const whole = new StageKit(() => [SHARED]).push(lines).out.map(({ bytes }) => bytes);
      const kit = new StageKit(() => [SHARED]);
      let from = 0;
      for (let to = 1; to <= lines.length; to++) {
        if (to < lines.length && !cuts.includes(to)) continue;
        kit.push(lines.slice(from, to));
        if (kills.includes(to)) kit.kill();
        from = to;
      }
      expect(kit.out.map(({ bytes }) => bytes)).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});

test('what was redacted stays as it is when it passes again', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 6 }), (lines) => {
      const once = new StageKit(() => [SHARED]).push(lines.map((text) => ({ text }))).out;
      const twice = new StageKit(() => [SHARED]).push(
        once.map(({ bytes }) => ({ text: Buffer.from(bytes, 'latin1') })),
      ).out;
      expect(twice.map(({ bytes }) => bytes)).toEqual(once.map(({ bytes }) => bytes));
    }),
    { numRuns: 300 },
  );
});

/** A processor that keeps all lines until it is flushed. */
function holding() {
  const base = processorOf(() => {}, 'hold');
  return {
    ...base,
    begin: (context: Parameters<typeof base.begin>[0]) => {
      const lines: { row: InLine; stream: number }[] = [];
      return {
        get dueMs() {
          return lines.length > 0 ? 1 : undefined;
        },
        process(draft, account) {
          for (let row = 0; row < draft.length; row++)
            lines.push({ row: { text: draft.text(row) }, stream: draft.stream[row] });
          account.held(draft.length);
          draft.length = 0;
        },
        flush(draft, _, account) {
          for (const { row, stream } of lines.splice(0)) {
            draft.addLine(Buffer.from(row.text as string), stream, { seconds: 1, nanos: 0, flags: 0 });
            account.held(-1);
          }
        },
        held: () =>
          lines.map(({ row, stream }) => ({
            stream: context.streams.get(stream),
            bytes: Buffer.from(row.text as string),
            metadata: Buffer.alloc(0),
            seconds: 1,
            nanos: 0,
            flags: 0,
            state: null,
          })),
        takeBack() {},
      } as ReturnType<typeof base.begin>;
    },
  };
}

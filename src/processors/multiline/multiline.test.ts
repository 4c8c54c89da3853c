import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MultilineProcessorConfig } from '../../config/processor-types.js';
import { LineFlag } from '../../pipeline/batch.js';
import { Draft } from '../../pipeline/draft.js';
import { fieldName } from '../../pipeline/metadata.js';
import { StreamTable } from '../../pipeline/streams.js';
import { entryOf, type InLine, processorOf, StageKit } from '../../pipeline/testing/stage-kit.js';
import { randomOf } from '../../regex/testing/hostile.js';
import { createMultilineProcessor } from './index.js';
import { fixtures } from './testing/fixtures.js';

const DEFAULTS: MultilineProcessorConfig = {
  type: 'multiline',
  maxLines: 500,
  maxBytes: 256 * 1024,
  timeoutMs: 1000,
};

type Given = Partial<MultilineProcessorConfig>;

const processor = (config: Given = {}) => createMultilineProcessor('multiline', { ...DEFAULTS, ...config });
const kitOf = (config: Given = {}): StageKit => new StageKit(() => [processor(config)]);

/** One push, and then nothing for long. */
function joined(lines: readonly string[], config: Given = {}): string[] {
  return kitOf(config)
    .push(lines.map((text) => ({ text })))
    .flush()
    .texts();
}

const FIXTURES = fixtures();
const STDOUT = { container: 'web', stream: 'stdout' };
const STDERR = { container: 'web', stream: 'stderr' };
const TRACE = ['java.lang.IllegalStateException: boom', '\tat a.B.c(B.java:1)', '\tat a.B.d(B.java:2)'];

describe('stack traces', () => {
  it.each(FIXTURES)('of $name are joined, all at once and line by line', ({ events }) => {
    const expected = events.map((lines) => lines.join('\n'));
    expect(joined(events.flat())).toEqual(expected);
    const kit = kitOf().pushTexts(...events.flat());
    expect(kit.flush().texts()).toEqual(expected);
  });

  it.each(FIXTURES)('of $name are joined by the grammar of the language alone', ({ language, events }) => {
    expect(joined(events.flat(), { languages: [language] })).toEqual(events.map((lines) => lines.join('\n')));
  });

  it('of eight languages come from real programs', () => {
    const languages = FIXTURES.filter(
      ({ name, events }) => name.endsWith('events.txt') && events.length > 10,
    );
    expect(languages.map(({ language }) => language).sort()).toEqual(
      ['dotnet', 'go', 'java', 'node', 'php', 'python', 'ruby', 'rust'].sort(),
    );
  });

  it('are not looked for in languages that are left out', () => {
    expect(joined(TRACE, { languages: ['python', 'go', 'ruby', 'rust'] })).toEqual(TRACE);
  });

  it.each([
    [
      'with carriage returns, which lines and empty ones may end in',
      [
        'Traceback (most recent call last):',
        '  File "a", line 1',
        'B: c',
        '',
        'During handling of the above exception, another exception occurred:',
        '',
        'Traceback (most recent call last):',
        '  File "a", line 2',
        'D: e',
      ].map((line) => `${line}\r`),
    ],
    ['with carriage returns', TRACE.map((line) => `${line}\r`)],
    ['behind words', ['12:00 ERROR failed: a.B$C: java.io.IOException: x', '\tat a.B.c(B.java:1)']],
    [
      'of a namespace of PHP',
      ['PHP Fatal error:  Uncaught App\\ShopException: x in /a.php:1', 'Stack trace:', '#0 {main}'],
    ],
    [
      'of a class of any name, uncaught',
      ['Exception in thread "main" com.acme.Boom: x', '\tat a.B.c(B.java:1)'],
    ],
    [
      'of a class of any name in PHP',
      ['PHP Fatal error:  Uncaught Boom: x in /a.php:1', 'Stack trace:', '#0 {main}'],
    ],
    [
      'with a date in PHP',
      ['[22-Nov-2026 16:00:00 UTC] PHP Fatal error:  Uncaught Boom: x in /a.php:1', 'Stack trace:'],
    ],
    [
      'with a message of eight lines',
      [TRACE[0], ...Array.from({ length: 8 }, (_, i) => `more ${i}`), TRACE[1]],
    ],
    ['with empty lines in the message', [TRACE[0], '', 'more', '', TRACE[1]]],
  ])('%s are joined', (_, lines) => {
    expect(joined(['before', ...lines, 'behind'])).toEqual(['before', lines.join('\n'), 'behind']);
  });

  it.each([
    [
      'lines that only look like frames',
      ['\tat a.B.c(B.java:1)', '    at x (y.js:1:1)', '#0 {main}', '  File "x"'],
    ],
    ['a message that is too long', [TRACE[0], ...Array.from({ length: 9 }, (_, i) => `more ${i}`), TRACE[1]]],
    ['errors without a trace', ['Error: a', 'Error: b', 'fine', 'panic: no', 'fine', 'Traceback of the day']],
    [
      'what only begins as one does',
      ['/var/log/x:12', 'text', 'goroutine 7', 'SIGNAL', "thread 'x' starts", ''],
    ],
  ])('are not made of %s', (_, lines) => {
    expect(joined(lines)).toEqual(lines);
  });

  it('end where an ordinary line comes, which is not swallowed, and one after the other', () => {
    const trace = TRACE.join('\n');
    expect(joined(['a', ...TRACE, 'b', ...TRACE, ...TRACE, 'c', TRACE[1]])).toEqual([
      'a',
      trace,
      'b',
      trace,
      trace,
      'c',
      TRACE[1],
    ]);
  });
});

describe('lines that waited for something else', () => {
  it('are looked at anew', () => {
    expect(joined(['/app/shop.js:1', 'Error: x', '    at y'])).toEqual([
      '/app/shop.js:1',
      'Error: x\n    at y',
    ]);
    const kit = kitOf().pushTexts('/app/shop.js:1', 'behind words Error: x').kill();
    expect(kit.pushTexts('    at y').flush().texts()).toEqual([
      '/app/shop.js:1',
      'behind words Error: x\n    at y',
    ]);
  });
});

describe('what follows a trace and looks like more of it', () => {
  it.each([
    [
      'Go',
      ['panic: x', '', 'goroutine 1 [running]:', 'main.main()', '\t/app/main.go:1 +0x1'],
      ['done(ok)', 'next'],
    ],
    ['Go', ['goroutine 1 [running]:', 'main.main()', '\t/app/main.go:1 +0x1'], ['', 'rdx fine']],
    ['Node.js', ['Error: x', '    at y (z.js:1:1)'], ['', 'Node.js is ready']],
    [
      'Python',
      ['Traceback (most recent call last):', '  File "a", line 1', 'a.B: c'],
      ['', 'During the night'],
    ],
    ['PHP', ['Error: x in /a.php:1', 'Stack trace:', '#0 {main}'], ['', 'Nextcloud is ready', '#1 of all']],
    ['Ruby', ["a.rb:1:in `b': c (D)", "\tfrom a.rb:2:in `e'"], ['from here', '\tindented']],
    ['Rust', ["thread 'a' panicked at b.rs:1:1:", 'c', 'note: d'], ['note: another', '   0: listed']],
    ['.NET', ['A.BException: c', '   at D.E() in /f.cs:line 1'], ['  moved in', '   --> arrow']],
  ])('in %s is left alone', (_, trace, behind) => {
    expect(joined([...trace, ...behind])).toEqual([trace.join('\n'), ...behind]);
  });
});

describe('ordinary lines', () => {
  const ORDINARY = [
    '172.17.0.1 - - [22/Nov/2026:16:00:00 +0000] "GET /Error HTTP/1.1" 200 612 "-" "Mozilla/5.0"',
    '2026/11/22 16:00:00 [error] 29#29: *1 open() "/x" failed (2: No such file or directory), client: 1.2.3.4',
    '{"level":"error","msg":"Error: boom","stack":"Error: boom\\n    at x (y.js:1:1)"}',
    '{"error":"java.io.IOException: x"}',
    '{"msg":"failed: java.io.IOException: x"}',
    'time=2026-11-22T16:00:00Z level=error msg="failed: x" err="Error: y"',
    'level=warn ts=1 caller=main.go:12 err=Exception: z',
    '<34>1 2026-11-22T16:00:00Z host app 1 - - su failed',
    'Nov 22 16:00:00 host kernel: eth0: link up',
    'E1122 16:00:00.000000       1 reflector.go:138] Failed to watch',
    '1:M 22 Nov 2026 16:00:00.000 * Ready to accept connections',
    '2026-11-22 16:00:00.000 UTC [1] ERROR:  relation "x" does not exist at character 15',
    'INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK',
    'Errors: 0, Exceptions: none',
    'Tracer started',
    'Traces: 12',
    '',
    '   ',
    '\tmoved in',
    '  - item',
    '/docker-entrypoint.sh: Configuration complete; ready for start up',
    '[notice] 1#1: start worker process 30',
    'x'.repeat(10_000),
    '\xff\xfe\x00',
  ];

  it.each(ORDINARY)('pass as they are, and wait for nothing: %s', (line) => {
    const kit = kitOf().push([{ text: Buffer.from(line, 'latin1') }]);
    expect(kit.out.map(({ bytes }) => bytes)).toEqual([line]);
    expect([kit.dueMs, kit.save()]).toEqual([Number.POSITIVE_INFINITY, undefined]);
  });

  it('pass beside a stream whose trace is not over', () => {
    const kit = kitOf().push([
      { text: TRACE[0], labels: STDERR },
      { text: 'one', labels: STDOUT },
      { text: TRACE[1], labels: STDERR },
      { text: 'two', labels: STDOUT },
    ]);
    expect(kit.texts()).toEqual(['one', 'two']);
    expect(kit.push([{ text: 'three', labels: STDERR }]).texts()).toEqual([
      'one',
      'two',
      `${TRACE[0]}\n${TRACE[1]}`,
      'three',
    ]);
  });

  it('of streams that are not selected pass, and are not counted', () => {
    const made = processor();
    const kit = new StageKit(() => [entryOf(made, '{stream="stderr"}')]);
    const lines = TRACE.flatMap((text) => [
      { text, labels: STDOUT },
      { text, labels: STDERR },
    ]);
    expect(kit.push(lines).flush().texts()).toEqual([...TRACE, TRACE.join('\n')]);
    expect(made.figures.lines).toBe(3);
    expect(Object.fromEntries(made.figures.done)).toEqual({ joined: 1 });
  });
});

describe('a joined line', () => {
  it('has time and fields of its first line, and flags of all', () => {
    const kit = kitOf()
      .push([
        { text: TRACE[0], seconds: 10, nanos: 1, fields: [['a', 'first']] },
        {
          text: TRACE[1],
          seconds: 11,
          flags: LineFlag.cut,
          fields: [
            ['a', 'second'],
            ['b', 'x'],
          ],
        },
      ])
      .push([{ text: TRACE[2], seconds: 12, flags: LineFlag.incomplete }])
      .push([{ text: 'behind', seconds: 13, fields: [['c', 'own']] }]);
    expect(kit.out).toMatchObject([
      { seconds: 10, nanos: 1, flags: LineFlag.cut | LineFlag.incomplete, fields: { a: 'first' } },
      { text: 'behind', seconds: 13, nanos: 0, flags: 0, fields: { c: 'own' } },
    ]);
    expect(kit.told).toEqual({ generated: 0, merged: 2, held: 0, filtered: {} });
  });

  it('has nothing of lines that passed before it', () => {
    const kit = kitOf().push([
      { text: TRACE[0], labels: STDERR, fields: [['a', 'err']] },
      { text: TRACE[0], labels: STDOUT },
      { text: TRACE[1], labels: STDOUT },
      { text: 'behind', labels: STDOUT, fields: [['b', 'out']] },
    ]);
    expect(kit.out.map(({ fields }) => fields)).toEqual([{}, { b: 'out' }]);
  });

  it('is not written over by later batches, which lie where its lines lay', () => {
    const streams = new StreamTable();
    const { id } = streams.acquire(STDOUT);
    const stage = processor().begin({ selects: () => true, streams, now: () => 0 });
    const account = { generated() {}, filtered() {}, merged() {}, held() {} };
    const draft = new Draft();
    const name = fieldName('a');
    const push = (...lines: readonly string[]): [string, string | undefined][] => {
      draft.clear();
      for (const line of lines) {
        const row = draft.addLine(Buffer.from(line), id, { seconds: 1, nanos: 0, flags: 0 });
        draft.fields().addText(row, name, line.slice(0, 4));
      }
      stage.process(draft, account);
      return Array.from({ length: draft.length }, (_, row) => [
        draft.text(row),
        draft.metadata?.text(row, name),
      ]);
    };
    expect(push('Error: x', 'more')).toEqual([]);
    expect(push('further')).toEqual([]);
    expect(push('panic: another one')).toEqual([
      ['Error: x', 'Erro'],
      ['more', 'more'],
      ['further', 'furt'],
    ]);
  });

  it('gives lines back with what they carried where they are part of nothing', () => {
    const kit = kitOf().push([
      { text: 'Error: x', seconds: 1, fields: [['a', '1']] },
      { text: 'maybe more', seconds: 2, nanos: 5, flags: LineFlag.malformed, fields: [['a', '2']] },
    ]);
    expect([kit.texts(), kit.told.held]).toEqual([[], 2]);
    kit.kill().flush();
    expect(kit.out).toMatchObject([
      { text: 'Error: x', seconds: 1, flags: 0, fields: { a: '1' } },
      { text: 'maybe more', seconds: 2, nanos: 5, flags: LineFlag.malformed, fields: { a: '2' } },
    ]);
  });
});

describe('limits', () => {
  const frames = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `\tat a.B.c(B.java:${i})`);

  it('of lines: what is longer becomes several', () => {
    const lines = [TRACE[0], ...frames(7)];
    const made = processor({ maxLines: 3 });
    const kit = new StageKit(() => [made]);
    kit.push([...lines, 'behind'].map((text) => ({ text })));
    expect(kit.texts()).toEqual(
      [lines.slice(0, 3), lines.slice(3, 6), lines.slice(6)].map((part) => part.join('\n')).concat('behind'),
    );
    expect(Object.fromEntries(made.figures.done)).toEqual({ joined: 3, limited: 2 });
  });

  it('of bytes: a joined line is as long as that, and no longer', () => {
    const lines = [TRACE[0], ...frames(100)];
    const maxBytes = Buffer.byteLength(lines.slice(0, 41).join('\n'));
    const out = joined(lines, { maxBytes });
    expect(out[0]).toBe(lines.slice(0, 41).join('\n'));
    expect(Math.max(...out.map((line) => line.length))).toBe(maxBytes);
    expect(out.join('\n')).toBe(lines.join('\n'));
    expect(joined(lines, { maxBytes: maxBytes - 1 })[0]).toBe(lines.slice(0, 40).join('\n'));
  });

  it('of bytes: a longer line passes alone', () => {
    const long = `Error: ${'x'.repeat(2000)}`;
    expect(
      kitOf({ maxBytes: 1024 })
        .push([{ text: long }])
        .texts(),
    ).toEqual([long]);
  });

  it('of bytes: lines that may be more of a message count', () => {
    const lines = ['Error: x', 'm'.repeat(600), 'n'.repeat(600), '    at y'];
    expect(joined(lines, { maxBytes: 1024 })).toEqual(lines);
    expect(joined(lines, { maxBytes: 2048 })).toEqual([lines.join('\n')]);
  });

  it('of time, since the last line came', () => {
    const kit = kitOf();
    for (const text of [TRACE[0], 'more', ...TRACE.slice(1)]) {
      kit.push([{ text }]);
      expect(kit.dueMs).toBe(kit.nowMs + 1000);
      kit.nowMs += 999;
      expect(kit.flush(kit.nowMs).texts()).toEqual([]);
    }
    kit.nowMs += 1;
    expect(kit.flush(kit.nowMs).texts()).toEqual([[TRACE[0], 'more', TRACE[1], TRACE[2]].join('\n')]);
    expect([kit.dueMs, kit.told.held]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it('of time: what waited for more of a message goes too, and what it begins does not wait again', () => {
    const kit = kitOf().pushTexts('/app/shop.js:1', 'panic: y');
    kit.nowMs += 1000;
    expect(kit.flush(kit.nowMs).texts()).toEqual(['/app/shop.js:1', 'panic: y']);
  });

  it('of time: after a start the source has longer to go on', () => {
    const kit = kitOf().pushTexts(TRACE[0], TRACE[1]).kill();
    kit.nowMs += 9_999;
    expect(kit.flush(kit.nowMs).texts()).toEqual([]);
    kit.pushTexts(TRACE[2]);
    kit.nowMs += 1000;
    expect(kit.flush(kit.nowMs).texts()).toEqual([TRACE.join('\n')]);
  });
});

describe('patterns', () => {
  const LINES = ['> a', 'b', '', '> c', '| d', 'e', '> f'];

  it.each<[string, Given, string[]]>([
    ['start', { start: '^>' }, ['> a\nb\n', '> c\n| d\ne', '> f']],
    ['continue', { continues: '^\\|' }, ['> a', 'b', '', '> c\n| d', 'e', '> f']],
    ['start and continue', { start: '^>', continues: '^\\||^b' }, ['> a\nb', '', '> c\n| d', 'e', '> f']],
    ['start where all lines begin one', { start: '' }, LINES],
    ['start at empty lines', { start: '^$' }, ['> a', 'b', '\n> c\n| d\ne\n> f']],
    ['start where none does', { start: '^nothing$' }, LINES],
  ])('%s', (_, config, expected) => {
    expect(joined(LINES, config)).toEqual(expected);
    expect(
      kitOf(config)
        .pushTexts(...LINES)
        .flush()
        .texts(),
    ).toEqual(expected);
  });

  it('leave stack traces to a second processor', () => {
    expect(joined(TRACE, { start: '^>' })).toEqual(TRACE);
  });

  it('may cost as much for each line, and more for many', () => {
    const random = randomOf(2);
    const line = () => Array.from({ length: 3000 }, () => (random() < 0.5 ? 'a' : 'b')).join('');
    const made = processor({ start: 'a.{150}[cd]$' });
    const lines = [`a${'.'.repeat(150)}c`, ...Array.from({ length: 40 }, line)];
    const kit = new StageKit(() => [made]).push(lines.map((text) => ({ text }))).flush();
    expect([kit.texts(), made.figures.failed.size]).toEqual([[lines.join('\n')], 0]);
  });

  it('that cost too much for a line leave it as it is, marked and counted', () => {
    const made = processor({ start: 'a.{150}[cd]$' });
    const kit = new StageKit(() => [made]);
    const random = randomOf(1);
    const line = Array.from({ length: 64 * 1024 }, () => (random() < 0.5 ? 'a' : 'b')).join('');
    const first = `a${'.'.repeat(150)}c`;
    kit.push([first, 'more', line, 'x'].map((text) => ({ text }))).flush();
    expect(kit.texts()).toEqual([`${first}\nmore`, line, 'x']);
    expect(kit.out[1].fields).toEqual({ processing_error: 'multiline: too_costly' });
    expect(Object.fromEntries(made.figures.failed)).toEqual({ too_costly: 1 });
  });
});

describe('any lines in any batches', () => {
  /** Ordinary lines between, so that events of one fixture do not go on in the next one. */
  const sequence = fc
    .shuffledSubarray(FIXTURES, { minLength: 1, maxLength: 3 })
    .map((chosen) => chosen.flatMap(({ events }) => [...events, ['INFO next']]));

  interface Row extends InLine {
    readonly text: string;
    readonly labels: Readonly<Record<string, string>>;
  }

  /** The lines of both streams in one order, each stream's own kept. */
  function interleave(out: readonly string[], err: readonly string[], turns: readonly number[]): Row[] {
    const rows: Row[] = [];
    const left = { out: [...out], err: [...err] };
    for (let i = 0; left.out.length + left.err.length > 0; i++) {
      const labels = i % 2 === 0 ? STDOUT : STDERR;
      const from = i % 2 === 0 ? left.out : left.err;
      for (const text of from.splice(0, turns[i % turns.length])) rows.push({ text, labels });
    }
    return rows;
  }

  const of = (kit: StageKit, stream: string): string[] =>
    kit.out.flatMap(({ stream: labels, text }) => (labels.includes(stream) ? [text] : []));

  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });

  it('eight languages on two streams, with kills between', () => {
    fc.assert(
      fc.property(
        sequence,
        sequence,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
        sizes,
        fc.nat({ max: 6 }),
        (out, err, turns, batches, killEvery) => {
          const kit = kitOf();
          const rows = interleave(out.flat(), err.flat(), turns);
          for (let at = 0, i = 0; at < rows.length; i++) {
            const size = batches[i % batches.length];
            kit.push(rows.slice(at, at + size));
            at += size;
            if (killEvery > 0 && i % killEvery === 0) kit.kill();
          }
          kit.flush();
          expect(of(kit, 'stdout')).toEqual(out.map((lines) => lines.join('\n')));
          expect(of(kit, 'stderr')).toEqual(err.map((lines) => lines.join('\n')));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('whatever the lines are: nothing goes, nothing moves, and batches and kills make no difference', () => {
    const known = FIXTURES.flatMap(({ events }) => events);
    const some = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...known) },
      { weight: 3, arbitrary: fc.constantFrom(...known.flat()).map((line) => [line]) },
      { weight: 1, arbitrary: fc.string({ maxLength: 12 }).map((line) => [line]) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom('', ' ', '}', 'Error', 'a.B: ', 'Stack trace:', '\tat x', '  at', ':1:in `')
          .map((line) => [line]),
      },
    );
    const limits = fc.record({
      maxLines: fc.integer({ min: 2, max: 12 }),
      maxBytes: fc.integer({ min: 60, max: 2000 }),
    });
    fc.assert(
      fc.property(
        fc.array(some, { maxLength: 12 }),
        sizes,
        limits,
        fc.boolean(),
        (lines, batches, limit, kills) => {
          const texts = lines.flat().map((text) => text.replaceAll('\n', ' '));
          const whole = joined(texts, limit);
          expect(whole.join('\n')).toBe(texts.join('\n'));
          const kit = kitOf(limit);
          for (let at = 0, i = 0; at < texts.length; i++) {
            const size = batches[i % batches.length];
            kit.push(texts.slice(at, at + size).map((text) => ({ text })));
            at += size;
            if (kills) kit.kill();
          }
          expect(kit.flush().texts()).toEqual(whole);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('a line that is long makes no difference to what is found in the others', () => {
    const long = 'x'.repeat(20_000);
    for (const { events } of FIXTURES) {
      const kit = kitOf().push([...events.flat(), 'INFO', `Error: ${long}`, long].map((text) => ({ text })));
      const expected = events.map((lines) => lines.join('\n'));
      expect(kit.flush().texts()).toEqual([...expected, 'INFO', `Error: ${long}`, long]);
    }
    expect(kitOf().push([{ text: `${long} Error: x` }]).out).toHaveLength(1);
  });

  it('rows that another processor has moved about in the arena are read all the same', () => {
    // Every second line is written anew, behind all others.
    const rewrite = processorOf((draft) => {
      for (let row = 0; row < draft.length; row += 2) {
        const from = draft.append(draft.arena, draft.start[row], draft.end[row]);
        draft.setLine(row, from, draft.tail);
      }
    });
    for (const { events } of FIXTURES) {
      for (const long of [[], ['x'.repeat(20_000)]]) {
        const kit = new StageKit(() => [rewrite, processor()]);
        kit.push([...long, ...events.flat()].map((text) => ({ text }))).flush();
        expect(kit.texts()).toEqual([...long, ...events.map((lines) => lines.join('\n'))]);
      }
    }
  });
});

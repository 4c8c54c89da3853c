import { describe, expect, it } from 'vitest';
import { fixtures } from './testing/fixtures.js';
import { joined, kitOf, TRACE } from './testing/multiline-kit.js';

const FIXTURES = fixtures();

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

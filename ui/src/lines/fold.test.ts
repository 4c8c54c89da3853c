import { describe, expect, it } from 'vitest';
import { Folding } from './fold.js';

/** Texts as their groups: the first of each, and how many go on it. */
function groups(lines: readonly string[]): [string, number][] {
  const folding = new Folding();
  const found: [string, number][] = [];
  for (const line of lines) {
    if (folding.goesOn(line)) found[found.length - 1][1]++;
    else found.push([line, 0]);
  }
  return found;
}

describe('one text of several lines is one group, and what is around it is none of it', () => {
  const cases: Record<string, readonly string[]> = {
    java: [
      'java.lang.IllegalStateException: no',
      '\tat com.shop.Cart.add(Cart.java:12)',
      '\tat com.shop.Main.main(Main.java:3)',
      'Caused by: java.io.IOException: disk',
      '\tat com.shop.Disk.write(Disk.java:99)',
      '\t... 12 more',
      '\tSuppressed: java.lang.Error: x',
    ],
    javascript: [
      "TypeError: Cannot read properties of undefined (reading 'x')",
      '    at handle (/app/server.js:12:9)',
      '    at async /app/index.js:3:1 {',
      "  code: 'E_NO',",
      '}',
    ],
    python: [
      'Traceback (most recent call last):',
      '  File "/app/a.py", line 3, in <module>',
      '    run()',
      'KeyError: 1',
      '',
      'During handling of the above exception, another exception occurred:',
      '',
      'Traceback (most recent call last):',
      '  File "/app/a.py", line 9, in <module>',
      'app.errors.Broken: it is',
    ],
    go: [
      'panic: runtime error: index out of range [1] with length 1',
      '',
      'goroutine 1 [running]:',
      'main.(*Shop).add(0xc000012345, {0x1, 0x2})',
      '\t/src/shop.go:12 +0x1d',
      'created by main.main',
      '\t/src/main.go:3 +0x25',
      'exit status 2',
    ],
    php: [
      'PHP Fatal error:  Uncaught Exception: no in /a.php:3',
      'Stack trace:',
      '#0 /a.php(7): f()',
      '#1 {main}',
      '  thrown in /a.php on line 3',
    ],
    ruby: [
      "/app/a.rb:1:in `x': no (RuntimeError)",
      "\tfrom /app/a.rb:9:in `y'",
      "\tfrom /app/a.rb:12:in `<main>'",
    ],
    dotnet: [
      'System.InvalidOperationException: no',
      '   at Shop.Cart.Add(Int32 n) in /src/Cart.cs:line 12',
      '   --- End of inner exception stack trace ---',
    ],
    'a config that is printed': ['config = {', '  "a": [', '    1', '  ]', '}'],
    coloured: ['\u001b[31mError: no\u001b[0m', '\u001b[90m    at f (/a.js:1:1)\u001b[39m'],
  };
  for (const [name, lines] of Object.entries(cases)) {
    it(name, () => {
      const around = ['GET /health 200', ...lines, 'GET /health 200', 'level=info msg="done: yes"'];
      expect(groups(around)).toEqual([
        ['GET /health 200', 0],
        [lines[0], lines.length - 1],
        ['GET /health 200', 0],
        ['level=info msg="done: yes"', 0],
      ]);
    });
  }
});

it('lines that only look alike stay by themselves', () => {
  const lines = [
    '#12 [build 3/7] RUN npm ci',
    '#12 DONE 3.2s',
    'ValueError: nobody raised it',
    '}',
    '{"level":"info"}',
    ' one space is no indent',
    '',
    'Started server: ok',
  ];
  expect(groups(lines)).toEqual(lines.map((line) => [line, 0]));
});

it('two traces after each other are two', () => {
  const trace = ['Error: no', '    at f (/a.js:1:1)'];
  expect(groups([...trace, ...trace])).toEqual([
    ['Error: no', 1],
    ['Error: no', 1],
  ]);
});

it('the line that ends a trace of Python ends it', () => {
  const trace = ['Traceback (most recent call last):', '  File "/a.py", line 3, in f', 'KeyError: 1'];
  expect(groups([...trace, 'worker: ready', 'IOError: seen before'])).toEqual([
    [trace[0], 2],
    ['worker: ready', 0],
    ['IOError: seen before', 0],
  ]);
});

it('an indented line that comes first begins', () => {
  expect(groups(['    at f (/a.js:1:1)', '    at g (/a.js:2:1)'])).toEqual([['    at f (/a.js:1:1)', 1]]);
});

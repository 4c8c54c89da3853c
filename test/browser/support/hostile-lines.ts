/**
 * Lines that want to be more than text, and what a reader must see of each: parts of what is shown. `window.canary` is what
 * they try to set.
 */
export interface HostileLine {
  readonly what: string;
  readonly line: string | Buffer;
  /** Must be in what is shown, as it stands. Each line has its number before it, so that it can be found. */
  readonly shown: readonly string[];
}

const ESCAPE = '\u001b';
const BELL = '\u0007';

export const HOSTILE_LINES: readonly HostileLine[] = [
  {
    what: 'HTML with a handler',
    line: '<img src=x onerror="window.canary=1">',
    shown: ['<img src=x onerror="window.canary=1">'],
  },
  {
    what: 'a script',
    line: '</div></script><script>window.canary=1</script>',
    shown: ['</div></script><script>window.canary=1</script>'],
  },
  {
    what: 'SVG with a handler',
    line: '"><svg/onload=window.canary=1>',
    shown: ['"><svg/onload=window.canary=1>'],
  },
  {
    what: 'a link that is a script',
    line: 'see javascript:window.canary=1 or [here](javascript:window.canary=1)',
    shown: ['see javascript:window.canary=1 or [here](javascript:window.canary=1)'],
  },
  { what: 'entities', line: '&lt;b&gt; &#x3c;i&#x3e;', shown: ['&lt;b&gt; &#x3c;i&#x3e;'] },
  {
    what: 'a template',
    line: '{{constructor.constructor("window.canary=1")()}} ${canary}',
    shown: ['{{constructor.constructor("window.canary=1")()}} ${canary}'],
  },
  {
    what: 'a window title',
    line: `before ${ESCAPE}]0;owned${BELL}after ${ESCAPE}]2;owned${ESCAPE}\\end`,
    shown: ['before ', 'after ', 'end'],
  },
  {
    what: 'cursor moves and a cleared screen',
    line: `kept ${ESCAPE}[2J${ESCAPE}[H${ESCAPE}[10Aalso kept${ESCAPE}[1K`,
    shown: ['kept ', 'also kept'],
  },
  {
    what: 'a terminal link',
    line: `go ${ESCAPE}]8;;javascript:window.canary=1${ESCAPE}\\there${ESCAPE}]8;;${ESCAPE}\\ now`,
    shown: ['go there now'],
  },
  {
    what: 'a terminal sequence without an end',
    line: `start ${ESCAPE}]52;c;aGVsbG8=`,
    shown: ['start '],
  },
  { what: 'colours without an end', line: `${ESCAPE}[31;1;5;8mhidden? no`, shown: ['hidden? no'] },
  {
    what: 'a backspace and a return',
    line: 'password: secret\b\b\b\b\b\b\rharmless',
    shown: ['secret', 'harmless'],
  },
  {
    what: 'a NUL and a delete',
    line: 'nul \u0000 del \u007f c1 \u009b31m end',
    shown: ['nul ', ' del ', ' end'],
  },
  {
    what: 'text turned around',
    line: 'invoice\u202egpj.exe \u2066isolated',
    shown: ['invoice', 'gpj.exe', 'isolated'],
  },
  { what: 'Arabic and Hebrew', line: 'مرحبا بالعالم שלום עולם 123', shown: ['مرحبا بالعالم שלום עולם 123'] },
  { what: 'emoji that are joined', line: '👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 e\u0301', shown: ['👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 e\u0301'] },
  {
    what: 'many marks on one letter',
    line: `z${'\u0335\u0321\u0353\u030d'.repeat(60)} end`,
    shown: ['z', ' end'],
  },
  {
    what: 'invalid UTF-8',
    line: Buffer.from([0x61, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x7a]),
    shown: ['a\ufffd', 'z'],
  },
  {
    what: 'a line separator',
    line: 'one\u2028two\u2029three\u0085four',
    shown: ['one', 'two', 'three', 'four'],
  },
  {
    what: 'JSON that wants to be a prototype',
    line: '{"__proto__":{"canary":1},"constructor":{"prototype":{"canary":1}},"toString":"x"}',
    shown: ['__proto__', 'constructor', 'toString'],
  },
  {
    what: 'JSON of markup',
    line: '{"msg":"<img src=x onerror=window.canary=1>","level":"<b>"}',
    shown: ['<img src=x onerror=window.canary=1>'],
  },
  { what: 'deep JSON', line: '['.repeat(6_000) + ']'.repeat(6_000), shown: ['[[[['] },
  { what: 'broken JSON', line: '{"a":[1,2,{"b":"c', shown: ['{"a":[1,2,{"b":"c'] },
  {
    what: 'a line like a gap',
    line: '{"gap":"LINES_LOST","lines":1}',
    shown: ['{"gap":"LINES_LOST","lines":1}'],
  },
];

/** Too long to be given to a container: it makes them itself. JavaScript for `Speaker.script`. */
export const LONG_LINES = `
say('long: ' + 'x'.repeat(1_000_000) + ' end of long');
say('deep: ' + '['.repeat(100_000) + ']'.repeat(100_000));
say('{"k":'.repeat(50_000) + '1' + '}'.repeat(50_000));
`;

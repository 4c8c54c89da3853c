/** Label sets in the text form of Prometheus: parsed as Loki parses them, written as Go writes them. */

/** Sorted by name. Names may occur twice: Loki finds that later. */
export type LabelPairs = readonly (readonly [name: string, value: string])[];

const NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const METRIC = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const SPACE = /[ \t\n\r]*/y;

/** Throws an Error with a message of the parser's kind: `1:<column>: parse error: …`. Empty values are as if not there. */
export function parseLabels(text: string): LabelPairs {
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`1:${at + 1}: parse error: ${what}`);
  };
  const skip = (): void => {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    at = SPACE.lastIndex;
  };
  const expect = (character: string, where: string): void => {
    skip();
    if (at >= text.length) fail(`unexpected end of input inside braces`);
    if (text[at] !== character) fail(`unexpected character ${goQuote(text[at])} ${where}`);
    at++;
  };
  // Loki does not ask its parser then.
  if (/^[ \t\n\r]*$/.test(text)) return [];
  const pairs: [string, string][] = [];
  skip();
  // A bare metric name before the braces is a label of its own.
  METRIC.lastIndex = at;
  const metric = METRIC.exec(text)?.[0];
  if (metric !== undefined) {
    pairs.push(['__name__', metric]);
    at = METRIC.lastIndex;
    skip();
  }
  if (at < text.length || metric === undefined) {
    if (at >= text.length) fail('unexpected end of input');
    if (text[at] !== '{') fail(`unexpected character: ${goChar(text[at])}`);
    at++;
    for (;;) {
      skip();
      if (text[at] === '}') break;
      NAME.lastIndex = at;
      const name = NAME.exec(text)?.[0];
      if (name === undefined) {
        if (at >= text.length) fail('unexpected end of input inside braces');
        fail(`unexpected character inside braces: ${goChar(text[at])}`);
      }
      at = NAME.lastIndex;
      expect('=', 'in label set, expected "="');
      skip();
      const [value, end] = parseString(text, at, fail);
      at = end;
      pairs.push([name as string, value]);
      skip();
      if (text[at] === ',') at++;
      else if (text[at] !== '}') {
        fail(
          at >= text.length
            ? 'unexpected end of input inside braces'
            : 'unexpected token in label set, expected "," or "}"',
        );
      }
    }
    at++;
    skip();
    if (at < text.length) fail(`unexpected ${goQuote(text.slice(at))}`);
  }
  return pairs.filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

function parseString(
  text: string,
  from: number,
  fail: (what: string) => never,
): [value: string, end: number] {
  const quote = text[from];
  if (quote !== '"' && quote !== "'" && quote !== '`') fail('unexpected token in label set, expected string');
  const bytes: Buffer[] = [];
  for (let at = from + 1; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (character === quote) return [Buffer.concat(bytes).toString('utf8'), at + 1];
    if (character === '\n' && quote !== '`') break;
    if (character !== '\\' || quote === '`') {
      bytes.push(Buffer.from(character));
      at += character.length;
      continue;
    }
    const rest = text.slice(at + 1, at + 11);
    const code = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/.exec(rest);
    const simple = ESCAPES[rest[0]];
    if (code) {
      const [all, byte, short, long, octal] = code;
      if (byte !== undefined) bytes.push(Buffer.from([Number.parseInt(byte, 16)]));
      else if (octal !== undefined) bytes.push(Buffer.from([Number.parseInt(octal, 8) & 0xff]));
      else {
        const point = Number.parseInt(short ?? long, 16);
        if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
          fail('escape sequence is an invalid Unicode code point');
        bytes.push(Buffer.from(String.fromCodePoint(point)));
      }
      at += 1 + all.length;
    } else if (simple !== undefined && !((rest[0] === '"' || rest[0] === "'") && rest[0] !== quote)) {
      bytes.push(Buffer.from(simple));
      at += 2;
    } else {
      fail(`unknown escape sequence ${goChar(rest[0] ?? '\\')}`);
    }
  }
  return fail('unterminated quoted string');
}

/** `{a="b", c="d"}`, as Prometheus prints a label set. */
export function labelsText(pairs: LabelPairs): string {
  return `{${pairs.map(([name, value]) => `${name}=${goQuote(value)}`).join(', ')}}`;
}

const QUOTED: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};
// Letters, marks, numbers, punctuation, symbols and the plain space are printable to Go, nothing else is.
const UNPRINTABLE = /["\\]|(?! )[^\p{L}\p{M}\p{N}\p{P}\p{S}]/gu;

/** As strconv.Quote writes it. */
export function goQuote(text: string): string {
  const escaped = text.replace(UNPRINTABLE, (character) => {
    const known = QUOTED[character];
    if (known !== undefined) return known;
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) return `\\x${hex(point, 2)}`;
    return point < 0x10000 ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`;
  });
  return `"${escaped}"`;
}

function goChar(character: string): string {
  return character === "'" ? "'\\''" : `'${goQuote(character).slice(1, -1).replace('\\"', '"')}'`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

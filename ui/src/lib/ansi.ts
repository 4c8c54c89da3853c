/**
 * A line's text as it may be shown: colours and styles of terminals (SGR) become runs with classes; every other sequence goes, and
 * what else would be invisible or would move things is written out. Newlines stay: a processor may have joined lines.
 *
 * All 256 and all true colours become one of the 16 names that the style sheet has in two readable variants: what somebody chose
 * for a black ground may not be seen on a white one.
 */

export interface Run {
  readonly start: number;
  readonly end: number;
  /** Of the style sheet: letters, digits, hyphens and spaces only. */
  readonly classes: string;
}

export interface Shown {
  /** Without anything that is no text. */
  readonly text: string;
  /** In order, apart from each other. */
  readonly runs: readonly Run[];
}

const ESC = '\\u001b';
/** Bidirectional marks, and separators that would break the line. */
const UNSEEN = '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\u2028\\u2029';
const PLAIN = new RegExp(`^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f${UNSEEN}]*$`);
const SPECIAL = new RegExp(
  [
    // CSI, with its parameters; C1's form of it
    `(?:${ESC}\\[|\\u009b)([0-9;:]*)([ -/<-?][0-?]*[ -/]*)?([@-~])`,
    // strings: titles, links, pictures
    `(?:${ESC}[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u009c|${ESC}\\\\|$)?`,
    // one that is cut off, and the rest of what begins with an escape
    `${ESC}\\[[0-?]*[ -/]*$|${ESC}[ -/]*[0-~]`,
    `([\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f${UNSEEN}])`,
  ].join('|'),
  'g',
);

export function readAnsi(raw: string): Shown {
  const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
  if (PLAIN.test(line)) return { text: line, runs: [] };
  const reader = new Reader();
  let from = 0;
  for (const match of line.matchAll(SPECIAL)) {
    reader.text(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[4] !== undefined) reader.sign(match[4]);
    else if (match[3] === 'm' && match[2] === undefined) reader.style(match[1]);
  }
  reader.text(line.slice(from));
  return reader.shown();
}

const COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

class Reader {
  #text = '';
  readonly #runs: Run[] = [];
  #style: Style = NO_STYLE;

  text(text: string): void {
    this.#append(text, classesOf(this.#style));
  }

  sign(control: string): void {
    this.#append(signOf(control.charCodeAt(0)), 'control');
  }

  style(parameters: string): void {
    this.#style = changed(this.#style, parameters);
  }

  shown(): Shown {
    return { text: this.#text, runs: this.#runs };
  }

  #append(text: string, classes: string): void {
    if (text === '') return;
    const start = this.#text.length;
    this.#text += text;
    if (classes === '') return;
    const last = this.#runs.at(-1);
    if (last?.end === start && last.classes === classes) this.#runs.pop();
    const from = last?.end === start && last.classes === classes ? last.start : start;
    this.#runs.push({ start: from, end: this.#text.length, classes });
  }
}

interface Style {
  readonly front?: string;
  readonly back?: string;
  readonly isBold?: boolean;
  readonly isFaint?: boolean;
  readonly isItalic?: boolean;
  readonly isUnderlined?: boolean;
  readonly isStruck?: boolean;
  readonly isInverse?: boolean;
}

const NO_STYLE: Style = {};

function classesOf({
  front,
  back,
  isBold,
  isFaint,
  isItalic,
  isUnderlined,
  isStruck,
  isInverse,
}: Style): string {
  const [fore, ground] = isInverse ? [back ?? 'none', front ?? 'text'] : [front, back];
  const classes = [
    fore && fore !== 'none' && `ansi-${fore}`,
    ground && `ansi-on-${ground}`,
    isBold && 'ansi-bold',
    isFaint && 'ansi-faint',
    isItalic && 'ansi-italic',
    isUnderlined && 'ansi-underline',
    isStruck && 'ansi-strike',
  ];
  return classes.filter(Boolean).join(' ');
}

const SIMPLE: Readonly<Record<number, Partial<Style>>> = {
  1: { isBold: true },
  2: { isFaint: true },
  3: { isItalic: true },
  4: { isUnderlined: true },
  7: { isInverse: true },
  9: { isStruck: true },
  21: { isUnderlined: true },
  22: { isBold: false, isFaint: false },
  23: { isItalic: false },
  24: { isUnderlined: false },
  27: { isInverse: false },
  29: { isStruck: false },
};

function changed(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(Number);
  let next = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) next = NO_STYLE;
    else if (code === 38 || code === 48) {
      const [color, taken] = extended(codes, i + 1);
      next = code === 38 ? { ...next, front: color } : { ...next, back: color };
      i += taken;
    } else next = plain(next, code);
  }
  return next;
}

function plain(style: Style, code: number): Style {
  if (SIMPLE[code]) return { ...style, ...SIMPLE[code] };
  if (code >= 30 && code <= 37) return { ...style, front: COLORS[code - 30] };
  if (code >= 90 && code <= 97) return { ...style, front: `bright-${COLORS[code - 90]}` };
  if (code >= 40 && code <= 47) return { ...style, back: COLORS[code - 40] };
  if (code >= 100 && code <= 107) return { ...style, back: `bright-${COLORS[code - 100]}` };
  const { front, back, ...rest } = style;
  if (code === 39) return back === undefined ? rest : { ...rest, back };
  if (code === 49) return front === undefined ? rest : { ...rest, front };
  return style;
}

/** The colour behind 38 or 48, and how many codes it took: `5;n` or `2;r;g;b`. */
function extended(codes: readonly number[], at: number): [color: string, taken: number] {
  if (codes[at] === 5) return [indexed(codes[at + 1] ?? 0), 2];
  if (codes[at] === 2) return [nearest(codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0), 4];
  return ['white', 1];
}

/** 16 names, a cube of 6 × 6 × 6, 24 greys. */
function indexed(index: number): string {
  if (index < 8) return COLORS[index] ?? 'white';
  if (index < 16) return `bright-${COLORS[index - 8]}`;
  if (index < 232) {
    const cube = index - 16;
    const part = (n: number): number => (n === 0 ? 0 : 55 + n * 40);
    return nearest(part(Math.floor(cube / 36)), part(Math.floor(cube / 6) % 6), part(cube % 6));
  }
  const grey = 8 + (index - 232) * 10;
  return nearest(grey, grey, grey);
}

/** By hue; what has hardly any is a grey. */
function nearest(red: number, green: number, blue: number): string {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  const light = most >= 200 ? 'bright-' : '';
  if (most - least < 40) return most < 64 ? 'black' : most < 160 ? 'bright-black' : `${light}white`;
  const span = most - least;
  const sixth =
    most === red
      ? ((green - blue) / span + 6) % 6
      : most === green
        ? (blue - red) / span + 2
        : (red - green) / span + 4;
  return light + ['red', 'yellow', 'green', 'cyan', 'blue', 'magenta'][Math.round(sixth) % 6];
}

/** As terminals' own tools write it: `^G`, `^?`, `<9B>`, `<U+202E>`. */
function signOf(code: number): string {
  if (code < 0x20) return `^${String.fromCharCode(0x40 + code)}`;
  if (code === 0x7f) return '^?';
  const hex = code.toString(16).toUpperCase();
  return code < 0xa0 ? `<${hex}>` : `<U+${hex.padStart(4, '0')}>`;
}

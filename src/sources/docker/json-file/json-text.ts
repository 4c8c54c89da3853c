/**
 * The texts of JSON strings, taken out of a chunk of bytes: checked, unescaped, and put one behind the other into an
 * arena, in one pass over four bytes at a time. What a text becomes is never longer than what it is written as, so an
 * arena as large as the chunk has room for all of it.
 *
 * Of a word x, all four bytes at once: `(x - 0x01010101) & ~x & 0x80808080` has a bit in the lowest byte that is 0, and
 * none below it. After `^ 0x5c5c5c5c` that is the first backslash. After `^ 0x02020202` a quote is 0x20, and control
 * characters stay below that, so that with 0x21212121 taken off it is the first byte that ends a text or may not be in one.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LETTER_N = 0x6e;
const LETTER_U = 0x75;
const WORD = 4;
/** Larger arenas, for records of unusual length, are let go of. */
const LARGEST_KEPT = 1024 * 1024;

/** Byte for the letter after a backslash; 0 where there is no such escape. */
const SIMPLE = new Uint8Array(256);
for (const [letter, byte] of Object.entries({
  '"': 0x22,
  '\\': 0x5c,
  '/': 0x2f,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
})) {
  SIMPLE[letter.charCodeAt(0)] = byte;
}

/** Value of a hex digit; 16 where it is none. */
const HEX = new Uint8Array(256).fill(16);
for (let i = 0; i < 16; i++) {
  HEX[i.toString(16).charCodeAt(0)] = i;
  HEX[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

const HIGH_SURROGATE = 0xd800;
const LOW_SURROGATE = 0xdc00;
const AFTER_SURROGATES = 0xe000;
const REPLACEMENT = 0xfffd;

export class JsonTexts {
  /** Holds the texts taken since `begin`. */
  arena: Buffer = Buffer.alloc(0);
  /** Of the text that was taken last: arena[start .. end), without the newline at its end. */
  start = 0;
  end = 0;
  /** It ended in an escaped newline. */
  endsInNewline = false;
  #chunk: Buffer = this.arena;
  #words = wordsOf(this.arena);
  #arenaWords = wordsOf(this.arena);

  /** The texts to come are of `chunk`; those of the chunk before are gone. */
  begin(chunk: Buffer): void {
    if (chunk !== this.#chunk) {
      this.#chunk = chunk;
      this.#words = wordsOf(chunk);
      const { length } = this.arena;
      if (length < chunk.length || (length > LARGEST_KEPT && chunk.length <= LARGEST_KEPT)) {
        // Not filled: pages that no text reaches are never resident.
        this.arena = Buffer.allocUnsafeSlow(chunk.length);
        this.#arenaWords = wordsOf(this.arena);
      }
    }
    this.start = 0;
    this.end = 0;
  }

  /**
   * Takes the string whose text begins at `from`: answers the index of the quote that closes it; -1 where it is no valid
   * JSON string, and nothing is taken. Never looks past the next newline byte, which must exist. There is room for each byte
   * of the chunk once, in order: what was taken in vain is given back by setting `end` to what it was.
   */
  take(from: number): number {
    const chunk = this.#chunk;
    const { arena } = this;
    const words = this.#words;
    const arenaWords = this.#arenaWords;
    const lastWord = chunk.length - WORD;
    const start = this.end;
    let at = from;
    let to = start;
    let newlineEnd = -1;
    for (;;) {
      if (at <= lastWord) {
        const word = words.getInt32(at, true);
        const quotes = word ^ 0x02020202;
        const backslashes = word ^ 0x5c5c5c5c;
        const found =
          (((quotes - 0x21212121) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes)) & 0x80808080;
        // All of it: what does not belong to the text is written over.
        arenaWords.setInt32(to, word, true);
        if (found === 0) {
          at += WORD;
          to += WORD;
          continue;
        }
        const plain = (31 - Math.clz32(found & -found)) >> 3;
        at += plain;
        to += plain;
      }
      const byte = chunk[at];
      if (byte === BACKSLASH) {
        const letter = chunk[at + 1];
        const simple = SIMPLE[letter];
        if (simple > 0) {
          arena[to++] = simple;
          at += 2;
          if (letter === LETTER_N) newlineEnd = at;
        } else {
          if (letter !== LETTER_U || !isHex4(chunk, at + 2)) return -1;
          const code = codeAt(chunk, at);
          at += code > 0xffff ? 12 : 6;
          to = writeUtf8(arena, to, code);
        }
      } else if (byte < FIRST_PRINTABLE || byte === QUOTE) {
        if (byte !== QUOTE) return -1;
        break;
      } else {
        // One of the last three of the chunk.
        arena[to++] = byte;
        at++;
      }
    }
    this.start = start;
    this.endsInNewline = newlineEnd === at;
    this.end = newlineEnd === at ? to - 1 : to;
    return at;
  }

  /** Whether these bytes, at least four, stand in the chunk at `at`. */
  isAt(at: number, bytes: DataView): boolean {
    const words = this.#words;
    const last = bytes.byteLength - WORD;
    if (at + last > words.byteLength - WORD) return false;
    for (let i = 0; i < last; i += WORD) if (words.getInt32(at + i) !== bytes.getInt32(i)) return false;
    return words.getInt32(at + last) === bytes.getInt32(last);
  }

  /** Takes chunk[from .. to) as it is. */
  takeRaw(from: number, to: number): void {
    this.start = this.end;
    this.end = this.start + this.#chunk.copy(this.arena, this.start, from, to);
  }
}

/** For bytes as words of four, at any place. */
export function wordsOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function isHex4(buf: Buffer, at: number): boolean {
  for (let i = at; i < at + 4; i++) if (!(HEX[buf[i]] < 16)) return false;
  return true;
}

function hex4(buf: Buffer, at: number): number {
  return (HEX[buf[at]] << 12) | (HEX[buf[at + 1]] << 8) | (HEX[buf[at + 2]] << 4) | HEX[buf[at + 3]];
}

/** The character of the valid \uXXXX at `at`, or of the surrogate pair that begins there; U+FFFD for a lone surrogate. */
function codeAt(buf: Buffer, at: number): number {
  const code = hex4(buf, at + 2);
  if (code < HIGH_SURROGATE || code >= AFTER_SURROGATES) return code;
  const isPair =
    code < LOW_SURROGATE && buf[at + 6] === BACKSLASH && buf[at + 7] === LETTER_U && isHex4(buf, at + 8);
  const low = isPair ? hex4(buf, at + 8) : 0;
  if (low < LOW_SURROGATE || low >= AFTER_SURROGATES) return REPLACEMENT;
  return 0x10000 + ((code - HIGH_SURROGATE) << 10) + (low - LOW_SURROGATE);
}

/** Writes at most as many bytes as the escape of `code` has. Answers where they end. */
function writeUtf8(buf: Buffer, at: number, code: number): number {
  if (code < 0x80) {
    buf[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    buf[at] = 0xc0 | (code >> 6);
    buf[at + 1] = 0x80 | (code & 0x3f);
    return at + 2;
  }
  if (code < 0x10000) {
    buf[at] = 0xe0 | (code >> 12);
    buf[at + 1] = 0x80 | ((code >> 6) & 0x3f);
    buf[at + 2] = 0x80 | (code & 0x3f);
    return at + 3;
  }
  buf[at] = 0xf0 | (code >> 18);
  buf[at + 1] = 0x80 | ((code >> 12) & 0x3f);
  buf[at + 2] = 0x80 | ((code >> 6) & 0x3f);
  buf[at + 3] = 0x80 | (code & 0x3f);
  return at + 4;
}

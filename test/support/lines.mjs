/**
 * The lines that test writers write and the oracle checks: every line proves itself.
 *
 *   <writer> <o|e> <seq> <empties> <length> <crc> <payload>
 *
 *   seq      counts from 0 per writer and stream (o = stdout, e = stderr)
 *   empties  how many empty lines the same stream got just before this one
 *   length   bytes of the payload, 5 digits
 *   crc      CRC-32, 8 hex digits, of everything before it and of the payload
 *
 * Length and CRC are of the payload as the engine records it: its copier cuts at every 16,384th byte of a line and writes
 * each half of a character that was cut through as U+FFFD, one for a byte (tried with 20.10; nothing can undo it).
 */
import { crc32 } from 'node:zlib';

const PIECE = 16_384;
const REPLACEMENT = Buffer.from('\ufffd');
const HEADER = /^(\S+) ([oe]) (\d+) (\d+) (\d{5}) ([0-9a-f]{8}) /;
const LONGEST_HEADER = 120;

const TEXT =
  'GET /index.html took 12 ms for client 10.0.0.7 and user anna order 4711 accepted retry queue'.split(' ');
const UTF8 = 'héllo wörld žluťoučký 日本語 ログ Привет мир 🎉 👩‍👩‍👧 e\u0301 ﷽ 漢字かな \u2028 ﬀ'.split(' ');
const HOSTILE = [
  '"quoted"',
  '\\back\\',
  '<b>&amp;</b>',
  '\t',
  '\r',
  '\u0000',
  '\u0001',
  '\\n',
  '{"log":"x\\n"}',
  '\u007f',
];
const ANSI = [
  '\u001b[31mERROR\u001b[0m',
  '\u001b[1;32mok\u001b[0m',
  '\u001b[2K',
  'compiling',
  '\u001b[38;5;208mwarn\u001b[m',
];

/** A small seeded generator (mulberry32): numbers in [0, 1). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function words(vocabulary, bytes, random) {
  let text = '';
  let size = 0;
  while (size < bytes) {
    const word = vocabulary[Math.floor(random() * vocabulary.length)];
    text += `${word} `;
    size += Buffer.byteLength(word) + 1;
  }
  return text;
}

function payloadText(bytes, random) {
  const kind = random();
  if (kind < 0.4) return words(TEXT, bytes, random);
  if (kind < 0.6) return words(UTF8, bytes, random);
  if (kind < 0.75) return words(ANSI, bytes, random);
  if (kind < 0.85) return words(HOSTILE, bytes, random);
  return JSON.stringify({
    level: 'info',
    n: Math.floor(random() * 1e6),
    msg: words(TEXT, bytes - 40, random),
  });
}

/** The payload's bytes as the engine records them, when `before` bytes of the same line precede it. */
function recorded(payload, before) {
  if (before + payload.length <= PIECE) return payload;
  const parts = [];
  let from = 0;
  for (let border = PIECE - before; border < payload.length; border += PIECE) {
    let first = border;
    while ((payload[first] & 0xc0) === 0x80) first--;
    if (first === border) continue;
    let next = border;
    while ((payload[next] & 0xc0) === 0x80) next++;
    parts.push(payload.subarray(from, first));
    for (let i = first; i < next; i++) parts.push(REPLACEMENT);
    from = next;
  }
  parts.push(payload.subarray(from));
  return Buffer.concat(parts);
}

/** Makes the line numbered `seq`, without its newline, about `bytes` long. */
export function makeLine(writer, stream, seq, empties, bytes, random) {
  const overhead = writer.length + String(seq).length + 23;
  return sealLine(
    writer,
    stream,
    seq,
    empties,
    payloadText(Math.max(1, bytes - overhead), random).trim() || '.',
  );
}

/** Makes the line numbered `seq`, without its newline, around a payload. */
export function sealLine(writer, stream, seq, empties, text) {
  const start = `${writer} ${stream} ${seq} ${empties} `;
  const payload = Buffer.from(text);
  const stored = recorded(payload, Buffer.byteLength(start) + '00000 00000000 '.length);
  const checked = `${start}${String(stored.length).padStart(5, '0')} `;
  const crc = crc32(stored, crc32(checked)).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`${checked}${crc} `), payload]);
}

/** What a whole, undamaged line says of itself; undefined for anything else. */
export function parseLine(line) {
  const match = HEADER.exec(line.toString('latin1', 0, Math.min(line.length, LONGEST_HEADER)));
  if (!match) return undefined;
  const [header, writer, stream, seq, empties, length, crc] = match;
  const payload = line.subarray(header.length);
  if (payload.length !== Number(length)) return undefined;
  const checked = header.slice(0, header.length - crc.length - 1);
  if (crc32(payload, crc32(checked)) !== Number.parseInt(crc, 16)) return undefined;
  return { writer, stream, seq: Number(seq), empties: Number(empties) };
}

const LENGTHS = {
  // 40 B to 40 KB, mostly short, 430 B in the middle.
  mixed: [
    { share: 0.9, from: 40, to: 240 },
    { share: 0.09, from: 240, to: 2_000 },
    { share: 0.01, from: 2_000, to: 40_960 },
  ],
  // The same range with few long ones, 100 B in the middle.
  short: [
    { share: 0.996, from: 40, to: 120 },
    { share: 0.003, from: 120, to: 2_000 },
    { share: 0.001, from: 2_000, to: 40_960 },
  ],
};

function drawLength(lengths, random) {
  let draw = random();
  for (const { share, from, to } of lengths) {
    if (draw < share) return Math.floor(from + random() * (to - from));
    draw -= share;
  }
  return lengths[0].from;
}

/**
 * All lines of a writer in the order it writes them: yields { stream: 'o'|'e', bytes } with the newline, empty lines
 * included in front of the numbered one. `out` and `err` are how many numbered lines each stream gets in all, `from` how
 * many of stdout's were written before.
 */
export function* writerLines({ name, out, err, seed, lengths = 'mixed', from = 0 }) {
  const random = seeded(seed);
  const next = { o: from, e: 0 };
  for (let left = out - from + err; left > 0; left--) {
    const stream = random() * left < err - next.e ? 'e' : 'o';
    const empties = random() < 0.05 ? 1 + Math.floor(random() * 3) : 0;
    const length = drawLength(LENGTHS[lengths], random);
    const line = makeLine(name, stream, next[stream]++, empties, length, random);
    yield { stream, bytes: Buffer.concat([Buffer.from('\n'.repeat(empties)), line, Buffer.from('\n')]) };
  }
}

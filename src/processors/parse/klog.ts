/**
 * What programs of Kubernetes and Google write: `I0102 15:04:05.678901   12345 file.go:12] message`; newer ones have the year
 * in front of the day.
 *
 * Fields `severity` (I, W, E, F), `time`, `thread`, `file`, `line`, and on request `message`.
 */

import type { FieldSet, Slot } from '../../pipeline/fields.js';
import { CLOSE, COLON, find, isClock, pastDigits, SPACE } from './bytes.js';
import type { Format } from './format.js';

const LETTERS = new Uint8Array(256);
for (const letter of Buffer.from('IWEF')) LETTERS[letter] = 1;
/** The longest head. */
const HEAD_BYTES = 512;

export function isKlogLetter(byte: number): boolean {
  return LETTERS[byte] === 1;
}

export class KlogFormat implements Format {
  readonly #fields: FieldSet;
  readonly #severity: Slot;
  readonly #time: Slot;
  readonly #thread: Slot;
  readonly #file: Slot;
  readonly #line: Slot;
  readonly #message: Slot;

  constructor(fields: FieldSet) {
    this.#fields = fields;
    this.#severity = fields.slot('severity');
    this.#time = fields.slot('time');
    this.#thread = fields.slot('thread');
    this.#file = fields.slot('file');
    this.#line = fields.slot('line');
    this.#message = fields.slotOnRequest('message');
  }

  read(data: Buffer, start: number, lineEnd: number): string | undefined {
    const end = Math.min(lineEnd, start + HEAD_BYTES);
    if (start >= end || !isKlogLetter(data[start])) return 'klog';
    const day = pastDigits(data, start + 1, end);
    if (day !== start + 5 && day !== start + 9) return 'klog';
    if (data[day] !== SPACE || !isClock(data, day + 1, end)) return 'klog';
    const time = find(data, SPACE, day + 1, end);
    let thread = time;
    while (thread < end && data[thread] === SPACE) thread++;
    const threadEnd = pastDigits(data, thread, end);
    if (threadEnd === thread || threadEnd >= end || data[threadEnd] !== SPACE) return 'klog';
    const close = find(data, CLOSE, threadEnd, end);
    if (close === end) return 'klog';
    let colon = close;
    while (colon > threadEnd && data[colon] !== COLON) colon--;
    if (colon === threadEnd) return 'klog';
    this.#fields.put(this.#severity, start, start + 1);
    this.#fields.put(this.#time, start + 1, time);
    this.#fields.put(this.#thread, thread, threadEnd);
    this.#fields.put(this.#file, threadEnd + 1, colon);
    this.#fields.put(this.#line, colon + 1, close);
    const text = close + 1;
    this.#fields.put(this.#message, text < lineEnd && data[text] === SPACE ? text + 1 : text, lineEnd);
    return undefined;
  }
}

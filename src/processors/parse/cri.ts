/**
 * What container runtimes of Kubernetes write: `2016-10-06T00:17:09.669794202Z stdout F message`.
 *
 * Fields `time`, `stream`, `flags` (F: a whole line or the last piece of one, P: a piece), and on request `message`.
 */

import type { FieldSet, Slot } from '../../pipeline/fields.js';
import { find, isDayAndT, SPACE, standsAt } from './bytes.js';
import type { Format } from './format.js';

const OUT = Buffer.from(' stdout ');
const ERR = Buffer.from(' stderr ');
const [FULL, PARTIAL] = Buffer.from('FP');

export class CriFormat implements Format {
  readonly #fields: FieldSet;
  readonly #time: Slot;
  readonly #stream: Slot;
  readonly #flags: Slot;
  readonly #message: Slot;

  constructor(fields: FieldSet) {
    this.#fields = fields;
    this.#time = fields.slot('time');
    this.#stream = fields.slot('stream');
    this.#flags = fields.slot('flags');
    this.#message = fields.slotOnRequest('message');
  }

  read(data: Buffer, start: number, end: number): string | undefined {
    if (!isDayAndT(data, start, end)) return 'cri';
    const time = find(data, SPACE, start, Math.min(end, start + 40));
    const flags = time + OUT.length;
    if (flags >= end) return 'cri';
    if (!standsAt(OUT, data, time, end) && !standsAt(ERR, data, time, end)) return 'cri';
    if (data[flags] !== FULL && data[flags] !== PARTIAL) return 'cri';
    const behind = find(data, SPACE, flags, end);
    this.#fields.put(this.#time, start, time);
    this.#fields.put(this.#stream, time + 1, flags - 1);
    this.#fields.put(this.#flags, flags, behind);
    this.#fields.put(this.#message, Math.min(end, behind + 1), end);
    return undefined;
  }
}

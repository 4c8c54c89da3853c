/**
 * Looks at a line's first bytes, and takes the format that they are of; a line of none passes as it is.
 *
 * Each line is judged by itself: what is found in it never depends on the lines before it, so neither on a restart.
 */

import type { FieldSet } from '../../pipeline/fields.js';
import { AccessFormat } from './access.js';
import { COLON, LESS, NINE, SPACE, ZERO } from './bytes.js';
import { CriFormat } from './cri.js';
import type { Format } from './format.js';
import { JsonFormat } from './json.js';
import { isKlogLetter, KlogFormat } from './klog.js';
import { LogfmtFormat } from './logfmt.js';
import { SyslogFormat } from './syslog.js';

const BRACE = 0x7b;

export class AutoFormat implements Format {
  readonly #fields: FieldSet;
  readonly #json: Format[];
  readonly #syslog: Format[];
  readonly #klog: Format[];
  readonly #digit: Format[];
  readonly #other: Format[];

  constructor(fields: FieldSet) {
    this.#fields = fields;
    const access = [new AccessFormat(fields, true), new AccessFormat(fields, false)];
    const logfmt = new LogfmtFormat(fields, true);
    this.#json = [new JsonFormat(fields)];
    this.#syslog = [new SyslogFormat(fields)];
    this.#klog = [new KlogFormat(fields)];
    this.#digit = [new CriFormat(fields), ...access];
    this.#other = [logfmt, ...access];
  }

  read(data: Buffer, start: number, end: number): string | undefined {
    if (start >= end) return 'auto';
    for (const format of this.#candidates(data, start, end)) {
      if (format.read(data, start, end) === undefined) return undefined;
      this.#fields.begin();
    }
    return 'auto';
  }

  #candidates(data: Buffer, start: number, end: number): readonly Format[] {
    const first = data[start];
    if (first <= SPACE || first === BRACE) return this.#json;
    if (first === LESS) return this.#syslog;
    if (first >= ZERO && first <= NINE) return this.#digit;
    const second = start + 9 < end ? data[start + 1] : 0;
    if (isKlogLetter(first) && second >= ZERO && second <= NINE) return this.#klog;
    if (second > 0 && data[start + 3] === SPACE && data[start + 9] === COLON) return this.#syslog;
    return this.#other;
  }
}

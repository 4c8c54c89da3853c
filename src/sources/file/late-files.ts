/**
 * Files that were renamed and left. Of plain text they are looked at for a while longer: programs write on to a file that was
 * renamed until they are told to open the next one.
 */
import type { PlainFile } from '../docker/json-file/log-file.js';
import { markAt, Span } from '../docker/json-file/span.js';
import type { LogLines } from './log-lines.js';

/** How long nothing was written to a file that was renamed, before it is done with. */
const LATE_MS = 10_000;

interface Late {
  readonly span: Span;
  untilMs: number;
}

export class LateFiles {
  #list: Late[] = [];

  /** Oldest first. */
  get spans(): Span[] {
    return this.#list.map(({ span }) => span);
  }

  get isEmpty(): boolean {
    return this.#list.length === 0;
  }

  /** It was read up to `offset`. */
  add(file: PlainFile, offset: number): void {
    const span = new Span([markAt(file, offset, offset)]);
    this.#list.push({ span, untilMs: performance.now() + LATE_MS });
  }

  clear(): void {
    this.#list = [];
  }

  /**
   * Reads what was written to them. `onDone`: a file was quiet for so long that it is done with. Answers a promise where the
   * pipeline asks to wait, and 'more' where there is more to read; then it is called again.
   */
  look(lines: LogLines, buf: Buffer, onDone: (file: PlainFile) => void): Promise<void> | 'more' | undefined {
    for (const late of this.#list) {
      const { span } = late;
      const file = span.current.file as PlainFile;
      const before = span.offset;
      const bytes = file.readNow(buf, buf.length, before);
      const wait = lines.decode(span, buf, bytes);
      const now = performance.now();
      if (span.offset > before) late.untilMs = now + LATE_MS;
      if (wait) return wait;
      if (bytes === buf.length && span.offset > before) return 'more';
      if (now < late.untilMs) continue;
      const rest = lines.takeRest(span, buf.subarray(span.offset - before, bytes));
      this.#list = this.#list.filter((one) => one !== late);
      onDone(file);
      if (rest) return rest;
    }
    return undefined;
  }
}

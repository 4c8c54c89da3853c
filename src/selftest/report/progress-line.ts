/** Lines on stderr while something goes on: those that stay, and on a terminal one that is rewritten in place. */

/** stderr, or what a test puts in its place. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const USUAL_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[K';

export class ProgressLine {
  readonly #output: ProgressOutput;
  #isOpen = false;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  get isTerminal(): boolean {
    return this.#output.isTTY === true;
  }

  /** Written over by the next. One column stays free, where some terminals would begin a new line. */
  rewrite(text: string, painted: (text: string) => string = (text) => text): void {
    const line = text.slice(0, (this.#output.columns ?? USUAL_COLUMNS) - 1);
    this.#output.write(CLEAR_LINE + painted(line));
    this.#isOpen = true;
  }

  keep(text: string): void {
    this.#output.write(`${this.#isOpen ? CLEAR_LINE : ''}${text}\n`);
    this.#isOpen = false;
  }
}

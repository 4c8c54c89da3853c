/**
 * What one client of the tail has still to get. A slow client loses lines, alone, and is told how many:
 * `event: skipped` with `{"lines":<count>}` stands where they would have been.
 */

/** Where events go; `write` answers false when `onDrain` should be awaited before the next. */
export interface EventOutput {
  write(text: string): boolean;
  onDrain(callback: () => void): void;
}

/** Of one client, in characters; as much again, or the first lines, may be on their way. */
export const MAX_QUEUED_CHARS = 512 * 1024;

export class EventQueue {
  readonly #output: EventOutput;
  #events: string[] = [];
  #chars = 0;
  #skipped = 0;
  #isBlocked = false;

  constructor(output: EventOutput) {
    this.#output = output;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#skipped === 0;
  }

  /** A line's event: kept where there is room, else counted. */
  line(event: string): void {
    if (this.#chars + event.length > MAX_QUEUED_CHARS) {
      this.#skipped++;
      return;
    }
    this.#tellSkipped();
    this.#add(event);
  }

  /** The first lines' events: there is always room for them. */
  begin(events: readonly string[]): void {
    for (const event of events) this.#events.push(event);
  }

  /** Lines that were left out before they came here. */
  skip(lines: number): void {
    this.#skipped += lines;
  }

  /** An event that is never left out. */
  notice(event: string): void {
    this.#tellSkipped();
    this.#add(event);
  }

  /** Writes all there is, or nothing while the client has not taken what came before. */
  flush(): void {
    if (this.#isBlocked || this.isEmpty) return;
    this.#tellSkipped();
    const text = this.#events.join('');
    this.#events = [];
    this.#chars = 0;
    if (this.#output.write(text)) return;
    this.#isBlocked = true;
    this.#output.onDrain(() => {
      this.#isBlocked = false;
      this.flush();
    });
  }

  /** Writes what is left, whether or not it is taken at once. */
  finish(): void {
    this.#isBlocked = false;
    this.flush();
  }

  #tellSkipped(): void {
    if (this.#skipped === 0) return;
    this.#add(`event: skipped\ndata: {"lines":${this.#skipped}}\n\n`);
    this.#skipped = 0;
  }

  #add(event: string): void {
    this.#events.push(event);
    this.#chars += event.length;
  }
}

/** Server-sent events out of pieces of text that were cut anywhere. Fields besides `event` and `data` are not used here. */

export interface SentEvent {
  /** `message` where it has no name. */
  readonly name: string;
  readonly data: string;
}

export class EventParser {
  #rest = '';
  #name = '';
  #data: string[] = [];

  /** The events that are whole with this piece. */
  take(piece: string): SentEvent[] {
    const events: SentEvent[] = [];
    // A carriage return at the end waits for what may be its line feed.
    const text = this.#rest + piece;
    const end = text.endsWith('\r') ? text.length - 1 : text.length;
    const lines = text.slice(0, end).split(/\r\n|\n|\r/);
    this.#rest = `${lines.pop() ?? ''}${text.slice(end)}`;
    for (const line of lines) {
      if (line === '') this.#dispatch(events);
      else this.#field(line);
    }
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'event') this.#name = value;
    else if (name === 'data') this.#data.push(value);
  }

  #dispatch(events: SentEvent[]): void {
    if (this.#data.length > 0) events.push({ name: this.#name || 'message', data: this.#data.join('\n') });
    this.#name = '';
    this.#data = [];
  }
}

/** Reads server-sent events, as far as /api/v1/tail uses them: `event:` and `data:` lines, a blank line ends one. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

export class EventStreamParser {
  #rest = '';
  #name = '';
  #data: string[] = [];

  /** The events that `chunk` completes. */
  *feed(chunk: string): Generator<ServerEvent> {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('data:')) this.#data.push(line.slice(line[5] === ' ' ? 6 : 5));
      else if (line.startsWith('event:')) this.#name = line.slice(6).trim();
      else if (line === '') {
        if (this.#data.length > 0) yield { name: this.#name || 'message', data: this.#data.join('\n') };
        this.#name = '';
        this.#data = [];
      }
    }
  }
}

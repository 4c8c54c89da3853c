/** What the containers of a run wrote, as far as the run itself knows: names, starts, and how each start ended. */

/** One life of a container, from its start to its last line. Times in milliseconds since 1970. */
export interface Life {
  readonly startedMs: number;
  /** Undefined while it runs. */
  endedMs: number | undefined;
  /** It was killed: its last line, which would say how many there are, is not to come. */
  isKilled: boolean;
}

export interface Written {
  readonly container: number;
  /** The engine's; undefined until it is made. */
  id: string | undefined;
  /** All that it has had. */
  readonly names: Set<string>;
  readonly lives: Life[];
  /** Lines of each output in each life, where that was settled before; undefined: its last line tells. */
  readonly planned: { readonly o: number; readonly e: number } | undefined;
}

export class Roster {
  readonly #written: Written[] = [];

  get list(): readonly Written[] {
    return this.#written;
  }

  /** Before it is started for the first time. Answers its number. */
  add(name: string, planned?: Written['planned']): number {
    const container = this.#written.length;
    this.#written.push({ container, id: undefined, names: new Set([name]), lives: [], planned });
    return container;
  }

  created(container: number, id: string): void {
    this.#written[container].id = id;
  }

  started(container: number): void {
    this.#written[container].lives.push({ startedMs: Date.now(), endedMs: undefined, isKilled: false });
  }

  ended(container: number, how: 'ended' | 'killed'): void {
    const life = this.#written[container].lives.at(-1);
    if (!life) return;
    life.endedMs ??= Date.now();
    life.isKilled ||= how === 'killed';
  }

  /** Before the engine does it. */
  renamed(container: number, name: string): void {
    this.#written[container].names.add(name);
  }
}

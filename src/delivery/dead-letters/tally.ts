/** Lines by sink and reason. */
export type LetterCounts = readonly {
  readonly sink: string;
  readonly reason: string;
  readonly lines: number;
}[];

export class Tally {
  readonly #bySink = new Map<string, Map<string, number>>();

  add(sink: string, reason: string, lines: number): void {
    const byReason = this.#bySink.get(sink) ?? new Map<string, number>();
    this.#bySink.set(sink, byReason);
    byReason.set(reason, (byReason.get(reason) ?? 0) + lines);
  }

  get rows(): LetterCounts {
    return [...this.#bySink].flatMap(([sink, byReason]) =>
      [...byReason].map(([reason, lines]) => ({ sink, reason, lines })),
    );
  }
}

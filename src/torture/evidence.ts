/** All that is known of the lines of one seed, gathered while it goes, and what it comes to. */
import { takeFiles } from './oracle/files.js';
import { Roster } from './oracle/roster.js';
import { Sightings } from './oracle/sightings.js';
import { judgePlace, type PlaceVerdict, type ToldGap, type ToldLate } from './oracle/verdict.js';
import { decodePush, type Entry, parseLabels } from './receiver/wire.js';
import type { LedgerFigure } from './result.js';
import type { ToldLedger } from './told.js';

export class Evidence {
  readonly roster = new Roster();
  readonly atReceiver: Sightings;
  /** As the agent keeps them at the end. */
  readonly deadLetters: Sightings;
  readonly #inFiles: Sightings;
  /** Behind a 204. */
  readonly #dropped: Sightings;
  readonly #nowhere: Sightings;
  #lastEntryMs = performance.now();

  /** `name` stands in every line. */
  constructor(name: string) {
    this.atReceiver = new Sightings(name);
    this.deadLetters = new Sightings(name);
    this.#inFiles = new Sightings(name);
    this.#dropped = new Sightings(name);
    this.#nowhere = new Sightings(name);
  }

  /** Milliseconds since anything came to the receiver. */
  get quietMs(): number {
    return performance.now() - this.#lastEntryMs;
  }

  /** The receiver has the last line of every start. */
  get hasLastLines(): boolean {
    return this.roster.list.every(({ container, lives }) =>
      lives.every(({ isKilled }, i) => isKilled || this.atReceiver.life(container, i + 1)?.claimed),
    );
  }

  received(labels: string, entry: Entry): void {
    this.#take(labels, entry, this.atReceiver);
  }

  /** A whole body that was dropped behind a 204. */
  lied(body: Buffer): void {
    for (const { labels, entries } of decodePush(body))
      for (const entry of entries) this.#take(labels, entry, this.#dropped);
  }

  takeFiles(directory: string): void {
    takeFiles(directory, this.#inFiles);
  }

  judge(
    gaps: readonly ToldGap[],
    late: readonly ToldLate[],
  ): { readonly files: PlaceVerdict; readonly receiver: PlaceVerdict } {
    const nothing = this.#nowhere;
    return {
      files: judgePlace(this.roster, this.#inFiles, [this.atReceiver], {
        gaps,
        late,
        dropped: nothing,
        rejected: nothing,
      }),
      receiver: judgePlace(this.roster, this.atReceiver, [this.#inFiles], {
        gaps,
        late,
        dropped: this.#dropped,
        rejected: this.deadLetters,
      }),
    };
  }

  /** What the receiver dropped was delivered as far as the agent can know. */
  ledgerFigures(told: ToldLedger | undefined, { missing }: PlaceVerdict): LedgerFigure[] {
    const { lines, gapNotes } = this.#inFiles;
    const notes = new Set([...this.atReceiver.gapNotes, ...this.#dropped.gapNotes]);
    const delivered = this.atReceiver.lines + missing.dropped + notes.size;
    return [
      { figure: 'read', told: told?.read, counted: lines },
      { figure: 'generated', told: told?.generated, counted: gapNotes.size },
      { figure: 'delivered to files', told: told?.delivered['files'], counted: lines + gapNotes.size },
      { figure: 'delivered to receiver', told: told?.delivered['receiver'], counted: delivered },
    ];
  }

  #take(labels: string, { seconds, nanos, line }: Entry, place: Sightings): void {
    this.#lastEntryMs = performance.now();
    const { container = '', stream = '' } = parseLabels(labels);
    const timeMs = seconds * 1000 + nanos / 1e6;
    place.take(line.toString('utf8'), { sequence: labels, container, output: stream, timeMs });
  }
}

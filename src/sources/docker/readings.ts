/**
 * The logs that are read: each by one of the readers, of its json-file or through the engine's API, and what came of it.
 *
 * Sums over all names and `retired` never drop: what a reading has counted moves to `retired` in the moment in which its
 * readers let go of it.
 */
import type { OpenStream, ReadTotals, TellReads } from '../../pipeline/contract.js';
import { noReads } from '../../pipeline/read-totals.js';
import type { Labels } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';
import type { ContainerLog, Notice, ReaderCounts, ReaderStats } from './json-file/types.js';
import type { KnownContainers } from './known-containers.js';
import type { ApiLogReaders, LogEngine, LogReaders } from './readers.js';
import type { Transport } from './transport.js';

/** What readers say of a container's log: `at` as LogReaders.signOfLife has it. */
export interface Sign {
  readonly id: string;
  readonly name: string;
  readonly transport: Transport;
  readonly at: number | undefined;
}

interface Reading {
  readonly transport: Transport;
  name: string;
  heartbeats: number;
}

export interface ReadingFigures {
  /** By container name. */
  readonly active: ReadonlyMap<string, ReadTotals>;
  readonly retired: ReadTotals;
  readonly streams: readonly OpenStream[];
  readonly streamCapacity: number;
  readonly waiting: number;
}

/** Callers name only what they have added and not rejected or finished. */
export class Readings {
  readonly #readers: Readonly<Record<Transport, LogReaders>>;
  readonly #api: ApiLogReaders;
  readonly #readings = new Map<string, Reading>();
  readonly #known: KnownContainers;
  readonly #retired = noReads();

  constructor(file: LogReaders, api: ApiLogReaders, known: KnownContainers) {
    this.#known = known;
    this.#readers = { file, api };
    this.#api = api;
  }

  async run(scope: Scope): Promise<void> {
    await Promise.all([this.#readers.file.run(scope), this.#readers.api.run(scope)]);
  }

  ready(): void {
    this.#readers.file.ready();
    this.#readers.api.ready();
  }

  connected(engine: LogEngine): void {
    this.#api.connected(engine);
  }

  disconnected(): void {
    this.#api.disconnected();
  }

  /** Opens the log this way; one that is open the other way is left there before. */
  add(transport: Transport, name: string, log: ContainerLog): void {
    const known = this.#readings.get(log.id);
    if (known && known.transport !== transport) this.reject(log.id);
    if (known?.transport === transport) known.name = name;
    else this.#readings.set(log.id, { transport, name, heartbeats: 0 });
    if (log.labels) this.#known.captured(log.id, log.labels);
    this.#readers[transport].add(log);
  }

  rename(id: string, name: string, labels: Labels): void {
    const reading = this.#readings.get(id);
    if (!reading) return;
    reading.name = name;
    this.#known.renamed(id, labels);
    this.#readers[reading.transport].setLabels(id, labels);
  }

  wake(id: string): void {
    this.#known.woken(id);
    this.#readersOf(id)?.wake(id);
  }

  stopped(id: string): void {
    this.#readersOf(id)?.stopped(id);
  }

  finish(id: string): void {
    this.#readersOf(id)?.finish(id);
  }

  reject(id: string): void {
    const readers = this.#readersOf(id);
    if (!readers) return;
    this.#retire(id, readers.counts(id));
    readers.reject(id);
  }

  /** It is not to be captured, whatever was before: callers name any container. */
  unwanted(id: string): void {
    this.#known.drained(id);
  }

  /** What the readers tell: to be passed on here before anybody else acts on it. */
  noticed(notice: Notice): void {
    if (notice.kind === 'drained') this.#known.drained(notice.id);
    if (notice.kind !== 'finished') return;
    this.#known.forget(notice.id);
    this.#retire(notice.id, notice.stats);
  }

  /** All that are read, with what their readers say of it at `now`. */
  *signs(now: number): Generator<Sign> {
    for (const [id, { name, transport }] of this.#readings)
      yield { id, name, transport, at: this.#readers[transport].signOfLife(id, now) };
  }

  /** Counts a heartbeat. */
  beat(id: string): void {
    const reading = this.#readings.get(id);
    if (reading) reading.heartbeats++;
  }

  /** The container's name, also while what it has left is read; the head of its id where it has none yet. */
  nameOf(id: string): string {
    return this.#readings.get(id)?.name ?? id.slice(0, 12);
  }

  transportOf(id: string): Transport | undefined {
    return this.#readings.get(id)?.transport;
  }

  stats(): ReadonlyMap<string, ReaderStats> {
    return new Map([...this.#readers.file.stats(), ...this.#readers.api.stats()]);
  }

  /** As Source.tellReads has it. */
  tellReads(tell: TellReads): void {
    tell(undefined, this.#retired.linesRead, this.#retired.bytesRead);
    for (const [id, { transport }] of this.#readings) {
      const counts = this.#readers[transport].counts(id);
      if (counts) tell(id, counts.linesRead, counts.bytesRead);
    }
  }

  figures(): ReadingFigures {
    const active = new Map<string, ReadTotals>();
    for (const [id, reading] of this.#readings) {
      const totals = active.get(reading.name) ?? noReads();
      addTo(totals, reading, this.#readers[reading.transport].counts(id));
      active.set(reading.name, totals);
    }
    const streams: OpenStream[] = [];
    for (const [, { name, transport }, openedMs] of this.#open())
      streams.push({ container: name, transport, openedMs });
    const { streamCapacity, waiting } = this.#api;
    return { active, retired: { ...this.#retired }, streams, streamCapacity, waiting };
  }

  *#open(): Generator<readonly [id: string, reading: Reading, openedMs: number]> {
    for (const [transport, readers] of Object.entries(this.#readers)) {
      for (const { id, openedMs } of readers.openStreams()) {
        const reading = this.#readings.get(id);
        if (reading?.transport === transport) yield [id, reading, openedMs];
      }
    }
  }

  #readersOf(id: string): LogReaders | undefined {
    const reading = this.#readings.get(id);
    return reading && this.#readers[reading.transport];
  }

  #retire(id: string, counts: Readonly<ReaderCounts> | undefined): void {
    const reading = this.#readings.get(id);
    if (!reading) return;
    addTo(this.#retired, reading, counts);
    this.#readings.delete(id);
  }
}

function addTo(
  totals: ReadTotals,
  { heartbeats }: Reading,
  counts: Readonly<ReaderCounts> | undefined,
): void {
  totals.linesRead += counts?.linesRead ?? 0;
  totals.linesLate += counts?.linesLate ?? 0;
  totals.bytesRead += counts?.bytesRead ?? 0;
  totals.rotations += counts?.rotations ?? 0;
  totals.requests += counts?.requests ?? 0;
  totals.heartbeats += heartbeats;
}

/**
 * The journal of systemd, by a journalctl that follows it. Its cursor is the position, committed with the lines: a kill
 * neither loses nor doubles an entry.
 *
 * journalctl goes on at the last entry that was read, which comes again and is left out. Where another comes, the last one
 * is gone from the journal, and entries behind it may be: that is a gap. A journalctl that ends is started again.
 */
import type { JournaldSourceConfig } from '../../config/types.js';
import type { Pipeline, Position, Source, SourceFigures } from '../../pipeline/contract.js';
import type { LineTime } from '../../pipeline/line-time.js';
import type { Labels } from '../../pipeline/streams.js';
import { Backoff } from '../../runtime/backoff.js';
import { describeError, systemCode } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import { type RunningProgram, startProgram } from '../../runtime/processes.js';
import type { Scope } from '../../runtime/scope.js';
import type { Health } from '../../telemetry/health.js';
import { NamedLogs } from '../named-logs.js';
import { hindranceOf, journalctlArgs, troubleOf } from './command.js';
import { fromOf, isSameEntry, type Place, placeOf } from './cursor.js';
import { type Entry, ExportParser } from './export-parser.js';
import { EntryLines } from './lines.js';

const MIN_PAUSE_MS = 200;
const MAX_PAUSE_MS = 60_000;
/** A journalctl that still runs then can read something. */
const SETTLED_MS = 2_000;
/** More than any host has units. */
const MAX_STREAMS = 4096;

export interface JournaldContext {
  readonly name: string;
  readonly log: Logger;
  readonly health: Health;
  readonly labels: Labels;
  /** Starts journalctl. */
  readonly start?: (scope: Scope, args: readonly string[]) => RunningProgram;
}

export class JournaldSource implements Source {
  readonly name: string;
  readonly #config: JournaldSourceConfig;
  readonly #context: JournaldContext;
  readonly #selection: string;
  readonly #lines: EntryLines;
  readonly #backoff = new Backoff(MIN_PAUSE_MS, MAX_PAUSE_MS);
  #logs: NamedLogs | undefined;
  #place!: Place;

  constructor(config: JournaldSourceConfig, context: JournaldContext) {
    this.name = context.name;
    this.#config = config;
    this.#context = context;
    const { directory = null, file = null, units, matches } = config;
    this.#selection = JSON.stringify([directory, file, units, matches]);
    this.#lines = new EntryLines(config.fields, config.maxLineBytes);
  }

  figures(): SourceFigures | undefined {
    return this.#logs?.figures;
  }

  async run(scope: Scope, pipeline: Pipeline): Promise<void> {
    const { log, health, labels } = this.#context;
    const own = scope.child(this.name);
    this.#logs = new NamedLogs({ scope: own, pipeline, type: 'journald', labels, maxStreams: MAX_STREAMS });
    this.#place = placeOf(pipeline.position(this.#key)) ?? this.#firstPlace(pipeline);
    while (!own.isClosing) {
      const trouble = await this.#follow(own, pipeline);
      if (own.isClosing) break;
      const said = describeError(trouble);
      if (health.set(this.name, 'degraded', `${trouble.code}: ${said}`))
        log.warn({ code: trouble.code }, `The source ${this.name}: ${said} It is tried again.`);
      await own.sleep(this.#backoff.next());
    }
    health.remove(this.name);
    await own.close();
  }

  get #key(): string {
    return `journald-cursor/${this.name}`;
  }

  /** Remembered before anything is read, so that a restart before the first entry begins there too. */
  #firstPlace(pipeline: Pipeline): Place {
    const { startAt } = this.#config;
    const ageMs = startAt === 'end' ? 0 : startAt === 'beginning' ? Date.now() : startAt;
    const micros = Math.max(0, Date.now() - ageMs) * 1000;
    const place = { micros, later: 0, selection: this.#selection };
    pipeline.setPosition(this.#key, place);
    return place;
  }

  /** Reads one journalctl to its end; answers why it ended. */
  async #follow(scope: Scope, pipeline: Pipeline): Promise<ReturnType<typeof troubleOf>> {
    const { start = startJournalctl } = this.#context;
    const from = fromOf(this.#place, this.#selection);
    let known = 'at' in from ? from.at : undefined;
    const parser = new ExportParser(this.#lines.wanted, this.#config.maxLineBytes, (entry) => {
      if (known !== undefined) {
        const last = known;
        known = undefined;
        const cursor = this.#lines.cursorOf(entry);
        if (isSameEntry(last, cursor)) return;
        this.#tellGap(entry, pipeline);
      }
      this.#add(entry);
    });
    const program = start(scope, journalctlArgs(this.#config, this.#lines.wanted, from));
    const closing = scope.onClosing('journalctl', () => void program.stop());
    const settled = scope.timeout('journalctl runs', SETTLED_MS, () => this.#settle(program));
    try {
      for await (const chunk of program.stdout) {
        parser.feed(chunk as Buffer);
        await this.#push(pipeline);
      }
    } catch (error) {
      // It is ended in the middle where the source closes.
      if (systemCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
    await settled.release();
    await closing.release();
    return troubleOf(await program.ended);
  }

  #settle(program: RunningProgram): void {
    const { health, log } = this.#context;
    this.#backoff.reset();
    const hindrance = hindranceOf(program.said(), this.#config);
    if (!hindrance) health.set(this.name, 'healthy');
    else if (health.set(this.name, 'degraded', hindrance))
      log.warn({ code: 'LOG_UNREADABLE' }, `The source ${this.name}: ${hindrance}`);
  }

  #add(entry: Entry): void {
    const before = this.#place;
    const micros = this.#lines.microsOf(entry, before.micros);
    const later = micros === before.micros && before.cursor !== undefined ? before.later + 1 : 0;
    const selection = this.#selection;
    this.#place = { cursor: this.#lines.cursorOf(entry), micros, later, selection };
    if (this.#logs) this.#lines.add(entry, this.#logs, micros, later);
  }

  /** In one step, so that the lines and the place behind them are of one commit. */
  #push(pipeline: Pipeline): Promise<void> | undefined {
    const wait = this.#logs?.push();
    pipeline.setPosition(this.#key, this.#place as unknown as Position);
    return wait;
  }

  #tellGap(entry: Entry, pipeline: Pipeline): void {
    const { micros } = this.#place;
    const detail = 'the journal has dropped the entry that was read last, and maybe some behind it';
    const to = timeOfMicros(this.#lines.microsOf(entry, micros));
    const container = this.name;
    pipeline.gap(
      { why: 'blind', from: timeOfMicros(micros), to, detail },
      { ...this.#context.labels, container },
    );
  }
}

function startJournalctl(scope: Scope, args: readonly string[]): RunningProgram {
  const { PATH } = process.env;
  return startProgram(scope, 'journalctl', args, { PATH, LC_ALL: 'C', SYSTEMD_COLORS: '0' });
}

function timeOfMicros(micros: number): LineTime {
  const seconds = Math.floor(micros / 1e6);
  return { seconds, nanos: (micros - seconds * 1e6) * 1000 };
}

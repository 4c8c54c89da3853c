/**
 * Syslog messages to lines: the text is the line.
 *
 *   container   the program (APP-NAME, or the tag), else the host
 *   app_name    the program
 *   host        as the message says, else the address that it came from
 *   fields      level, facility, severity, proc_id, msg_id, structured data as `<id>_<name>`
 *
 * Times: the message's where it is a whole one and wanted, else when it came. A clock that is more than AHEAD_SECONDS fast
 * is not believed. Within a stream a time that is up to BACK_SECONDS behind the one before, or the same, becomes one
 * nanosecond after it, because Loki keeps equal lines of one time once; one that is further behind is what it says.
 */
import { LineFlag } from '../../pipeline/batch.js';
import { cutLine } from '../../pipeline/cut-line.js';
import { FieldSet } from '../../pipeline/fields.js';
import { SyslogMessage } from '../../pipeline/syslog/message.js';
import { FACILITIES, SEVERITIES } from '../../pipeline/syslog/priority.js';
import { forEachParam, unescapeValue } from '../../pipeline/syslog/structured-data.js';
import { TimestampParser } from '../../pipeline/timestamp-parser.js';
import { levelOfSeverity } from '../../query/level-names.js';
import type { NamedLogs, NamedStream } from '../named-logs.js';
import type { ArrivalClock } from '../stdin/arrival.js';

const AHEAD_SECONDS = 60;
const BACK_SECONDS = 1;
/** Of a host and a program, where lines are told apart by them. */
const MAX_NAME_BYTES = 256;
const [LF, CR, NUL] = Buffer.from('\n\r\0');
/** The mark of a cut is written behind what is kept where that is shorter than the mark. */
const MARK_BYTES = 64;

export interface SyslogLinesOptions {
  readonly logs: NamedLogs;
  readonly clock: ArrivalClock;
  readonly maxLineBytes: number;
  readonly useMessageTime: boolean;
}

export class SyslogLines {
  readonly #options: SyslogLinesOptions;
  readonly #message = new SyslogMessage();
  readonly #times = new TimestampParser();
  readonly #fields = new FieldSet({});
  readonly #level = this.#fields.slot('level');
  readonly #facility = this.#fields.slot('facility');
  readonly #severity = this.#fields.slot('severity');
  readonly #procId = this.#fields.slot('proc_id');
  readonly #msgId = this.#fields.slot('msg_id');
  readonly #hostname = this.#fields.slot('hostname');
  readonly #appName = this.#fields.slot('app_name');

  constructor(options: SyslogLinesOptions) {
    this.#options = options;
  }

  /** Adds the line of message data[from .. to), of which there were `bytes`; `peer` is the address that it came from. */
  add(data: Buffer, from: number, to: number, bytes: number, peer: string): void {
    const { logs, maxLineBytes } = this.#options;
    const kept = Math.min(to, from + maxLineBytes);
    const message = this.#message;
    message.parse(data, from, kept);
    const stream = this.#streamOf(data, peer);
    this.#stamp(stream, data);

    const draft = logs.draftFor(stream, bytes);
    const moved = draft.append(data, from, kept) - from;
    const start = message.textStart + moved;
    let end = message.textEnd + moved;
    const missing = bytes - (kept - from);
    if (missing > 0) {
      draft.reserve(MARK_BYTES);
      end = cutLine(draft.arena, start, end - start + missing, end - start);
      draft.tail = Math.max(draft.tail, end);
    } else while (end > start && isLineEnd(draft.arena[end - 1])) end--;
    const row = draft.length;
    const flags = missing > 0 ? LineFlag.cut : 0;
    draft.add(start, end, stream.stream.id, stream.seconds, stream.nanos, flags);
    this.#addFields(draft.arena, moved, stream.isOther);
    this.#fields.commit(draft, row);
  }

  #addFields(arena: Buffer, moved: number, isOther: boolean): void {
    const fields = this.#fields;
    const message = this.#message;
    fields.begin();
    if (message.priority >= 0) {
      const severity = message.priority & 7;
      fields.putText(this.#level, levelOfSeverity(severity));
      fields.putText(this.#facility, FACILITIES[message.priority >> 3]);
      fields.putText(this.#severity, SEVERITIES[severity]);
    }
    if (message.procidStart >= 0)
      fields.put(this.#procId, message.procidStart + moved, message.procidEnd + moved);
    if (message.msgidStart >= 0)
      fields.put(this.#msgId, message.msgidStart + moved, message.msgidEnd + moved);
    if (isOther && message.hostStart >= 0)
      fields.put(this.#hostname, message.hostStart + moved, message.hostEnd + moved);
    if (isOther && message.appStart >= 0)
      fields.put(this.#appName, message.appStart + moved, message.appEnd + moved);
    if (message.dataStart < 0) return;
    forEachParam(
      arena,
      message.dataStart + moved,
      message.dataEnd + moved,
      (idStart, idEnd, nameStart, nameEnd, from, to) => {
        const id = arena.toString('latin1', idStart, idEnd);
        const slot = fields.slot(`${id}_${arena.toString('latin1', nameStart, nameEnd)}`);
        fields.putDecoded(slot, to - from, (into, at) => unescapeValue(arena, from, to, into, at));
      },
    );
  }

  #streamOf(data: Buffer, peer: string): NamedStream {
    const { hostStart, hostEnd, appStart, appEnd } = this.#message;
    const host = hostStart < 0 ? peer : nameOf(data, hostStart, hostEnd);
    const app = appStart < 0 ? '' : nameOf(data, appStart, appEnd);
    return this.#options.logs.streamOf(`${host}\0${app}`, () => ({
      container: app || host,
      labels: { app_name: app, host },
    }));
  }

  /** Sets the stream's time to the next line's. */
  #stamp(stream: NamedStream, data: Buffer): void {
    const { clock, useMessageTime } = this.#options;
    const { timeStart, timeEnd } = this.#message;
    clock.tick();
    const isTold =
      useMessageTime &&
      timeStart >= 0 &&
      this.#times.parse(data, timeStart, timeEnd) &&
      this.#times.seconds <= clock.seconds + AHEAD_SECONDS;
    const { seconds, nanos } = isTold ? this.#times : clock;
    const behind = stream.seconds - seconds;
    const isLater = behind < 0 || (behind === 0 && nanos > stream.nanos);
    const isFarBehind = behind > BACK_SECONDS || (behind === BACK_SECONDS && stream.nanos > nanos);
    if (isLater || isFarBehind) {
      stream.seconds = seconds;
      stream.nanos = nanos;
    } else if (++stream.nanos === 1e9) {
      stream.seconds++;
      stream.nanos = 0;
    }
  }
}

function nameOf(data: Buffer, from: number, to: number): string {
  return data.toString('utf8', from, Math.min(to, from + MAX_NAME_BYTES));
}

function isLineEnd(byte: number): boolean {
  return byte === LF || byte === CR || byte === NUL;
}

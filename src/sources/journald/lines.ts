/**
 * Entries of the journal to lines: MESSAGE is the line, as it is, its newlines too; an entry without one is an empty line.
 *
 *   container   the unit; of what runs in none, or in one with a name of its own each time (scopes, run-….service): the
 *               syslog identifier, else the transport (`kernel`)
 *   unit        the unit, where it is the container
 *   host        _HOSTNAME
 *   fields      level, by PRIORITY; syslog_identifier; what was asked for, `_PID` as `pid`
 *
 * The time is the one at which journald took the entry. Entries of one microsecond are a nanosecond apart.
 */
import { LineFlag } from '../../pipeline/batch.js';
import { cutLine } from '../../pipeline/cut-line.js';
import { FieldSet, type Slot } from '../../pipeline/fields.js';
import { isDigit } from '../../query/ascii.js';
import { levelOfSeverity } from '../../query/level-names.js';
import type { NamedLogs, NamedStream, Writer } from '../named-logs.js';
import type { Entry } from './export-parser.js';

const OWN = [
  '__CURSOR',
  '__REALTIME_TIMESTAMP',
  'MESSAGE',
  'PRIORITY',
  'SYSLOG_IDENTIFIER',
  '_HOSTNAME',
  '_SYSTEMD_UNIT',
  '_SYSTEMD_USER_UNIT',
  '_TRANSPORT',
];
const [CURSOR, TIME, MESSAGE, PRIORITY, IDENTIFIER, HOST, UNIT, USER_UNIT, TRANSPORT] = OWN.keys();
/** Units that come and go with what runs in them. */
const PASSING = /\.scope$|^run-.*\.service$/;
/** Of a cursor, and of names by which lines are told apart: any program may give itself a long one. */
const MAX_TEXT_BYTES = 512;
const ZERO = 0x30;
const LATEST_MICROS = 0xffffffff * 1e6;

export class EntryLines {
  /** Names of the fields that entries must have been parsed for, in this order. */
  readonly wanted: readonly string[];
  readonly #maxLineBytes: number;
  readonly #fields = new FieldSet({});
  readonly #levelSlot: Slot;
  readonly #slots: readonly (readonly [field: number, slot: Slot])[];

  constructor(fields: readonly string[], maxLineBytes: number) {
    const asked = fields.filter((field) => !OWN.includes(field));
    this.wanted = [...OWN, ...asked];
    this.#maxLineBytes = maxLineBytes;
    this.#levelSlot = this.#fields.slot('level');
    const shown = [OWN[IDENTIFIER], ...fields.filter((field) => field !== OWN[IDENTIFIER])];
    this.#slots = shown.map((field) => [this.wanted.indexOf(field), this.#fields.slot(shownName(field))]);
  }

  /** Empty where the entry has none. */
  cursorOf(entry: Entry): string {
    return textOf(entry, CURSOR);
  }

  /** Microseconds since 1970; `before` where the entry does not tell one that a line can have. */
  microsOf({ data, start, end }: Entry, before: number): number {
    let micros = 0;
    for (let at = start[TIME]; at >= 0 && at < end[TIME]; at++)
      micros = isDigit(data[at]) ? micros * 10 + data[at] - ZERO : Number.NaN;
    return start[TIME] >= 0 && micros > 0 && micros < LATEST_MICROS ? micros : before;
  }

  /** Adds the entry's line; `nanos` since `micros`. */
  add(entry: Entry, logs: NamedLogs, micros: number, nanos: number): void {
    const { data, start, end, bytes } = entry;
    const stream = this.#streamOf(entry, logs);
    const length = start[MESSAGE] < 0 ? 0 : bytes[MESSAGE];
    const draft = logs.draftFor(stream, length);
    const from = draft.append(data, Math.max(0, start[MESSAGE]), end[MESSAGE]);
    const isCut = length > this.#maxLineBytes;
    const to = isCut ? cutLine(draft.arena, from, length, this.#maxLineBytes) : draft.tail;
    const seconds = Math.floor(micros / 1e6);
    const within = (micros - seconds * 1e6) * 1000 + nanos;
    const row = draft.length;
    const carried = Math.floor(within / 1e9);
    draft.add(
      from,
      to,
      stream.stream.id,
      seconds + carried,
      within - carried * 1e9,
      isCut ? LineFlag.cut : 0,
    );

    const fields = this.#fields;
    fields.begin();
    const isPriority = start[PRIORITY] >= 0 && end[PRIORITY] === start[PRIORITY] + 1;
    const severity = isPriority ? data[start[PRIORITY]] - ZERO : -1;
    if (severity >= 0 && severity <= 7) fields.putText(this.#levelSlot, levelOfSeverity(severity));
    for (const [field, slot] of this.#slots) {
      if (start[field] < 0) continue;
      const at = draft.append(data, start[field], end[field]);
      fields.put(slot, at, draft.tail);
    }
    fields.commit(draft, row);
  }

  #streamOf(entry: Entry, logs: NamedLogs): NamedStream {
    const id = [HOST, UNIT, USER_UNIT, IDENTIFIER, TRANSPORT].map((field) => textOf(entry, field)).join('\0');
    return logs.streamOf(id, () => writerOf(entry));
  }
}

function writerOf(entry: Entry): Writer {
  const whole = textOf(entry, USER_UNIT) || textOf(entry, UNIT);
  const unit = PASSING.test(whole) ? '' : whole;
  const container = unit || textOf(entry, IDENTIFIER) || textOf(entry, TRANSPORT) || 'journald';
  return { container, labels: { unit, host: textOf(entry, HOST) } };
}

function textOf({ data, start, end }: Entry, field: number): string {
  if (start[field] < 0) return '';
  return data.toString('utf8', start[field], Math.min(end[field], start[field] + MAX_TEXT_BYTES));
}

/** `_SYSTEMD_SLICE` → `systemd_slice` */
function shownName(field: string): string {
  return field.replace(/^_+/, '').toLowerCase();
}

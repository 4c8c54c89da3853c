/**
 * Lines as OpenTelemetry's ExportLogsServiceRequest (opentelemetry-proto 1.x), written by hand:
 *
 *   ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1 }
 *   ResourceLogs             { Resource resource = 1 { repeated KeyValue attributes = 1 }; repeated ScopeLogs scope_logs = 2 }
 *   ScopeLogs                { InstrumentationScope scope = 1 { string name = 1 }; repeated LogRecord log_records = 2 }
 *   LogRecord                { fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
 *                              repeated KeyValue attributes = 6; bytes trace_id = 9; bytes span_id = 10;
 *                              fixed64 observed_time_unix_nano = 11 }
 *   KeyValue                 { string key = 1; AnyValue value = 2 }      AnyValue { string string_value = 1 }
 *
 * One ResourceLogs for each run of lines of one stream; being a repeated field, several requests put one behind the other are
 * one request. Strings of protobuf are UTF-8: what is not becomes U+FFFD, as in every JSON that the agent writes.
 */
import { isUtf8 } from 'node:buffer';
import { FieldFinder, fieldName } from '../../pipeline/metadata.js';
import { putVarint, varintBytes } from '../../pipeline/protobuf.js';
import type { BlockLines } from '../../pipeline/push-request.js';
import { parseLabelText } from '../../pipeline/streams.js';
import { LEVELS, type Level } from '../../query/level-names.js';
import { levelOfLabels } from '../../query/told-level.js';
import { attributesOf, isOfLine, SEVERITY_NUMBERS } from '../conventions.js';
import { levelAt } from '../row.js';

const SCOPE = message(0x0a, message(0x0a, Buffer.from('log-capturer')));
const TIME_BYTES = 9;
const TRACE_ID = fieldName('trace_id');
const SPAN_ID = fieldName('span_id');
const NO_BYTES = Buffer.alloc(0);

/** Number and text of a level as they stand in a LogRecord. */
const SEVERITIES = new Map<Level, Buffer>(
  LEVELS.map((level) => [
    level,
    SEVERITY_NUMBERS[level] === 0
      ? NO_BYTES
      : Buffer.concat([Buffer.from([0x10, SEVERITY_NUMBERS[level]]), message(0x1a, Buffer.from(level))]),
  ]),
);

/** What all lines of a stream have in common. */
interface OfStream {
  /** Resource, as it stands in a ResourceLogs. */
  readonly resource: Buffer;
  /** Attributes, as they stand in a LogRecord. */
  readonly attributes: Buffer;
  readonly level: Level | undefined;
}

interface Body {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export class Records {
  #bytes = Buffer.alloc(0);
  #end = 0;
  readonly #field = new FieldFinder();

  /** `observedNanos`: when the lines were first seen, nanoseconds since 1970. */
  encode(lines: BlockLines, rows: readonly number[], observedNanos: bigint): Buffer {
    const ofStreams = lines.streams.map(ofStream);
    const observed = Buffer.alloc(TIME_BYTES);
    observed[0] = 0x59;
    observed.writeBigUInt64LE(observedNanos, 1);
    this.#end = 0;
    for (let from = 0; from < rows.length; ) {
      let to = from + 1;
      while (to < rows.length && lines.stream[rows[to]] === lines.stream[rows[from]]) to++;
      this.#putRun(lines, rows.slice(from, to), ofStreams[lines.stream[rows[from]]], observed);
      from = to;
    }
    return Buffer.from(this.#bytes.subarray(0, this.#end));
  }

  #putRun(lines: BlockLines, rows: readonly number[], stream: OfStream, observed: Buffer): void {
    const bodies = rows.map((row) => bodyOf(lines, row));
    const levels = rows.map((row) => levelAt(lines, row, stream.level));
    const sizes = rows.map((row, i) => this.#recordBytes(lines, row, bodies[i], levels[i], stream));
    const records = sizes.reduce((sum, size) => sum + 1 + varintBytes(size) + size, 0);
    const scopeLogs = SCOPE.length + records;
    const resourceLogs = stream.resource.length + 1 + varintBytes(scopeLogs) + scopeLogs;
    this.#reserve(1 + varintBytes(resourceLogs) + resourceLogs);
    this.#head(0x0a, resourceLogs);
    this.#put(stream.resource);
    this.#head(0x12, scopeLogs);
    this.#put(SCOPE);
    for (const [i, row] of rows.entries()) {
      this.#head(0x12, sizes[i]);
      this.#putRecord(lines, row, bodies[i], levels[i], stream, observed);
    }
  }

  #recordBytes(lines: BlockLines, row: number, body: Body, level: Level, { attributes }: OfStream): number {
    const text = body.end - body.start;
    const value = 1 + varintBytes(text) + text;
    let bytes =
      2 * TIME_BYTES + severityOf(level).length + 1 + varintBytes(value) + value + attributes.length;
    const field = this.#field;
    for (let at = lines.metadataStart[row]; at < lines.metadataEnd[row]; ) {
      at = field.read(lines.data, at);
      const id = this.#idBytes(lines.data);
      if (id > 0) bytes += 2 + id;
      else {
        const pair = pairBytes(field);
        bytes += 1 + varintBytes(pair) + pair;
      }
    }
    return bytes;
  }

  #putRecord(
    lines: BlockLines,
    row: number,
    { bytes, start, end }: Body,
    level: Level,
    { attributes }: OfStream,
    observed: Buffer,
  ): void {
    this.#bytes[this.#end++] = 0x09;
    this.#putNanos(lines.seconds[row], lines.nanos[row]);
    this.#put(severityOf(level));
    const text = end - start;
    this.#head(0x2a, 1 + varintBytes(text) + text);
    this.#head(0x0a, text);
    this.#end += bytes.copy(this.#bytes, this.#end, start, end);
    this.#put(attributes);
    const field = this.#field;
    for (let at = lines.metadataStart[row]; at < lines.metadataEnd[row]; ) {
      at = field.read(lines.data, at);
      if (this.#idBytes(lines.data) > 0) this.#putId(lines.data);
      else this.#putField(lines.data);
    }
    this.#put(observed);
  }

  /** Bytes of the trace's or span's id that the field is; 0: it is a field like others. */
  #idBytes(data: Buffer): number {
    const { start, end } = this.#field;
    const bytes = this.#field.isNamed(data, TRACE_ID) ? 16 : this.#field.isNamed(data, SPAN_ID) ? 8 : 0;
    return end - start === 2 * bytes && isHexadecimal(data, start, end) ? bytes : 0;
  }

  #putId(data: Buffer): void {
    const { start, end } = this.#field;
    const id = Buffer.from(data.toString('latin1', start, end), 'hex');
    this.#head(id.length === 16 ? 0x4a : 0x52, id.length);
    this.#put(id);
  }

  #putField(data: Buffer): void {
    const { nameStart, nameEnd, start, end } = this.#field;
    const value = end - start;
    this.#head(0x32, pairBytes(this.#field));
    this.#head(0x0a, nameEnd - nameStart);
    this.#end += data.copy(this.#bytes, this.#end, nameStart, nameEnd);
    this.#head(0x12, 1 + varintBytes(value) + value);
    this.#head(0x0a, value);
    this.#end += data.copy(this.#bytes, this.#end, start, end);
  }

  /** `seconds` × 10⁹ + `nanos`, in whole numbers of at most 53 bits. */
  #putNanos(seconds: number, nanos: number): void {
    const high = Math.floor(seconds / 0x10000) * 1e9;
    const low = (seconds % 0x10000) * 1e9 + nanos + (high % 0x10000) * 0x10000;
    this.#end = this.#bytes.writeUInt32LE(low % 0x1_0000_0000, this.#end);
    this.#end = this.#bytes.writeUInt32LE(
      Math.floor(high / 0x10000) + Math.floor(low / 0x1_0000_0000),
      this.#end,
    );
  }

  #head(tag: number, length: number): void {
    this.#bytes[this.#end++] = tag;
    this.#end = putVarint(this.#bytes, this.#end, length);
  }

  #put(bytes: Buffer): void {
    this.#end += bytes.copy(this.#bytes, this.#end);
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#end + more, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function ofStream(text: string): OfStream {
  const labels = parseLabelText(text);
  const attributes = attributesOf(labels);
  const encoded = (isWanted: (name: string) => boolean, tag: number): Buffer =>
    Buffer.concat(
      attributes
        .filter(([name]) => isWanted(name))
        .map(([name, value]) =>
          message(
            tag,
            Buffer.concat([
              message(0x0a, Buffer.from(name)),
              message(0x12, message(0x0a, Buffer.from(value))),
            ]),
          ),
        ),
    );
  return {
    resource: message(
      0x0a,
      encoded((name) => !isOfLine(name), 0x0a),
    ),
    attributes: encoded(isOfLine, 0x32),
    level: levelOfLabels(labels),
  };
}

function bodyOf({ data, start, end }: BlockLines, row: number): Body {
  if (isUtf8(data.subarray(start[row], end[row]))) return { bytes: data, start: start[row], end: end[row] };
  const bytes = Buffer.from(data.toString('utf8', start[row], end[row]));
  return { bytes, start: 0, end: bytes.length };
}

function severityOf(level: Level): Buffer {
  return SEVERITIES.get(level) ?? NO_BYTES;
}

/** Of a KeyValue with the name and value that were read last. */
function pairBytes({ nameStart, nameEnd, start, end }: FieldFinder): number {
  const name = nameEnd - nameStart;
  const value = end - start;
  const any = 1 + varintBytes(value) + value;
  return 1 + varintBytes(name) + name + 1 + varintBytes(any) + any;
}

/** Of one number at least that is not 0: an id of zeros is none. */
function isHexadecimal(data: Buffer, start: number, end: number): boolean {
  let isSome = false;
  for (let at = start; at < end; at++) {
    const byte = data[at];
    const isDigit = byte >= 0x30 && byte <= 0x39;
    const letter = byte | 0x20;
    if (!isDigit && !(letter >= 0x61 && letter <= 0x66)) return false;
    isSome ||= byte !== 0x30;
  }
  return isSome;
}

function message(tag: number, content: Buffer): Buffer {
  const head = Buffer.alloc(6);
  head[0] = tag;
  return Buffer.concat([head.subarray(0, putVarint(head, 1, content.length)), content]);
}

/** A receiver for OTLP/HTTP as its specification wants it, on protobufjs: nothing of the agent's code reads what is sent. */
import { isUtf8 } from 'node:buffer';
import protobuf from 'protobufjs';
import type { Answered, Asked } from '../../http/testing/stand-in.js';

// Field numbers of opentelemetry-proto 1.x. Strings are read as bytes, so that it can be seen whether they are UTF-8.
const SCHEMA = `syntax = "proto3";
message Request { repeated ResourceLogs resource_logs = 1; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; }
message Scope { string name = 1; string version = 2; }
message LogRecord {
  fixed64 time_unix_nano = 1; int32 severity_number = 2; bytes severity_text = 3; AnyValue body = 5;
  repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8;
  bytes trace_id = 9; bytes span_id = 10; fixed64 observed_time_unix_nano = 11;
}
message KeyValue { bytes key = 1; AnyValue value = 2; }
message AnyValue { oneof value { bytes string_value = 1; bool bool_value = 2; } }
message Response { PartialSuccess partial_success = 1; }
message PartialSuccess { int64 rejected_log_records = 1; string error_message = 2; }
`;
const { root } = protobuf.parse(SCHEMA, { keepCase: true });
const Request = root.lookupType('Request');
const Response = root.lookupType('Response');

interface Pair {
  readonly key: string;
  readonly value: { readonly string_value: string };
}

interface WireRecord {
  readonly time_unix_nano: string;
  readonly observed_time_unix_nano: string;
  readonly severity_number: number;
  readonly severity_text: string;
  readonly body: { readonly string_value: string };
  readonly attributes: readonly Pair[];
  readonly trace_id: string;
  readonly span_id: string;
}

interface Wire {
  readonly resource_logs: readonly {
    readonly resource: { readonly attributes: readonly Pair[] };
    readonly scope_logs: readonly {
      readonly scope: { readonly name: string };
      readonly log_records: readonly WireRecord[];
    }[];
  }[];
}

export interface StoredRecord {
  readonly resource: Readonly<Record<string, string>>;
  readonly scope: string;
  readonly nanos: string;
  readonly observedNanos: string;
  readonly severity: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Hexadecimal, empty: none. */
  readonly traceId: string;
  readonly spanId: string;
}

export class Receiver {
  readonly records: StoredRecord[] = [];
  /** Of each request: how many records it takes, and does not say which; undefined: all. */
  takes: (records: readonly StoredRecord[]) => number = (records) => records.length;
  /** Of the answer to a request. */
  message = '';
  isJson = false;

  readonly answer = ({ path, headers, body }: Asked): Answered => {
    if (path !== '/v1/logs') return { status: 404 };
    if (headers['content-type'] !== 'application/x-protobuf') return { status: 415 };
    const records = decode(body);
    const taken = this.takes(records);
    this.records.push(...records.slice(0, taken));
    const rejected = records.length - taken;
    const isSuccess = rejected === 0 && this.message === '';
    if (this.isJson) {
      const partialSuccess = isSuccess
        ? undefined
        : { rejectedLogRecords: String(rejected), errorMessage: this.message };
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ partialSuccess }),
      };
    }
    const partial_success = isSuccess
      ? undefined
      : { rejected_log_records: rejected, error_message: this.message };
    return {
      status: 200,
      headers: { 'content-type': 'application/x-protobuf' },
      body: Buffer.from(Response.encode(Response.fromObject({ partial_success })).finish()),
    };
  };
}

/** Throws for what a receiver in Go refuses: strings that are not UTF-8, attributes of one name. */
function decode(body: Buffer): StoredRecord[] {
  const wire = Request.toObject(Request.decode(body), {
    longs: String,
    bytes: String,
    defaults: true,
  }) as Wire;
  return wire.resource_logs.flatMap(({ resource, scope_logs }) =>
    scope_logs.flatMap(({ scope, log_records }) =>
      log_records.map((record) => ({
        resource: pairs(resource.attributes),
        scope: scope.name,
        nanos: record.time_unix_nano,
        observedNanos: record.observed_time_unix_nano,
        severity: record.severity_number,
        severityText: text(record.severity_text),
        body: text(record.body.string_value),
        attributes: pairs(record.attributes),
        traceId: Buffer.from(record.trace_id, 'base64').toString('hex'),
        spanId: Buffer.from(record.span_id, 'base64').toString('hex'),
      })),
    ),
  );
}

function pairs(attributes: readonly Pair[]): Record<string, string> {
  const found = new Map(attributes.map(({ key, value }) => [text(key), text(value.string_value)]));
  if (found.size !== attributes.length) throw new Error('two attributes of one name');
  return Object.fromEntries(found);
}

function text(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  if (!isUtf8(bytes)) throw new Error('a string field contains invalid UTF-8');
  return bytes.toString();
}

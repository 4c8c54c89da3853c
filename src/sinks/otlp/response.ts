/**
 * What an ExportLogsServiceResponse says of a request that was answered with a 2xx:
 *
 *   ExportLogsServiceResponse { ExportLogsPartialSuccess partial_success = 1 { int64 rejected_log_records = 1; string error_message = 2 } }
 *
 * In protobuf, or in JSON where the server answers so (there int64 may be text). An empty one says that all is taken.
 */
import protobuf from 'protobufjs/minimal.js';

export interface PartialSuccess {
  readonly rejected: number;
  /** Of the server, for people; it may warn of something where nothing is rejected. */
  readonly message: string;
}

/** Undefined for what is no such response. */
export function readResponse(body: Buffer): PartialSuccess | undefined {
  try {
    const read = body[0] === '{'.charCodeAt(0) ? fromJson(body) : fromProtobuf(body);
    return Number.isSafeInteger(read.rejected) && read.rejected >= 0 ? read : undefined;
  } catch {
    return undefined;
  }
}

function fromProtobuf(body: Buffer): PartialSuccess {
  let rejected = 0;
  let message = '';
  const reader = protobuf.Reader.create(body);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag !== 0x0a) {
      reader.skipType(tag & 7);
      continue;
    }
    const end = reader.uint32() + reader.pos;
    while (reader.pos < end) {
      const field = reader.uint32();
      if (field === 0x08) {
        // A number, or an object of a library for such, which tells it as text.
        const count: unknown = reader.int64();
        rejected = Number(count);
      } else if (field === 0x12) message = reader.string();
      else reader.skipType(field & 7);
    }
  }
  return { rejected, message };
}

function fromJson(body: Buffer): PartialSuccess {
  const { partialSuccess } = JSON.parse(body.toString()) as {
    partialSuccess?: { rejectedLogRecords?: unknown; errorMessage?: unknown } | null;
  };
  const { rejectedLogRecords = 0, errorMessage = '' } = partialSuccess ?? {};
  return { rejected: Number(rejectedLogRecords), message: String(errorMessage) };
}

/**
 * What Loki's distributor does with one request before the ingester sees it, in its order: labels of every stream parsed
 * (one that cannot be refuses them all), entries validated one by one, the tenant's rate, the size of the message to the
 * ingester. The ingester's refusal hides the validation's; both leave stored what was good.
 */
import { entryBytes, Ingester, type IngesterStream, type OnTaken, Refusal, rfc3339 } from './ingester.js';
import { type LabelPairs, labelsText, parseLabels } from './labels.js';
import { detectLevel, LEVEL_NAME } from './level.js';
import { type Limits, TokenBucket } from './limits.js';
import { Shards } from './shards.js';
import type { Entry, PushStream } from './wire.js';

const SERVICE_NAME = 'service_name';
const SERVICE_LABELS =
  'service app application app_name name app_kubernetes_io_name container container_name k8s_container_name component workload job k8s_job_name'.split(
    ' ',
  );
/** A tag and the longest number: what the distributor adds to each stream to find it again. */
const HASH_BYTES = 11;

/** One tenant of a Loki. */
export class Distributor {
  readonly #limits: Limits;
  readonly #rate: TokenBucket;
  readonly #shards: Shards;
  readonly #ingester: Ingester;

  constructor(tenant: string, limits: Limits, nowMs: number) {
    this.tenant = tenant;
    this.#limits = limits;
    this.#rate = new TokenBucket(limits.ingestionRate, limits.ingestionBurst, nowMs);
    this.#shards = new Shards(limits.shardRate, nowMs);
    this.#ingester = new Ingester(tenant, limits);
  }

  readonly tenant: string;

  /** Takes what may be taken. Throws Refusal for every answer but 204. */
  push(streams: readonly PushStream[], nowMs: number, onTaken: OnTaken): void {
    const named = streams.map(withServiceName);
    if (named.length === 0)
      throw new Refusal(422, 'error at least one valid stream is required for ingestion');

    const errors = new Map<string, number>();
    const complain = (message: string): unknown => errors.set(message, (errors.get(message) ?? 0) + 1);
    const valid: IngesterStream[] = [];
    for (const { labels, text, given, entries } of named) {
      if (entries.length === 0) continue;
      const wrong = this.#whatIsWrongWithLabels(labels, given);
      if (wrong !== undefined) {
        complain(wrong);
        continue;
      }
      const good = entries.filter((entry) => {
        const why = this.#whatIsWrongWith(entry, text, nowMs);
        if (why !== undefined) complain(why);
        return why === undefined;
      });
      if (good.length > 0) valid.push({ labels, text, entries: good });
    }
    const invalid = errors.size === 0 ? undefined : new Refusal(400, groupedText(errors));
    if (valid.length === 0) {
      if (invalid) throw invalid;
      return;
    }

    const lines = valid.reduce((sum, { entries }) => sum + entries.length, 0);
    const bytes = valid.reduce(
      (sum, { entries }) => sum + entries.reduce((own, e) => own + entryBytes(e), 0),
      0,
    );
    if (!this.#rate.take(bytes, nowMs)) {
      throw new Refusal(
        429,
        `ingestion rate limit exceeded for user ${this.tenant} (limit: ${this.#limits.ingestionRate} bytes/sec) while attempting to ingest '${lines}' lines totaling '${bytes}' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased`,
      );
    }
    const sharded = this.#limits.shardStreams ? valid.flatMap((s) => this.#shards.divide(s, nowMs)) : valid;
    if (this.#limits.maxMessageBytes !== Infinity) {
      const size = messageBytes(sharded, this.#limits.allowsMetadata);
      if (size > this.#limits.maxMessageBytes) {
        throw new Refusal(
          500,
          `rpc error: code = ResourceExhausted desc = grpc: received message larger than max (${size} vs. ${this.#limits.maxMessageBytes})`,
        );
      }
    }
    const refused = this.#ingester.push(sharded, nowMs, onTaken) ?? invalid;
    if (this.#limits.shardStreams) for (const stream of sharded) this.#shards.record(stream, nowMs);
    if (refused) throw refused;
  }

  #whatIsWrongWithLabels(labels: LabelPairs, given: string): string | undefined {
    const { maxLabelNames, maxLabelNameBytes, maxLabelValueBytes } = this.#limits;
    const names = labels.length - (labels.some(([name]) => name === SERVICE_NAME) ? 1 : 0);
    if (names > maxLabelNames)
      return `entry for stream '${given}' has ${names} label names; limit ${maxLabelNames}`;
    let before = '';
    for (const [name, value] of labels) {
      if (Buffer.byteLength(name) > maxLabelNameBytes)
        return `stream '${given}' has label name too long: '${name}'`;
      if (Buffer.byteLength(value) > maxLabelValueBytes)
        return `stream '${given}' has label value too long: '${value}'`;
      if (name === before) return `stream '${given}' has duplicate label name: '${name}'`;
      before = name;
    }
    return undefined;
  }

  #whatIsWrongWith(entry: Entry, stream: string, nowMs: number): string | undefined {
    const { rejectOlderMs, rejectNewerMs, maxLineBytes, maxMetadataBytes, maxMetadataPairs } = this.#limits;
    const { seconds, nanos, line, metadata } = entry;
    // To the millisecond: a few lie between the clock here and there anyway.
    const ms = seconds * 1000 + nanos / 1e6;
    if (ms < nowMs - rejectOlderMs) {
      const oldest = rfc3339({ seconds: Math.floor((nowMs - rejectOlderMs) / 1000), nanos: 0 });
      return `entry for stream '${stream}' has timestamp too old: ${rfc3339(entry)}, oldest acceptable timestamp is: ${oldest}`;
    }
    if (ms > nowMs + rejectNewerMs)
      return `entry for stream '${stream}' has timestamp too new: ${rfc3339(entry)}`;
    if (line.length > maxLineBytes)
      return `max entry size '${maxLineBytes}' bytes exceeded for stream '${stream}' while adding an entry with length '${line.length}' bytes`;
    if (metadata.length === 0) return undefined;
    if (!this.#limits.allowsMetadata)
      return `stream '${stream}' includes structured metadata, but this feature is disallowed. Please see \`limits_config.allow_structured_metadata\` or contact your Loki administrator to enable it`;
    const metadataBytes = entryBytes(entry) - line.length;
    if (metadataBytes > maxMetadataBytes)
      return `stream '${stream}' has structured metadata too large: '${metadataBytes}' bytes, limit: '${maxMetadataBytes}' bytes. Please see \`limits_config.max_structured_metadata_size\` or contact your Loki administrator to increase it`;
    if (metadata.length > maxMetadataPairs)
      return `stream '${stream}' has too many structured metadata labels: '${metadata.length}', limit: '${maxMetadataPairs}'. Please see \`limits_config.max_structured_metadata_entries_count\` or contact your Loki administrator to increase it`;
    return undefined;
  }
}

/** The stream as the distributor knows it; `given` is what error messages about labels show. */
function withServiceName({ labels: text, entries }: PushStream): IngesterStream & { given: string } {
  let labels: LabelPairs;
  try {
    labels = parseLabels(text);
  } catch (error) {
    throw new Refusal(400, `couldn't parse labels: ${(error as Error).message}`);
  }
  if (labels.some(([name]) => name === SERVICE_NAME))
    return { labels, text: labelsText(labels), given: text, entries };
  const found = SERVICE_LABELS.map((wanted) => labels.find(([name]) => name === wanted)).find(
    (pair) => pair !== undefined,
  );
  const service = [SERVICE_NAME, found?.[1] ?? 'unknown_service'] as const;
  const all = [...labels, service].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const canonical = labelsText(all);
  return { labels: all, text: canonical, given: canonical, entries };
}

function groupedText(errors: ReadonlyMap<string, number>): string {
  const isOne = errors.size === 1 && [...errors.values()][0] === 1;
  return [...errors].map(([text, times]) => (isOne ? text : `${times} errors like: ${text}`)).join('; ');
}

/** Bytes of the protobuf message to the ingester: with service names, hashes and, `hasLevels`, levels. */
function messageBytes(streams: readonly IngesterStream[], hasLevels: boolean): number {
  let total = 0;
  for (const { labels, text, entries } of streams) {
    let stream = field(Buffer.byteLength(text)) + HASH_BYTES;
    for (const { seconds, nanos, line, metadata } of entries) {
      const time = (seconds === 0 ? 0 : 1 + varint(seconds)) + (nanos === 0 ? 0 : 1 + varint(nanos));
      let entry = field(time) + (line.length === 0 ? 0 : field(line.length));
      for (const [name, value] of metadata) entry += pair(name, value);
      if (hasLevels) entry += pair(LEVEL_NAME, detectLevel(labels, metadata, line));
      stream += field(entry);
    }
    total += field(stream);
  }
  return total;
}

function pair(name: string, value: string): number {
  return field(field(Buffer.byteLength(name)) + field(Buffer.byteLength(value)));
}

function field(length: number): number {
  return 1 + varint(length) + length;
}

function varint(value: number): number {
  if (value < 0) return 10;
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest /= 0x80) bytes++;
  return bytes;
}

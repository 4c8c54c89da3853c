/**
 * A stream with other labels is another stream: the stage acquires it, and holds it as long as the one that it was made of is
 * in the table.
 *
 * Guard: a label takes at most `maxValues` values of its field from one source key. What comes beyond that stays a field.
 */
import type { LabelsProcessorConfig } from '../../config/processor-types.js';
import type { Stage, StageContext } from '../../pipeline/contract.js';
import type { Draft } from '../../pipeline/draft.js';
import { type FieldName, fieldName, type Metadata } from '../../pipeline/metadata.js';
import type { Labels, Stream } from '../../pipeline/streams.js';
import { PerStream } from '../per-stream.js';
import type { Tally } from '../tally.js';

/** Longer values stay fields; Loki takes 2048 bytes. */
const MAX_VALUE_BYTES = 1024;
/** Made of one stream, whatever the values of several labels are together. */
const MAX_STREAMS = 10_000;

interface FromField {
  readonly label: string;
  readonly field: string;
  readonly name: FieldName;
  /** That were made labels. */
  readonly values: Set<string>;
}

/** What became of a stream. */
interface Derived {
  readonly base: Stream;
  /** Without labels that are made of fields. */
  readonly plain: Stream;
  readonly byValues: Map<string, Stream>;
}

export class LabelStage implements Stage {
  readonly #config: LabelsProcessorConfig;
  readonly #context: StageContext;
  readonly #tally: Tally;
  readonly #tell: (label: string, field: string, stream: string) => void;
  readonly #fromFields: readonly FromField[];
  /** Of the row at hand, in the order of #fromFields; empty where there is none. */
  readonly #values: string[];
  readonly #derived: PerStream<Derived>;

  constructor(
    config: LabelsProcessorConfig,
    context: StageContext,
    tally: Tally,
    tell: (label: string, field: string, stream: string) => void,
  ) {
    this.#config = config;
    this.#context = context;
    this.#tally = tally;
    this.#tell = tell;
    this.#fromFields = Object.entries(config.fromFields).map(([label, field]) => ({
      label,
      field,
      name: fieldName(field),
      values: new Set(),
    }));
    this.#values = this.#fromFields.map(() => '');
    const { streams } = context;
    this.#derived = new PerStream<Derived>(
      streams,
      (base) => ({ base, plain: this.#streamOf(base, {}), byValues: new Map() }),
      ({ plain, byValues }) => {
        streams.release(plain);
        for (const stream of byValues.values()) streams.release(stream);
      },
    );
  }

  process(draft: Draft): void {
    const { stream, length, metadata } = draft;
    for (let row = 0; row < length; row++) {
      if (!this.#context.selects(stream[row])) continue;
      this.#tally.lines++;
      const derived = this.#derived.of(stream[row]);
      const hasFields = this.#fromFields.length > 0 && metadata?.has(row) === true;
      stream[row] = (hasFields && this.#withValues(metadata, row, derived)?.id) || derived.plain.id;
    }
  }

  close(): void {
    this.#derived.clear();
  }

  /** Takes the fields that become labels; undefined where none does. */
  #withValues(metadata: Metadata, row: number, { base, byValues }: Derived): Stream | undefined {
    let key = '';
    for (const [i, from] of this.#fromFields.entries()) {
      const value = metadata.find(row, from.name) ? this.#valueIn(metadata, from, base) : '';
      this.#values[i] = value;
      key += `${value.length}:${value}`;
    }
    if (this.#values.every((value) => value === '')) return undefined;
    let stream = byValues.get(key);
    if (!stream) {
      if (byValues.size === MAX_STREAMS) {
        this.#tally.did('too_many_streams');
        return undefined;
      }
      const labels: Record<string, string> = {};
      for (const [i, { label }] of this.#fromFields.entries())
        if (this.#values[i] !== '') labels[label] = this.#values[i];
      stream = this.#streamOf(base, labels);
      byValues.set(key, stream);
    }
    for (const [i, { name }] of this.#fromFields.entries())
      if (this.#values[i] !== '') metadata.remove(row, name);
    return stream;
  }

  /** The value that was found in the row; empty where it must stay a field. */
  #valueIn(
    { bytes, valueStart, valueEnd }: Metadata,
    { label, field, values }: FromField,
    base: Stream,
  ): string {
    if (valueEnd - valueStart > MAX_VALUE_BYTES) {
      this.#tally.did('value_too_long');
      return '';
    }
    const value = bytes.toString('utf8', valueStart, valueEnd);
    if (values.has(value) || value === '') return value;
    if (values.size < this.#config.maxValues) {
      values.add(value);
      return value;
    }
    this.#tally.did('over_max_values');
    this.#tell(label, field, base.text);
    return '';
  }

  /** One use more of the stream that `base` becomes, with these labels beside. */
  #streamOf(base: Stream, more: Labels): Stream {
    const { add, rename, drop } = this.#config;
    const labels: Record<string, string> = { ...base.labels };
    for (const name of [...drop, ...Object.keys(rename)]) delete labels[name];
    for (const [from, to] of Object.entries(rename))
      if (Object.hasOwn(base.labels, from) && !drop.includes(from)) labels[to] = base.labels[from];
    Object.assign(labels, add, more);
    // A stream without labels is none.
    const isNone = Object.values(labels).every((value) => value === '');
    return this.#context.streams.acquire(isNone ? base.labels : labels, base.tuning);
  }
}

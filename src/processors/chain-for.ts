/**
 * Which processors the lines of a container pass: those of the configuration, but where the container tunes one by label.
 *
 * Of a type that is tuned there is one processor or none: it stands where the first one of the type is configured, and is for
 * all streams of the container. Where none is configured `multiline` comes first, `parse` behind it, and `redact` last.
 * Containers of one tuning share their processors.
 */
import type { ProcessorConfig } from '../config/processor-types.js';
import type { ChainEntry } from '../pipeline/chain.js';
import type { Processor } from '../pipeline/contract.js';
import type { ChainsFor } from '../pipeline/processing.js';

/** In the order in which they stand where they are not configured. */
export const TUNABLE = ['multiline', 'parse', 'redact'] as const;
export type Tunable = (typeof TUNABLE)[number];

export interface ConfiguredProcessor {
  readonly name: string;
  readonly config: ProcessorConfig;
  readonly entry: ChainEntry;
}

/**
 * Makes the processor that a container's label asks for, on the base of what is configured, if anything is; undefined where the label
 * says none.
 */
export type MakeTuned = (
  type: Tunable,
  value: string,
  configured: ConfiguredProcessor | undefined,
) => Processor | undefined;

export function chainsFor(configured: readonly ConfiguredProcessor[], make: MakeTuned): ChainsFor {
  const processors = new Map<string, Processor | undefined>();
  const tunedBy = (type: Tunable, value: string): Processor | undefined => {
    const key = `${type} ${value}`;
    if (!processors.has(key))
      processors.set(
        key,
        make(
          type,
          value,
          configured.find(({ config }) => config.type === type),
        ),
      );
    return processors.get(key);
  };
  return (tuning = {}) => {
    const items = TUNABLE.filter((type) => Object.hasOwn(tuning, type)).reduce<readonly Item[]>(
      (items, type) => replaced(items, type, tunedBy(type, tuning[type])),
      configured.map(({ config: { type }, entry }) => ({ type, entry })),
    );
    return items.map(({ entry }) => entry);
  };
}

interface Item {
  readonly type: ProcessorConfig['type'];
  readonly entry: ChainEntry;
}

function replaced(items: readonly Item[], type: Tunable, processor: Processor | undefined): Item[] {
  const first = items.findIndex((item) => item.type === type);
  const at = first >= 0 ? first : DEFAULT_PLACES[type](items);
  const own = processor ? [{ type, entry: { processor, match: undefined } }] : [];
  const others = (part: readonly Item[]): Item[] => part.filter((item) => item.type !== type);
  return [...others(items.slice(0, at)), ...own, ...others(items.slice(at))];
}

const DEFAULT_PLACES: Readonly<Record<Tunable, (items: readonly Item[]) => number>> = {
  multiline: () => 0,
  parse: (items) => items.findIndex(({ type }) => type === 'multiline') + 1,
  redact: (items) => items.length,
};

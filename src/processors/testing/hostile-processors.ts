/** Processors that take patterns, made with one; and all others, which get lines alone. For tests and measurements. */
import { REDACT_RULES } from '../../config/processor-types.js';
import type { Processor, Stage } from '../../pipeline/contract.js';
import { Draft } from '../../pipeline/draft.js';
import { StreamTable } from '../../pipeline/streams.js';
import { createDedupeProcessor } from '../dedupe/index.js';
import { createFilterProcessor } from '../filter/index.js';
import { createLevelProcessor } from '../level/index.js';
import { createMetricsProcessor } from '../metrics/index.js';
import { createMultilineProcessor } from '../multiline/index.js';
import { createParseProcessor } from '../parse/index.js';
import { createRedactProcessor } from '../redact/index.js';

const LIMITS = { maxLines: 500, maxBytes: 256 * 1024, timeoutMs: 1_000 };
const quoted = (pattern: string): string => JSON.stringify(pattern);

/** Throw a SyntaxError for patterns that they refuse. */
export const WITH_PATTERN: Readonly<Record<string, (pattern: string) => Processor>> = {
  'filter keep': (pattern) =>
    createFilterProcessor('filter', { type: 'filter', keep: [`|~ ${quoted(pattern)}`], drop: [] }),
  'filter, three patterns': (pattern) =>
    createFilterProcessor('filter', {
      type: 'filter',
      keep: [`!~ ${quoted(pattern)} |~ ${quoted(`x${pattern}`)}`],
      drop: [`|~ ${quoted(`${pattern}y`)}`],
    }),
  'filter, a text': (pattern) =>
    createFilterProcessor('filter', { type: 'filter', keep: [`|= ${quoted(pattern.repeat(2))}`], drop: [] }),
  metrics: (pattern) =>
    createMetricsProcessor('metrics', {
      type: 'metrics',
      metrics: [pattern, `${pattern}z`].map((one, i) => ({
        name: `m${i}_total`,
        kind: 'counter',
        help: '',
        where: `|~ ${quoted(one)}`,
        labels: [],
        buckets: [],
      })),
    }),
  parse: (pattern) =>
    createParseProcessor('parse', { type: 'parse', format: 'regex', pattern: `(?P<a>${pattern})(?P<b>.*)` }),
  redact: (pattern) => createRedactProcessor('redact', { rules: [], patterns: [{ name: 'own', pattern }] }),
  multiline: (pattern) =>
    createMultilineProcessor('multiline', {
      type: 'multiline',
      start: pattern,
      continues: `${pattern}z`,
      ...LIMITS,
    }),
};

export const WITHOUT_PATTERN: Readonly<Record<string, () => Processor>> = {
  'multiline, eight languages': () => createMultilineProcessor('multiline', { type: 'multiline', ...LIMITS }),
  ...Object.fromEntries(
    (['json', 'logfmt', 'cri', 'syslog', 'clf', 'combined', 'klog', 'auto'] as const).map((format) => [
      `parse ${format}`,
      () => createParseProcessor('parse', { type: 'parse', format }),
    ]),
  ),
  level: () => createLevelProcessor('level', { type: 'level' }),
  'redact, built-in rules': () => createRedactProcessor('redact', { rules: REDACT_RULES, patterns: [] }),
  dedupe: () => createDedupeProcessor('dedupe', { type: 'dedupe', windowMs: 10_000 }),
};

/** A stage, and how one line is given to it: a draft of its own each time. */
export class OneLine {
  readonly #stage: Stage;
  readonly #stream: number;
  readonly draft = new Draft();

  constructor(processor: Processor) {
    const streams = new StreamTable();
    this.#stream = streams.acquire({ container: 'web', stream: 'stdout' }).id;
    this.#stage = processor.begin({ selects: () => true, streams, now: () => 0 });
  }

  give(line: Buffer): void {
    this.draft.clear();
    this.draft.addLine(line, this.#stream, { seconds: 1, nanos: 0, flags: 0 });
    this.#stage.process(this.draft, { generated() {}, filtered() {}, merged() {}, held() {} });
  }
}

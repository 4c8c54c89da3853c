/** A multiline processor with defaults, and what it makes of lines. */
import type { MultilineProcessorConfig } from '../../../config/processor-types.js';
import { StageKit } from '../../../pipeline/testing/stage-kit.js';
import { createMultilineProcessor } from '../index.js';

const DEFAULTS: MultilineProcessorConfig = {
  type: 'multiline',
  maxLines: 500,
  maxBytes: 256 * 1024,
  timeoutMs: 1000,
};

export type Given = Partial<MultilineProcessorConfig>;

export const processor = (config: Given = {}) =>
  createMultilineProcessor('multiline', { ...DEFAULTS, ...config });
export const kitOf = (config: Given = {}): StageKit => new StageKit(() => [processor(config)]);

/** One push, and then nothing for long. */
export function joined(lines: readonly string[], config: Given = {}): string[] {
  return kitOf(config)
    .push(lines.map((text) => ({ text })))
    .flush()
    .texts();
}

export const STDOUT = { container: 'web', stream: 'stdout' };
export const STDERR = { container: 'web', stream: 'stderr' };
export const TRACE = [
  'java.lang.IllegalStateException: boom',
  '\tat a.B.c(B.java:1)',
  '\tat a.B.d(B.java:2)',
];

/** Processors in tests: whatever a source makes of its lines, batch by batch, the same must come out. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { Processor } from '../../pipeline/contract.js';
import { type InLine, type OutLine, StageKit, type Told } from '../../pipeline/testing/stage-kit.js';

export interface Outcome {
  readonly out: readonly OutLine[];
  readonly told: Told;
}

/** `lines` in one batch, and then in arbitrary ones: answers what came out, everything flushed at the end. */
export function inAnySplit(
  make: () => Processor,
  lines: fc.Arbitrary<InLine[]>,
  look: (outcome: Outcome, lines: readonly InLine[]) => void,
): void {
  fc.assert(
    fc.property(lines, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (lines, sizes) => {
      const whole = new StageKit(() => [make()]).push(lines).flush();
      const parts = new StageKit(() => [make()]);
      for (let at = 0, i = 0; at < lines.length; i++) {
        const size = sizes[i % sizes.length];
        parts.push(lines.slice(at, at + size));
        at += size;
      }
      parts.flush();
      expect({ out: parts.out, told: parts.told }).toEqual({ out: whole.out, told: whole.told });
      look(whole, lines);
    }),
    { numRuns: 150 },
  );
}

export const WEB = { container: 'web', stream: 'stdout' };
export const WEB_ERR = { container: 'web', stream: 'stderr' };
export const DB = { container: 'db', stream: 'stdout' };

/** Lines of three streams, of few texts, with times that rise. */
export function linesOf(texts: readonly string[]): fc.Arbitrary<InLine[]> {
  return fc
    .array(fc.record({ text: fc.constantFrom(...texts), labels: fc.constantFrom(WEB, WEB_ERR, DB) }), {
      maxLength: 40,
    })
    .map((lines) => lines.map((line, i) => ({ ...line, nanos: i })));
}

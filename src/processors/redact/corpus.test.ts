import { expect, test } from 'vitest';
import { DEFAULT_RULES } from '../../config/schema/processors/redact.js';
import { StageKit } from '../../pipeline/testing/stage-kit.js';
import { createRedactProcessor } from './index.js';
import { CORPUS_SIZE, lookAlikes, secretLines } from './testing/corpus.js';

function redacted(lines: readonly string[]): string[] {
  const kit = new StageKit(() => [createRedactProcessor('redact', { rules: DEFAULT_RULES, patterns: [] })]);
  // Each in a stream of its own: a key that is cut off is none of the next line's business.
  return kit.push(lines.map((text, i) => ({ text, labels: { container: `c${i}` } }))).texts();
}

test('secrets go, and what looks like them stays: recall and precision', () => {
  const secrets = secretLines();
  const harmless = lookAlikes();
  expect(new Set(secrets.map(({ line }) => line)).size).toBe(CORPUS_SIZE);
  expect(new Set(harmless).size).toBe(CORPUS_SIZE);

  const masked = redacted(secrets.map(({ line }) => line));
  const missed = secrets.filter(({ secret }, i) => masked[i].includes(secret));
  const left = redacted(harmless);
  const alarms = harmless.filter((line, i) => left[i] !== line);

  const found = CORPUS_SIZE - missed.length;
  const recall = found / CORPUS_SIZE;
  const precision = found / (found + alarms.length);
  console.log(
    `redact: recall ${recall.toFixed(4)}, precision ${precision.toFixed(4)}, of ${CORPUS_SIZE} each`,
  );
  for (const { rule, line } of missed) console.log(`  missed (${rule}): ${line}`);
  for (const line of alarms) console.log(`  false alarm: ${line} -> ${left[harmless.indexOf(line)]}`);
  expect(recall).toBeGreaterThanOrEqual(0.98);
  expect(precision).toBeGreaterThanOrEqual(0.95);
});

import { expect, test } from 'vitest';
import { DEFAULT_RULES } from '../../config/schema/processors/redact.js';
import { StageKit } from '../../pipeline/testing/stage-kit.js';
import { createRedactProcessor } from './index.js';
import { readFileSync } from 'node:fs';
test('try', () => {
  const kit = new StageKit(() => [createRedactProcessor('redact', { rules: DEFAULT_RULES, patterns: [] })]);
  kit.pushTexts(...readFileSync('/tmp/R/lines.txt', 'utf8').trimEnd().split('\n'));
  console.log(kit.texts().join('\n'));
  expect(1).toBe(1);
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LevelProcessorConfig } from '../../config/processor-types.js';
import { type InLine, processorOf, StageKit } from '../../pipeline/testing/stage-kit.js';
import { createParseProcessor } from '../parse/index.js';
import { createLevelProcessor } from './index.js';

function kitOf(config: Partial<LevelProcessorConfig> = {}): StageKit {
  return new StageKit(() => [createLevelProcessor('level', { type: 'level', ...config })]);
}

function levelOf(text: string, fields: InLine['fields'] = [], config: Partial<LevelProcessorConfig> = {}) {
  return kitOf(config).push([{ text, fields }]).out[0].fields['level'];
}

describe('By a field', () => {
  test.each([
    ['level', 'WARNING', 'warn'],
    ['level', 'info', 'info'],
    ['level', '30', 'info'],
    ['level', '60', 'critical'],
    ['level', '3', undefined],
    ['lvl', 'dbg', 'debug'],
    ['loglevel', 'Trace', 'trace'],
    ['log_level', 'SEVERE', 'error'],
    ['severity', '3', 'error'],
    ['severity', '0', 'critical'],
    ['severity', 'notice', 'info'],
    ['severity', 'err', 'error'],
    ['severity', 'I', 'info'],
    ['severity', 'W', 'warn'],
    ['severity', 'F', 'critical'],
    ['priority', '4', 'warn'],
    ['levelname', 'CRITICAL', 'critical'],
    ['levelname', '30', undefined],
    ['severity_text', 'ERROR', 'error'],
    ['_l', 'Fatal', 'critical'],
    ['level', '99999', undefined],
    ['other', 'error', undefined],
  ])('%s=%s: %s', (name, value, level) => {
    const [{ fields }] = kitOf().push([{ text: 'text', fields: [[name, value]] }]).out;
    expect(fields).toEqual({ ...(level !== 'unknown' && { [name]: value }), ...(level && { level }) });
  });

  test('which says nothing leaves it to the next one, then to the line; what it says stays where nothing else does', () => {
    expect(
      levelOf('text', [
        ['level', 'loud'],
        ['severity', 'error'],
      ]),
    ).toBe('error');
    expect(levelOf('[warn] text', [['level', 'loud']])).toBe('warn');
    expect(levelOf('text', [['level', 'loud']])).toBe('loud');
    expect(levelOf('text', [['level', 'loud']], { default: 'info' })).toBe('info');
  });

  test('the line is not asked where a field tells it; the other fields stay', () => {
    const fields: InLine['fields'] = [
      ['a', '1'],
      ['level', 'Error'],
      ['b', '2'],
    ];
    expect(kitOf().push([{ text: 'INFO text', fields }]).out[0].fields).toEqual({
      a: '1',
      level: 'error',
      b: '2',
    });
  });
});

test('it is there once', () => {
  const pairs: [string, string][] = [];
  const probe = processorOf((draft) => pairs.push(...(draft.metadata?.pairs(0) ?? [])));
  const kit = new StageKit(() => [createLevelProcessor('level', { type: 'level' }), probe]);
  kit.push([{ text: 'x', fields: [['level', 'WARN']] }]);
  expect(pairs).toEqual([['level', 'warn']]);
});

describe('By the line', () => {
  test.each([
    ['2026-11-22 12:00:00 ERROR no', 'error'],
    ['{"level":"warn"}', 'warn'],
    ['<11>1 - - - - - - x', 'error'],
    ['I1122 12:00:00.000000 1 f.go:1] x', 'info'],
    ['no error found', undefined],
    ['', undefined],
  ])('%s: %s', (line, level) => {
    expect(levelOf(line)).toBe(level);
    expect(levelOf(line, [], { default: 'debug' })).toBe(level ?? 'debug');
  });
});

test('with `parse` before it, of fields that were taken', () => {
  const kit = new StageKit(() => [
    createParseProcessor('parse', { type: 'parse', format: 'auto' }),
    createLevelProcessor('level', { type: 'level' }),
  ]);
  kit.push(
    [
      '{"level":50,"msg":"x"}',
      'level=debug x=1',
      '<12>Nov 22 12:00:00 h a: x',
      'W1122 12:00:00.000000 1 f.go:1] x',
    ].map((text) => ({ text })),
  );
  expect(kit.out.map(({ fields }) => fields['level'])).toEqual(['error', 'debug', 'warn', 'warn']);
});

test('streams that it is not for stay as they are', () => {
  const processor = createLevelProcessor('level', { type: 'level' });
  const kit = new StageKit(() => [{ processor, match: (labels) => labels['app'] === 'a' }]);
  kit.push([
    { text: 'ERROR', labels: { app: 'b' } },
    { text: 'ERROR', labels: { app: 'a' } },
  ]);
  expect(kit.out.map(({ fields }) => fields)).toEqual([{}, { level: 'error' }]);
  expect(processor.figures.lines).toBe(1);
});

test('any bytes in any batches', () => {
  const line = fc.record({
    text: fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('ERROR x', '{"level":30}', 'x').map((text) => Buffer.from(text)),
    ),
    fields: fc.array(
      fc.tuple(fc.constantFrom('level', 'severity', 'x'), fc.constantFrom('3', '30', 'error', 'ü', '?')),
      { maxLength: 2 },
    ),
  });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.nat(8), (lines, cut) => {
      const whole = kitOf().push(lines).out;
      const parts = kitOf().push(lines.slice(0, cut)).push(lines.slice(cut)).out;
      expect(parts).toEqual(whole);
      expect(whole.map(({ bytes }) => bytes)).toEqual(lines.map(({ text }) => text.toString('latin1')));
    }),
    { numRuns: 200 },
  );
});

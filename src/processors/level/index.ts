/**
 * `level`: the field `level`, one of Loki's names, by a field that was parsed, else by the line's text, else the default.
 *
 * A field tells it by a word (`WARN`, `warning`, `w`), by pino's and bunyan's numbers, or by a syslog severity. The first of
 * FIELDS that tells anything counts. A line that tells nothing gets none, and keeps what its field `level` says.
 */
import type { LevelProcessorConfig } from '../../config/processor-types.js';
import type { Processor } from '../../pipeline/contract.js';
import type { Draft } from '../../pipeline/draft.js';
import { type FieldName, fieldName, type Metadata } from '../../pipeline/metadata.js';
import { LEVELS, type Level, levelOf } from '../../query/index.js';
import { levelOfValue } from '../../query/level-json.js';
import type { FieldNumbers } from '../../query/level-names.js';
import { Tally } from '../tally.js';

const LEVEL = fieldName('level');
const FIELDS: readonly (readonly [name: FieldName, numbers: FieldNumbers])[] = (
  [
    ['level', 'tens'],
    ['lvl', 'tens'],
    ['loglevel', 'tens'],
    ['log_level', 'tens'],
    ['severity', 'syslog'],
    ['priority', 'syslog'],
    ['syslog_severity', 'syslog'],
    ['levelname', 'none'],
    ['severity_text', 'none'],
    ['_l', 'none'],
  ] as const
).map(([name, numbers]) => [fieldName(name), numbers]);
const VALUES = new Map(LEVELS.map((level) => [level, Buffer.from(level)]));

export function createLevelProcessor(name: string, config: LevelProcessorConfig): Processor {
  const tally = new Tally(name);
  const fallback = config.default ?? 'unknown';

  function put(draft: Draft, row: number): void {
    tally.lines++;
    const { metadata } = draft;
    let level: Level = metadata?.has(row) ? levelOfFields(metadata, row) : 'unknown';
    if (level === 'unknown') level = levelOf(draft.arena, draft.start[row], draft.end[row]);
    if (level === 'unknown') level = fallback;
    const value = VALUES.get(level);
    if (level === 'unknown' || value === undefined) return;
    const fields = draft.fields();
    if (fields.find(row, LEVEL)) {
      if (fields.bytes.compare(value, 0, value.length, fields.valueStart, fields.valueEnd) === 0) return;
      fields.remove(row, LEVEL);
    }
    fields.add(row, LEVEL, value, 0, value.length);
  }

  return {
    name,
    figures: tally,
    begin: ({ selects }) => ({
      process(draft) {
        for (let row = 0; row < draft.length; row++) if (selects(draft.stream[row])) put(draft, row);
      },
    }),
  };
}

function levelOfFields(metadata: Metadata, row: number): Level {
  for (const [name, numbers] of FIELDS) {
    if (!metadata.find(row, name)) continue;
    const level = levelOfValue(metadata.bytes, metadata.valueStart, metadata.valueEnd, numbers);
    if (level !== 'unknown') return level;
  }
  return 'unknown';
}

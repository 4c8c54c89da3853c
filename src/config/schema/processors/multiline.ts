/** A processor of type multiline. */
import { z } from 'zod';
import { Budget, compileSearch, PatternError } from '../../../regex/index.js';
import { type Leaf, leaf } from '../../leaf.js';
import { duration, size, whole } from '../../leaves.js';
import {
  MULTILINE_LANGUAGES,
  type MultilineLanguage,
  type MultilineProcessorConfig,
} from '../../processor-types.js';
import { section } from '../../section.js';
import { MATCH, MIB, MINUTE, match, SECOND, TYPE } from '../shared.js';

const languages = (): Leaf<readonly MultilineLanguage[]> =>
  leaf(
    {
      accepts: `a list of languages: ${MULTILINE_LANGUAGES.join(', ')}`,
      json: { type: ['array', 'string'], items: { enum: MULTILINE_LANGUAGES } },
    },
    (value) => {
      const names = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
      if (!Array.isArray(names) || names.length === 0) return undefined;
      const known = MULTILINE_LANGUAGES.filter((language) => names.includes(language));
      return names.every((name) => known.includes(name as MultilineLanguage)) ? known : undefined;
    },
  );

const pattern = (): Leaf<string> =>
  leaf({ accepts: 'a regular expression', json: { type: 'string', minLength: 1 } }, (value) => {
    if (typeof value !== 'string' || value === '') return undefined;
    try {
      compileSearch(value, new Budget());
    } catch (error) {
      if (error instanceof PatternError) throw new SyntaxError(error.what);
      throw error;
    }
    return value;
  });

export const multiline = section<MultilineProcessorConfig>({
  type: ['type', z.literal('multiline'), TYPE],
  match: ['match', match().optional(), MATCH],
  languages: ['languages', languages().optional(), 'Whose stack traces are joined. Default: all.'],
  start: [
    'start',
    pattern().optional(),
    'Lines that begin an event, instead of stack traces: all up to the next one is joined, and every line waits for the next.',
  ],
  continues: [
    'continue',
    pattern().optional(),
    'Lines that belong to the one before. With start, only these are joined to it.',
  ],
  maxLines: ['max_lines', whole(2, 100_000, 500).default(500), 'What is longer becomes several lines.'],
  maxBytes: [
    'max_bytes',
    size(1024, '256KiB', MIB).default(MIB / 4),
    'What is longer becomes several lines.',
  ],
  timeoutMs: [
    'timeout',
    duration(10, '1s', MINUTE).default(SECOND),
    'How long an event waits for its next line.',
  ],
});

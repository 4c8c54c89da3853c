/** A processor of type level. */
import { z } from 'zod';
import { LEVELS } from '../../../query/index.js';
import { oneOf } from '../../leaves.js';
import type { LevelProcessorConfig } from '../../processor-types.js';
import { section } from '../../section.js';
import { MATCH, match, TYPE } from '../shared.js';

const KNOWN = LEVELS.filter((level) => level !== 'unknown');

export const level = section<LevelProcessorConfig>({
  type: ['type', z.literal('level'), TYPE],
  match: ['match', match().optional(), MATCH],
  default: [
    'default',
    oneOf(...KNOWN).optional(),
    'The level of lines that tell none; default: they have no field `level`.',
  ],
});

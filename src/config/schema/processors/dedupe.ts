/** A processor of type dedupe. */
import { z } from 'zod';
import { duration } from '../../leaves.js';
import type { DedupeProcessorConfig } from '../../processor-types.js';
import { section } from '../../section.js';
import { DAY, MATCH, match, SECOND, TYPE } from '../shared.js';

export const dedupe = section<DedupeProcessorConfig>({
  type: ['type', z.literal('dedupe'), TYPE],
  match: ['match', match().optional(), MATCH],
  windowMs: [
    'window',
    duration(100, '10s', DAY).default(10 * SECOND),
    'How long after a line the same line, coming right behind it, is a repetition.',
  ],
});

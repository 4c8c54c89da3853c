/** A processor of type rate_limit. */
import { z } from 'zod';
import { number, whole } from '../../leaves.js';
import type { RateLimitProcessorConfig } from '../../processor-types.js';
import { section } from '../../section.js';
import { MATCH, match, TYPE } from '../shared.js';

const MAX_LINES = 10_000_000;

export const rateLimit = section<RateLimitProcessorConfig>({
  type: ['type', z.literal('rate_limit'), TYPE],
  match: ['match', match().optional(), MATCH],
  linesPerSecond: [
    'lines_per_second',
    number(0, MAX_LINES, 100),
    'So many lines of a stream pass in a second, in the long run.',
  ],
  burst: [
    'burst',
    whole(1, MAX_LINES, 1000).optional(),
    'So many may pass at once after a pause. Default: lines_per_second.',
  ],
});

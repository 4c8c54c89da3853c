/** A processor of type filter. */
import { z } from 'zod';
import type { FilterProcessorConfig } from '../../processor-types.js';
import { section } from '../../section.js';
import { MATCH, match, query, TYPE } from '../shared.js';

export const filter = section<FilterProcessorConfig>({
  type: ['type', z.literal('filter'), TYPE],
  match: ['match', match().optional(), MATCH],
  keep: [
    'keep',
    z.array(query()).default([]),
    'Queries: a line that none of them wants goes. None: all stay.',
  ],
  drop: ['drop', z.array(query()).default([]), 'Queries: a line that one of them wants goes.'],
});

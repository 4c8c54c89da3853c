/** A source of type stdin. */
import { z } from 'zod';
import { size, text } from '../../leaves.js';
import { section } from '../../section.js';
import type { StdinSourceConfig } from '../../types.js';
import { MIB, TYPE } from '../shared.js';

export const stdin = section<StdinSourceConfig>({
  type: ['type', z.literal('stdin'), TYPE],
  container: [
    'container',
    text('a name, such as stdin').default('stdin'),
    'The label container of its lines.',
  ],
  maxLineBytes: ['max_line_bytes', size(1024, '512KiB', MIB).default(MIB / 2), 'Longer lines are cut.'],
});

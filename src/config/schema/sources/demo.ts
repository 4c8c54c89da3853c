/** A source of type demo. */
import { z } from 'zod';
import { whole } from '../../leaves.js';
import { section } from '../../section.js';
import type { DemoSourceConfig } from '../../types.js';
import { TYPE } from '../shared.js';

export const demo = section<DemoSourceConfig>({
  type: ['type', z.literal('demo'), TYPE],
  linesPerSecond: ['lines_per_second', whole(1, 1_000_000, 20).default(20), 'Over all containers together.'],
  containers: ['containers', whole(1, 1000, 4).default(4), 'How many containers to make up.'],
});

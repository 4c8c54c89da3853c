/** A processor of type sample. */
import { z } from 'zod';
import { number } from '../../leaves.js';
import type { SampleProcessorConfig } from '../../processor-types.js';
import { section } from '../../section.js';
import { MATCH, match, TYPE } from '../shared.js';

export const sample = section<SampleProcessorConfig>({
  type: ['type', z.literal('sample'), TYPE],
  match: ['match', match().optional(), MATCH],
  rate: ['rate', number(0, 1, 0.1), 'Which part of the lines of a stream stays: 0.1 is every tenth.'],
});

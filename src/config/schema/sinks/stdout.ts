/** A sink of type stdout. */
import { z } from 'zod';
import { section } from '../../section.js';
import type { StdoutSinkConfig } from '../../types.js';
import { MATCH, match, TYPE } from '../shared.js';

export const stdout = section<StdoutSinkConfig>({
  type: ['type', z.literal('stdout'), TYPE],
  match: ['match', match().optional(), MATCH],
});

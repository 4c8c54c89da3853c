/** All rows of `npm run bench`. */
import type { Row } from '../row.js';
import { api } from './api.js';
import { catchUp } from './catch-up.js';
import { live } from './live.js';
import { memory } from './memory.js';
import { processors } from './processors.js';
import { quiet } from './quiet.js';
import { start } from './start.js';
import { file, loki, three } from './throughput.js';

export const ROWS: Readonly<Record<string, Row>> = {
  file,
  loki,
  three,
  live,
  api,
  quiet,
  'catch-up': catchUp,
  start,
  memory,
  processors,
};

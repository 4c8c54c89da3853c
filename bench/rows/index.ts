/** All rows of `npm run bench`. */
import type { Row } from '../row.js';
import { live } from './live.js';
import { memory } from './memory.js';
import { quiet } from './quiet.js';
import { start } from './start.js';
import { file, loki, three } from './throughput.js';

export const ROWS: Readonly<Record<string, Row>> = { file, loki, three, live, quiet, start, memory };

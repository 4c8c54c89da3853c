/** All rows of `npm run bench`. */
import type { Row } from '../row.js';
import { file, loki, three } from './throughput.js';

export const ROWS: Readonly<Record<string, Row>> = { file, loki, three };

/** A sink of type file. */
import { z } from 'zod';
import { duration, flag, oneOf, path, size, whole } from '../../leaves.js';
import { section } from '../../section.js';
import type { FileSinkConfig } from '../../types.js';
import { GIB, MATCH, MIB, match, SECOND, TYPE } from '../shared.js';

export const file = section<FileSinkConfig>({
  type: ['type', z.literal('file'), TYPE],
  match: ['match', match().optional(), MATCH],
  directory: [
    'directory',
    path('a folder, such as ./data/logs'),
    'Where the files are written, one per container; it belongs to this sink alone, and may lie in data_dir but not around it.',
  ],
  format: ['format', oneOf('text', 'json').default('text'), 'What a line of a file looks like.'],
  maxBytes: [
    'max_bytes',
    size(64 * 1024, '100MiB').default(100 * MIB),
    'A file that would grow beyond this is closed and the next one begun.',
  ],
  maxAgeMs: [
    'max_age',
    duration(SECOND, '24h').optional(),
    'A file is closed this long after its first line.',
  ],
  maxFiles: [
    'max_files',
    whole(1, 100_000, 10).default(10),
    'Files kept per container, the live one included.',
  ],
  maxTotalBytes: [
    'max_total_bytes',
    size(MIB, '1GiB').default(GIB),
    'Most bytes of the whole directory; the oldest closed files go.',
  ],
  compress: ['compress', flag().default(true), 'Whether closed files are compressed with gzip.'],
});

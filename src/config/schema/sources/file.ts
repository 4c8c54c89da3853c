/** A source of type file. */
import { z } from 'zod';
import { parsePathPattern } from '../../../runtime/path-patterns.js';
import { type Leaf, leaf } from '../../leaf.js';
import { anyText, labelName, oneOf, path, size, startAt } from '../../leaves.js';
import { section } from '../../section.js';
import type { FileSourceConfig } from '../../types.js';
import { DAY, MIB, TYPE } from '../shared.js';

const patterns = (): Leaf<readonly string[]> =>
  leaf(
    {
      accepts: 'a list of patterns of absolute paths, such as ["/var/log/*.log"]',
      json: { type: ['array', 'string'], items: { type: 'string', pattern: '^/' } },
    },
    (value) => {
      const given = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
      if (!Array.isArray(given) || !given.every((item) => typeof item === 'string')) return undefined;
      for (const pattern of given) parsePathPattern(pattern);
      return given;
    },
  );

export const file = section<FileSourceConfig>({
  type: ['type', z.literal('file'), TYPE],
  include: [
    'include',
    patterns(),
    'Which files: * stands for anything but /, ? for one character, ** for any number of folders, {a,b} for one of them.',
  ],
  exclude: ['exclude', patterns().default([]), 'Files and folders that are left out, by such patterns.'],
  format: [
    'format',
    oneOf('plain', 'cri', 'docker').default('plain'),
    "What a line is: anything; a record as Kubernetes' runtimes write; a record of Docker's json-file.",
  ],
  encoding: [
    'encoding',
    oneOf('utf-8', 'utf-16le', 'utf-16be', 'latin1').default('utf-8'),
    'Of plain files; a byte order mark counts more.',
  ],
  startAt: [
    'start_at',
    startAt().default(DAY),
    'Where to begin in files that were there before the first start; an age: at the beginning of files that changed since, at the end of others.',
  ],
  maxHistoryBytes: [
    'max_history_bytes',
    size(0, '64MiB').default(64 * MIB),
    'Most bytes of such an old file that are read, where start_at is an age.',
  ],
  maxLineBytes: ['max_line_bytes', size(1024, '512KiB', MIB).default(MIB / 2), 'Longer lines are cut.'],
  labels: ['labels', z.record(labelName(), anyText()).default({}), 'Labels on every stream of the source.'],
  promtailPositions: [
    'promtail_positions',
    path("Promtail's positions file").optional(),
    'At the first start reading goes on where Promtail stopped.',
  ],
});

/** A source of type journald. */
import { z } from 'zod';
import { type Leaf, leaf } from '../../leaf.js';
import { path, size, startAt, texts } from '../../leaves.js';
import { section } from '../../section.js';
import type { JournaldSourceConfig } from '../../types.js';
import { DAY, MIB, TYPE } from '../shared.js';

const FIELD = '^[A-Z0-9_]{1,64}$';
const MATCH = '^(\\+|[A-Z0-9_]{1,64}=[\\s\\S]*)$';

/** A list of texts of a certain form; in the environment separated by commas. */
function textsLike(example: string, pattern: string): Leaf<readonly string[]> {
  const expression = new RegExp(pattern, 'u');
  const items = { type: 'string', pattern };
  return leaf({ accepts: `a list of ${example}`, json: { type: ['array', 'string'], items } }, (value) => {
    const given = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
    const isList =
      Array.isArray(given) && given.every((item) => typeof item === 'string' && expression.test(item));
    return isList ? (given as string[]) : undefined;
  });
}

export const journald = section<JournaldSourceConfig>({
  type: ['type', z.literal('journald'), TYPE],
  units: [
    'units',
    texts('["ssh.service"]').default([]),
    'Only these units, as journalctl --unit takes them, and what systemd says of them; default: all.',
  ],
  matches: [
    'matches',
    textsLike('matches of fields, such as ["_TRANSPORT=kernel"]', MATCH).default([]),
    'Only entries with these fields, as journalctl takes them: those of one field are alternatives, those of several must all be there, + is an or between groups.',
  ],
  directory: [
    'directory',
    path('a folder with journal files').optional(),
    'Where the journal is; default: the one of this machine.',
  ],
  file: ['file', path('a journal file').optional(), 'One journal file, or several by * and ?.'],
  fields: [
    'fields',
    textsLike('fields of the journal, such as ["_PID", "CODE_FILE"]', FIELD).default([]),
    'Fields of entries that go with the lines as structured metadata: _PID as pid.',
  ],
  startAt: ['start_at', startAt().default(DAY), 'Where to begin when the journal is first read.'],
  maxLineBytes: ['max_line_bytes', size(1024, '512KiB', MIB).default(MIB / 2), 'Longer lines are cut.'],
});

/** A processor of type timestamp. */
import { z } from 'zod';
import { TIME_FORMATS, timeReader } from '../../../processors/timestamp/formats.js';
import { checkZone } from '../../../processors/timestamp/zone.js';
import { type Leaf, leaf } from '../../leaf.js';
import { duration, oneOf, texts } from '../../leaves.js';
import type { TimestampProcessorConfig } from '../../processor-types.js';
import { section } from '../../section.js';
import { DAY, MATCH, MINUTE, match, TYPE } from '../shared.js';

const formats = (): Leaf<readonly string[]> =>
  leaf(
    {
      accepts: `a list of formats: ${TIME_FORMATS.join(', ')}, or as '%Y-%m-%d %H:%M:%S'`,
      json: { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 },
    },
    (value) => {
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      if (list.length === 0 || !list.every((format) => typeof format === 'string')) return undefined;
      for (const format of list) timeReader(format);
      return list;
    },
  );

const timezone = (): Leaf<string> =>
  leaf(
    { accepts: 'the name of a time zone, such as Europe/Berlin', json: { type: 'string', minLength: 1 } },
    (value) => {
      if (typeof value !== 'string') return undefined;
      checkZone(value);
      return value;
    },
  );

export const timestamp = section<TimestampProcessorConfig>({
  type: ['type', z.literal('timestamp'), TYPE],
  match: ['match', match().optional(), MATCH],
  fields: [
    'fields',
    texts('[time, ts]').default(['time', 'timestamp', 'ts', '_timestamp']),
    'Fields that may tell the time, as `parse` took them; the first one that a line has counts.',
  ],
  formats: [
    'formats',
    formats().default(TIME_FORMATS),
    'How it may be written, tried in this order; own ones as strftime has them.',
  ],
  timezone: ['timezone', timezone().default('UTC'), 'Where the clocks are whose times tell no zone.'],
  tooOld: [
    'too_old',
    oneOf('keep', 'clamp', 'refuse').default('keep'),
    "What becomes of a time that is older than the runtime's by more than max_behind: keep it, make it that limit (clamp), or let the runtime's stay (refuse).",
  ],
  maxBehindMs: [
    'max_behind',
    duration(0, '7d').default(7 * DAY),
    "How old a time may be, against the runtime's.",
  ],
  tooNew: [
    'too_new',
    oneOf('keep', 'clamp', 'refuse').default('refuse'),
    "The same for a time that is newer than the runtime's by more than max_ahead.",
  ],
  maxAheadMs: [
    'max_ahead',
    duration(0, '10m').default(10 * MINUTE),
    "How new a time may be, against the runtime's.",
  ],
});

/** A sink of type splunk. */
import { z } from 'zod';
import { duration, flag, text, textLike } from '../../leaves.js';
import { token, webAddress } from '../../secrets.js';
import { section } from '../../section.js';
import type { SplunkSinkConfig } from '../../types.js';
import { MATCH, MINUTE, match, SECOND, TYPE } from '../shared.js';
import { batch, gzip, way } from './request-keys.js';

export const splunk = section<SplunkSinkConfig>({
  type: ['type', z.literal('splunk'), TYPE],
  match: ['match', match().optional(), MATCH],
  url: [
    'url',
    webAddress('https://127.0.0.1:8088'),
    'Address of the HTTP Event Collector, or of its whole endpoint.',
  ],
  token: ['token', token(), 'Of the HTTP Event Collector.'],
  index: [
    'index',
    textLike('the name of an index', '^[a-z0-9_][a-z0-9_-]{0,79}$').optional(),
    'Index that lines go to; default: that of the token.',
  ],
  sourcetype: ['sourcetype', text('a source type').optional(), 'Source type; default: that of the token.'],
  acknowledge: [
    'acknowledge',
    flag().default(false),
    'Lines count as delivered when the indexers have acknowledged them; the token must have that switched on.',
  ],
  acknowledgeTimeoutMs: [
    'acknowledge_timeout',
    duration(SECOND, '2m').default(2 * MINUTE),
    'After so long without an acknowledgement lines are sent again.',
  ],
  ...way,
  ...gzip(true),
  ...batch,
});

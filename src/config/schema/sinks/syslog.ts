/** A sink of type syslog. */
import { z } from 'zod';
import { duration, size, text, whole } from '../../leaves.js';
import { section } from '../../section.js';
import type { SyslogSinkConfig } from '../../types.js';
import { MATCH, MIB, match, SECOND, TYPE, tls } from '../shared.js';

export const syslog = section<SyslogSinkConfig>({
  type: ['type', z.literal('syslog'), TYPE],
  match: ['match', match().optional(), MATCH],
  host: ['host', text('a host name or address').default('127.0.0.1'), 'Who receives the messages.'],
  port: ['port', whole(1, 65_535, 6514).default(514), 'On TCP; 6514 is usual with TLS.'],
  tls: ['tls', tls.optional(), 'Given, even empty ({}): messages go through TLS.'],
  facility: ['facility', whole(0, 23, 16).default(1), 'Facility by its number: 1 is user, 16 local0.'],
  maxMessageBytes: [
    'max_message_bytes',
    size(1024, '8KiB', MIB).default(8 * 1024),
    'Longer messages are cut, with a mark; what the receiver takes: 8 KiB by default in rsyslog.',
  ],
  timeoutMs: [
    'timeout',
    duration(SECOND, '30s').default(30 * SECOND),
    'For one delivery, until the receiver has read it all and closed the connection.',
  ],
  batchWaitMs: [
    'batch_wait',
    duration(0, '1s').default(SECOND),
    'How long lines may wait for others, so that a connection carries many.',
  ],
});

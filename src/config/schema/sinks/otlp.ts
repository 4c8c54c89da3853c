/** A sink of type otlp. */
import { z } from 'zod';
import { webAddress } from '../../secrets.js';
import { section } from '../../section.js';
import type { OtlpSinkConfig } from '../../types.js';
import { MATCH, match, TYPE } from '../shared.js';
import { batch, gzip, headers, login, way } from './request-keys.js';

export const otlp = section<OtlpSinkConfig>({
  type: ['type', z.literal('otlp'), TYPE],
  match: ['match', match().optional(), MATCH],
  url: [
    'url',
    webAddress('http://127.0.0.1:4318'),
    'Address of the receiver for OTLP/HTTP, or of its whole endpoint (…/v1/logs).',
  ],
  ...headers,
  ...login,
  ...way,
  ...gzip(true),
  ...batch,
});

/** A sink of type http. */
import { z } from 'zod';
import { flag } from '../../leaves.js';
import { webAddress } from '../../secrets.js';
import { section } from '../../section.js';
import type { HttpSinkConfig } from '../../types.js';
import { MATCH, match, TYPE } from '../shared.js';
import { batch, gzip, headers, login, way } from './request-keys.js';

export const http = section<HttpSinkConfig>({
  type: ['type', z.literal('http'), TYPE],
  match: ['match', match().optional(), MATCH],
  url: ['url', webAddress('https://logs.example.org/lines'), 'Where the lines are posted to.'],
  ...headers,
  ...login,
  ...way,
  ...gzip(false),
  fields: ['fields', flag().default(true), 'Send the fields of lines.'],
  ...batch,
});

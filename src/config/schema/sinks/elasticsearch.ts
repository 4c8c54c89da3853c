/** A sink of type elasticsearch. */
import { z } from 'zod';
import { textLike } from '../../leaves.js';
import { token, webAddress } from '../../secrets.js';
import { section } from '../../section.js';
import type { ElasticsearchSinkConfig } from '../../types.js';
import { MATCH, match, TYPE } from '../shared.js';
import { batch, gzip, login, way } from './request-keys.js';

// The server's own rule, but for characters of other scripts.
const index = textLike(
  'the name of a data stream or index: lower case letters, digits and ._-, such as logs-docker-default',
  '^(?!\\.{1,2}$)[a-z0-9.][a-z0-9._-]{0,199}$',
);

export const elasticsearch = section<ElasticsearchSinkConfig>({
  type: ['type', z.literal('elasticsearch'), TYPE],
  match: ['match', match().optional(), MATCH],
  url: ['url', webAddress('http://127.0.0.1:9200'), 'Address of Elasticsearch or OpenSearch.'],
  index: [
    'index',
    index.default('logs-docker-default'),
    'Data stream, index or alias that lines are added to.',
  ],
  ...login,
  apiKey: ['api_key', token().optional(), 'Sent as Authorization: ApiKey.'],
  ...way,
  ...gzip(true),
  ...batch,
});

/**
 * Elasticsearch and OpenSearch, by `POST <url>/<index>/_bulk`. Each line has an id of its own and is created, never changed: what
 * comes again is known by it, so a line is there once, also after a kill, as long as its id meets the same index (a data
 * stream that has rolled over in between begins a new one). Order is that of `@timestamp`; the server keeps no other.
 */
import type { ElasticsearchSinkConfig } from '../../config/types.js';
import type { Block } from '../../pipeline/contract.js';
import type { BlockLines } from '../../pipeline/push-request.js';
import { type Answer, judgeStatus } from '../http/answer.js';
import type { Exchange, Protocol } from '../http/request-sink.js';
import { endpointOf, serverUrl } from '../http/server-url.js';
import { judgeItems } from './bulk-answer.js';
import { documentsOf } from './documents.js';

/** Of an answer only what is looked at: it would be larger than the request. */
const FILTER = '?filter_path=items.*.status,items.*.error.type,items.*.error.reason';
/** With a status for each line, and a sentence for each that is refused. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export class Bulk implements Protocol {
  readonly who = 'Elasticsearch';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBodyBytes = MAX_BODY_BYTES;

  /** Throws CONFIG_INVALID. */
  constructor({ url, index, apiKey }: ElasticsearchSinkConfig) {
    this.url = endpointOf(
      serverUrl(url, 'elasticsearch', 'http://127.0.0.1:9200'),
      `/${encodeURIComponent(index)}/_bulk`,
    );
    this.url.search = FILTER;
    this.headers = {
      'content-type': 'application/x-ndjson',
      ...(apiKey === undefined ? {} : { authorization: `ApiKey ${apiKey}` }),
    };
  }

  encode(lines: BlockLines, rows: readonly number[], block: Block): Buffer {
    return documentsOf(lines, rows, block);
  }

  async exchange(exchange: Exchange): Promise<Answer> {
    const reply = await exchange.send();
    const now = Date.now();
    const answer = judgeStatus(reply, exchange, now);
    return answer.kind === 'accepted' ? judgeItems(reply, exchange.count, exchange, now) : answer;
  }
}

/**
 * Lines as JSON, one a line, to any server that takes them by POST, `Content-Type: application/x-ndjson`:
 *
 *   {"time":"2026-11-21T21:40:00.123456789Z","labels":{"container":"web","stream":"stdout"},"line":"…","fields":{"status":"200"}}\n
 *
 * As the stdout sink writes them: `fields` only where the line has some, control characters escaped, U+FFFD for what is not
 * UTF-8. Any 2xx stands for the whole request; 400 and 422 say that nothing of it is stored and something of it never will be.
 */
import type { HttpSinkConfig } from '../../config/types.js';
import { shownLabels } from '../../pipeline/hidden-labels.js';
import type { BlockLines } from '../../pipeline/push-request.js';
import { parseLabelText } from '../../pipeline/streams.js';
import { LineFormatter } from '../file/line-format.js';
import { type Answer, judgeStatus } from './answer.js';
import { headersOf } from './headers.js';
import type { Exchange, Protocol } from './request-sink.js';
import { serverUrl } from './server-url.js';

export class JsonLines implements Protocol {
  readonly who = 'the server';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly #withFields: boolean;
  readonly #formatter = new LineFormatter('json');

  /** Throws CONFIG_INVALID. */
  constructor({ url, headers, fields }: HttpSinkConfig) {
    this.url = serverUrl(url, 'http', 'https://logs.example.org/lines');
    this.headers = headersOf('application/x-ndjson', headers);
    this.#withFields = fields;
  }

  encode(lines: BlockLines, rows: readonly number[]): Buffer {
    const formatter = this.#formatter;
    const middles = lines.streams.map((labels) =>
      formatter.jsonMiddle(`"labels":${JSON.stringify(shownLabels(parseLabelText(labels)))}`),
    );
    if (!this.#withFields) lines.metadataEnd.fill(0, 0, lines.length);
    formatter.reset();
    formatter.load(lines, Math.max(0, ...middles.map(({ length }) => length)));
    for (const row of rows) formatter.add(row, middles[lines.stream[row]]);
    return Buffer.from(formatter.slice(0, formatter.end));
  }

  async exchange(exchange: Exchange): Promise<Answer> {
    return judgeStatus(await exchange.send(), exchange, Date.now());
  }
}

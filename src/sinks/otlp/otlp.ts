/**
 * OTLP/HTTP: logs in protobuf to `<url>/v1/logs`. A 2xx says that the receiver has the request, less what it counts in
 * `partial_success`; those must not be sent again, and which ones they are it does not say. So they are counted as `not_told`,
 * unless it is all of them.
 */
import type { OtlpSinkConfig } from '../../config/types.js';
import type { BlockLines } from '../../pipeline/push-request.js';
import { type Answer, judgeStatus, notTheServer, type Words } from '../http/answer.js';
import { headersOf } from '../http/headers.js';
import { printable } from '../http/reply.js';
import type { Exchange, Protocol } from '../http/request-sink.js';
import { endpointOf, serverUrl } from '../http/server-url.js';
import { Records } from './records.js';
import { readResponse } from './response.js';

export class Otlp implements Protocol {
  readonly who = 'the OTLP receiver';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly #records = new Records();

  /** Throws CONFIG_INVALID. */
  constructor({ url, headers }: OtlpSinkConfig) {
    this.url = endpointOf(serverUrl(url, 'otlp', 'http://127.0.0.1:4318'), '/v1/logs');
    this.headers = headersOf('application/x-protobuf', headers);
  }

  encode(lines: BlockLines, rows: readonly number[]): Buffer {
    return this.#records.encode(lines, rows, BigInt(Date.now()) * 1_000_000n);
  }

  async exchange(exchange: Exchange): Promise<Answer> {
    const reply = await exchange.send();
    const answer = judgeStatus(reply, exchange, Date.now());
    if (answer.kind !== 'accepted') return answer;
    const response = readResponse(reply.bytes);
    if (!response) return { kind: 'failed', error: notTheServer(reply, exchange) };
    const { count } = exchange;
    const rejected = Math.min(response.rejected, count);
    if (rejected === 0) return answer;
    const words: Words = { reason: 'refused', said: printable(response.message) };
    if (rejected < count)
      return { kind: 'some refused', count: rejected, words: { ...words, reason: 'not_told' } };
    return {
      kind: 'partly',
      refused: new Map(Array.from({ length: count }, (_, i) => [i, words])),
      again: [],
    };
  }
}

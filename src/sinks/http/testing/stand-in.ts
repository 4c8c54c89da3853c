/** A server for the tests of sinks over HTTP: each says what its real one would do with a request, this one makes trouble. */
import { once } from 'node:events';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

export interface Answered {
  readonly status: number;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What happens to one request; a trouble that is `stored` strikes when the server has dealt with it. */
export type Trouble = 'none' | '429' | '500' | 'cut' | 'stored 500' | 'stored cut';

export interface StandIn {
  readonly url: string;
  /** Of the requests to come; then none. */
  readonly troubles: Trouble[];
  /** All that were made, in order. */
  readonly asked: Asked[];
  readonly close: () => Promise<void>;
}

export async function startServer(answer: (asked: Asked) => Answered | Promise<Answered>): Promise<StandIn> {
  const troubles: Trouble[] = [];
  const all: Asked[] = [];
  const server = http.createServer((request, response) => {
    // Who was killed in the midst of it has asked nothing.
    const nothing = (): void => {};
    void request.toArray().then(async (chunks: Buffer[]) => {
      const bytes = Buffer.concat(chunks);
      const isGzip = request.headers['content-encoding'] === 'gzip';
      const asked = {
        path: request.url ?? '',
        headers: request.headers,
        body: isGzip ? gunzipSync(bytes) : bytes,
      };
      all.push(asked);
      const trouble = troubles.shift() ?? 'none';
      if (trouble === 'cut') {
        request.socket.destroy();
        return;
      }
      const isBefore = trouble === '429' || trouble === '500';
      const {
        status,
        body = '',
        headers = {},
      } = isBefore ? { status: Number(trouble), body: 'no' } : await answer(asked);
      if (trouble === 'stored cut') request.socket.destroy();
      else if (trouble === 'stored 500') response.writeHead(500).end('stored, and yet');
      else response.writeHead(status, headers).end(body);
    }, nothing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    troubles,
    asked: all,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A reverse proxy as people put one before the agent: everything below a path goes to it, and nothing else does. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  /** With the path, and without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** `target` is asked under the path as it came, which is what `base_path` is for. */
export async function startProxy(target: string, basePath: string): Promise<Proxy> {
  const server = http.createServer((request, response) => {
    if (!`${request.url}/`.startsWith(`${basePath}/`)) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Not of the agent.');
      return;
    }
    const onward = http.request(
      `${target}${request.url}`,
      { method: request.method ?? 'GET', headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${basePath}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Everything under a path of its own, for proxies that pass `/logs/…` on as it is. It is taken off before anybody else
 * sees the address, so that routes know nothing of it; pages and redirects name each other relatively.
 */
import type { RequestListener } from 'node:http';
import { SECURITY_HEADERS } from './guard.js';

/** `basePath` is empty, or begins with a slash and does not end with one. */
export function underBasePath(basePath: string, handler: RequestListener): RequestListener {
  if (basePath === '') return handler;
  return (request, response) => {
    const url = request.url ?? '/';
    const rest = url.startsWith(basePath) ? url.slice(basePath.length) : undefined;
    if (rest?.startsWith('/')) {
      request.url = rest;
      handler(request, response);
      return;
    }
    // The path without its slash, or the root: whoever typed that means the page.
    const query = rest === '' || rest?.startsWith('?') ? rest : url === '/' ? '' : undefined;
    if (query !== undefined && (request.method === 'GET' || request.method === 'HEAD')) {
      response.writeHead(302, { ...SECURITY_HEADERS, location: `${basePath}/${query}` }).end();
      return;
    }
    const message = `Everything here is under ${basePath}/.`;
    response
      .writeHead(404, { ...SECURITY_HEADERS, 'content-type': 'application/json; charset=utf-8' })
      .end(JSON.stringify({ error: { code: 'NOT_FOUND', message, remedy: 'See server.base_path.' } }));
  };
}

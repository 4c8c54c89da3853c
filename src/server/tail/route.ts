/** `GET /api/v1/tail`: lines as server-sent events (line.ts), until the client or the agent goes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { QueryError } from '../../query/index.js';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import { within } from '../../runtime/within.js';
import { refuse, refuseQuery } from '../answers.js';
import { SECURITY_HEADERS } from '../guard.js';
import type { TailHub } from './hub.js';
import { parseTailRequest, type TailRequest } from './request.js';

const MAX_CLIENTS = 128;

/** How long a closing agent waits for a client to take the last lines. */
const GOODBYE_MS = 1_000;

export interface TailRouteOptions {
  readonly tail: TailHub;
  readonly log: Logger;
}

export function addTail(app: FastifyInstance, owner: Scope, { tail, log }: TailRouteOptions): void {
  app.get('/api/v1/tail', (request, reply) => {
    let wanted: TailRequest | string;
    try {
      wanted = parseTailRequest(new URL(request.url, 'http://localhost').searchParams);
    } catch (error) {
      if (error instanceof QueryError) return refuseQuery(reply, error);
      throw error;
    }
    if (typeof wanted === 'string') return refuse(reply, 400, 'BAD_REQUEST', wanted);
    if (tail.clients >= MAX_CLIENTS) {
      return refuse(reply, 503, 'TOO_MANY', `${MAX_CLIENTS} clients follow the tail already.`);
    }
    const client = owner.child('tail client');
    reply.hijack();
    reply.raw.once('close', () => {
      client
        .close()
        .catch((error: unknown) => log.error({ err: error }, 'A client of the tail did not close.'));
    });
    void client.run('tail', () => serveTail(client, tail, wanted, request.raw, reply.raw));
    return reply;
  });
}

/** Resolves when the connection is over. `scope` is the client's own, and closes when the connection does. */
export async function serveTail(
  scope: Scope,
  tail: TailHub,
  request: TailRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new Promise<void>((resolve) => response.once('close', resolve));
  response.on('error', () => response.destroy());
  incoming.socket.setNoDelay(true);
  response.writeHead(200, {
    ...SECURITY_HEADERS,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  try {
    await tail.serve(scope, request, {
      write: (text) => response.writableEnded || response.destroyed || response.write(text),
      onDrain: (callback) => response.once('drain', callback),
    });
  } finally {
    response.end();
  }
  await Promise.race([gone, scope.untilClosing()]);
  if (!(await within(GOODBYE_MS, gone))) response.destroy();
  await gone;
}

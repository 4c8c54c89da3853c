/** Answers that come piece by piece, no faster than they are taken, until they are complete, or the client or the agent goes. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import { within } from '../../runtime/within.js';
import type { Taker } from '../../search/service.js';

/** How long a closing agent waits for a client to take what is left. */
const GOODBYE_MS = 1_000;

/** `serve` gets a scope that closes with the connection. */
export function streamed(
  owner: Scope,
  log: Logger,
  request: FastifyRequest,
  reply: FastifyReply,
  serve: (client: Scope, response: ServerResponse) => Promise<void>,
): FastifyReply {
  const client = owner.child('question to the history');
  const response = reply.raw;
  reply.hijack();
  response.on('error', () => response.destroy());
  response.once('close', () => {
    client.close().catch((error: unknown) => log.error({ err: error }, 'A search did not close.'));
  });
  request.raw.socket.setNoDelay(true);
  void client.run('search', async () => {
    const gone = new Promise<void>((resolve) => response.once('close', resolve));
    try {
      await serve(client, response);
    } finally {
      response.end();
    }
    await Promise.race([gone, client.untilClosing()]);
    if (!(await within(GOODBYE_MS, gone))) response.destroy();
  });
  return reply;
}

/** What is given to a client that has gone counts as taken. */
export function takerOf(response: ServerResponse): Taker {
  return (bytes) => {
    if (response.destroyed || response.writableEnded || response.write(bytes)) return undefined;
    return new Promise((resolve) => {
      const go = (): void => {
        response.off('drain', go);
        response.off('close', go);
        resolve();
      };
      response.on('drain', go);
      response.on('close', go);
    });
  };
}

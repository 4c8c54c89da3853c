/**
 * What is more than looking at lines: what changes the agent, and what looks into its process. It is answered only where a
 * login is required, or where only this machine can ask: not through a proxy on it. Pages of other sites cannot read an
 * answer, but the reader's browser would ask for them all the same: they are refused, login or not.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isLoopback } from './address.js';
import { refuse } from './answers.js';
import { isFromOtherSite } from './guard.js';

export interface PrivateOptions {
  /** That the server listens on. */
  readonly host: string;
  readonly hasLogin: boolean;
}

export type Respond = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | FastifyReply;

/** `respond` for those who may; the others get `code`, with `what` they were refused: `look into the agent`. */
export function privately(
  { host, hasLogin }: PrivateOptions,
  code: string,
  what: string,
  respond: Respond,
): Respond {
  return (request, reply) => {
    if (isFromOtherSite(request)) {
      const remedy = "Type the address into the browser's address bar.";
      return refuse(reply, 403, code, 'A page of another site asks for this.', remedy);
    }
    if (hasLogin || (isLoopback(host) && !isForwarded(request))) return respond(request, reply);
    return refuse(
      reply,
      403,
      code,
      `Everybody on the network could ${what} here, so nobody may.`,
      'Set server.auth to token, or listen on 127.0.0.1.',
    );
  };
}

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

function isForwarded({ headers }: FastifyRequest): boolean {
  return FORWARDED.some((name) => name in headers);
}

/**
 * What looks into the process: it tells more than lines, and some of it stops the agent for a moment. So it is answered
 * only where a login is required, or where only this machine can ask: not through a proxy on it. Pages of other sites
 * cannot read an answer, but the reader's browser would ask for them all the same: they are refused, login or not.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import { isLoopback } from '../address.js';
import { refuse } from '../answers.js';
import type { AgentView } from '../view.js';
import { answerHeap } from './heap.js';
import { answerObjects } from './objects.js';
import { answerProfile } from './profile.js';
import { answerResources } from './resources.js';

export interface DebugOptions {
  readonly agent: Pick<AgentView, 'resources'>;
  /** That the server listens on. */
  readonly host: string;
  readonly hasLogin: boolean;
  readonly log: Logger;
}

/** What it opens ends with `owner`, and with the client. */
export function addDebug(
  app: FastifyInstance,
  owner: Scope,
  { agent, host, hasLogin, log }: DebugOptions,
): void {
  const add = (name: string, respond: Respond): void => {
    app.get(`/debug/${name}`, (request, reply) => {
      if (isFromOtherSite(request)) return refuse(reply, 403, 'DEBUG_REFUSED', ...OTHER_SITE);
      if (hasLogin || (isLoopback(host) && !isForwarded(request))) return respond(request, reply);
      return refuse(reply, 403, 'DEBUG_REFUSED', ...EVERYBODY);
    });
  };
  const oneAtATime = createTurns();
  add('resources', (request, reply) => answerResources(request, reply, agent, true));
  add(
    'objects',
    oneAtATime('objects', (_request, reply) => answerObjects(reply)),
  );
  add(
    'profile',
    oneAtATime('profile', (request, reply) => answerProfile(request, reply, owner, log)),
  );
  add(
    'heap',
    oneAtATime('heap', (_request, reply) => answerHeap(reply, owner)),
  );
  app.get('/api/v1/resources', (request, reply) => answerResources(request, reply, agent, false));
}

type Respond = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | FastifyReply;

const EVERYBODY: [message: string, remedy: string] = [
  'Everybody on the network could look into the agent here, so nobody may.',
  'Set server.auth to token, or listen on 127.0.0.1.',
];
const OTHER_SITE: [message: string, remedy: string] = [
  'A page of another site asks for this.',
  "Type the address into the browser's address bar.",
];
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** As browsers say it, which no page can change. */
function isFromOtherSite({ headers }: FastifyRequest): boolean {
  return ['cross-site', 'same-site'].includes(String(headers['sec-fetch-site']));
}

function isForwarded({ headers }: FastifyRequest): boolean {
  return FORWARDED.some((name) => name in headers);
}

/** Of each kind one at a time: two profiles would disturb each other, and a heap snapshot takes as much memory as there is. */
function createTurns(): (name: string, respond: Respond) => Respond {
  const busy = new Set<string>();
  return (name, respond) => async (request, reply) => {
    if (busy.has(name)) {
      return refuse(
        reply,
        409,
        'BUSY',
        `Another /debug/${name} is being answered.`,
        'Try again when it is done.',
      );
    }
    busy.add(name);
    try {
      return await respond(request, reply);
    } finally {
      busy.delete(name);
    }
  };
}

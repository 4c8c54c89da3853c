/** What looks into the process: it tells more than lines, and some of it stops the agent for a moment (private.ts). */
import type { FastifyInstance } from 'fastify';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import { refuse } from '../answers.js';
import { type PrivateOptions, privately, type Respond } from '../private.js';
import type { AgentView } from '../view.js';
import { answerHeap } from './heap.js';
import { answerObjects } from './objects.js';
import { answerProfile } from './profile.js';
import { answerResources } from './resources.js';

export interface DebugOptions extends PrivateOptions {
  readonly agent: Pick<AgentView, 'resources'>;
  readonly log: Logger;
}

/** What it opens ends with `owner`, and with the client. */
export function addDebug(app: FastifyInstance, owner: Scope, options: DebugOptions): void {
  const { agent, log } = options;
  const add = (name: string, respond: Respond): void => {
    app.get(`/debug/${name}`, privately(options, 'DEBUG_REFUSED', 'look into the agent', respond));
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

/**
 * `POST /api/v1/config/check`: what a configuration would come to in place of the one in force, what is wrong with it, and
 * what a reload would do; without a body of the file as it is on the disk. `POST /api/v1/config/reload` applies that file.
 * Both are for those who may change something (private.ts): they tell which files are there.
 */
import type { FastifyInstance } from 'fastify';
import type { ConfigDesk } from '../config/desk.js';
import type { ReloadResult } from '../config/shape.js';
import { describeError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';
import { answer, refuse } from './answers.js';
import { type PrivateOptions, privately } from './private.js';

/** As large as a configuration may be. */
const MAX_BYTES = 128 * 1024;
/** Each takes a thread. */
const AT_ONCE = 2;
const TYPES = ['text/yaml', 'application/yaml', 'application/x-yaml'];

export interface ConfigRouteOptions extends PrivateOptions {
  readonly config: Pick<ConfigDesk, 'check'>;
  /** Undefined: the agent is stopping. */
  readonly reload: () => Promise<ReloadResult | undefined>;
}

export function addConfigRoutes(app: FastifyInstance, owner: Scope, options: ConfigRouteOptions): void {
  app.addContentTypeParser(TYPES, { parseAs: 'string' }, (_request, body, done) => done(null, body));
  let running = 0;
  const check = privately(options, 'CHANGE_REFUSED', 'check a configuration', async (request, reply) => {
    const { body } = request;
    if (body !== undefined && typeof body !== 'string')
      return refuse(reply, 400, 'BAD_REQUEST', 'Send the configuration as text/yaml.');
    if (running >= AT_ONCE)
      return refuse(reply, 503, 'TOO_MANY', 'Other configurations are being checked.', 'Try again.');
    running++;
    try {
      return answer(reply, await options.config.check(owner, body));
    } catch (error) {
      return refuse(reply, 422, 'BAD_REQUEST', describeError(error));
    } finally {
      running--;
    }
  });
  app.post('/api/v1/config/check', { bodyLimit: MAX_BYTES }, check);
  const reload = privately(options, 'CHANGE_REFUSED', 'reload the configuration', async (_request, reply) => {
    const reloaded = await options.reload();
    if (!reloaded) return refuse(reply, 503, 'STOPPING', 'The agent is stopping.');
    return answer(reply, reloaded);
  });
  app.post('/api/v1/config/reload', reload);
}

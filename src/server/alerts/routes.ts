/**
 * Alerts over the API. Looking is as free as looking at lines, and shows nothing secret; what changes something, or sends a
 * message, is for those who may (private.ts). Alerts of the configuration are changed there.
 *
 *   GET    /api/v1/alerts            { alerts: [AlertView] }
 *   POST   /api/v1/alerts            { name, query, threshold, windowSeconds, coolDownSeconds, sendResolved, webhook: { type, url }, enabled } → AlertView
 *   PUT    /api/v1/alerts/{id}       the fields that change → AlertView
 *   DELETE /api/v1/alerts/{id}       { deleted: true }
 *   POST   /api/v1/alerts/{id}/test  Delivery; answers when it is sent or is not
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NoAlert } from '../../alerts/alert.js';
import type { AlertDesk } from '../../alerts/desk.js';
import { QueryError } from '../../query/index.js';
import { answer, refuse, refuseQuery } from '../answers.js';
import { type PrivateOptions, privately } from '../private.js';

const PATH = '/api/v1/alerts';
const BODY_BYTES = 16 * 1024;

export interface AlertRouteOptions extends PrivateOptions {
  readonly alerts: Pick<AlertDesk, 'list' | 'get' | 'create' | 'replace' | 'remove' | 'test'>;
}

export function addAlerts(app: FastifyInstance, options: AlertRouteOptions): void {
  const { alerts } = options;
  const change = (respond: Parameters<typeof privately>[3]) =>
    privately(options, 'CHANGE_REFUSED', 'change alerts', respond);
  const body = { bodyLimit: BODY_BYTES };

  app.get(PATH, (_request, reply) => answer(reply, { alerts: alerts.list() }));
  app.post(
    PATH,
    body,
    change((request, reply) => judged(reply, () => answer(reply.code(201), alerts.create(request.body)))),
  );
  app.put(
    `${PATH}/:id`,
    body,
    change((request, reply) =>
      judged(reply, () => {
        const changed = alerts.replace(idOf(request), request.body);
        return changed ? answer(reply, changed) : notChanged(reply, alerts.get(idOf(request)) !== undefined);
      }),
    ),
  );
  app.delete(
    `${PATH}/:id`,
    change((request, reply) => {
      if (alerts.remove(idOf(request))) return answer(reply, { deleted: true });
      return notChanged(reply, alerts.get(idOf(request)) !== undefined);
    }),
  );
  app.post(
    `${PATH}/:id/test`,
    change(async (request, reply) => {
      const delivery = await alerts.test(idOf(request));
      return delivery ? answer(reply, delivery) : notChanged(reply, false);
    }),
  );
}

function idOf({ params }: FastifyRequest): string {
  return (params as { id: string }).id;
}

function judged(reply: FastifyReply, change: () => FastifyReply): FastifyReply {
  try {
    return change();
  } catch (error) {
    if (error instanceof QueryError) return refuseQuery(reply, error);
    if (error instanceof NoAlert) return refuse(reply, 400, 'BAD_REQUEST', error.message);
    throw error;
  }
}

function notChanged(reply: FastifyReply, isOfConfig: boolean): FastifyReply {
  if (!isOfConfig) return refuse(reply, 404, 'NOT_FOUND', 'There is no such alert.');
  const remedy = 'Change it in the section alerts of the configuration file.';
  return refuse(reply, 409, 'CONFIGURED', 'This alert is one of the configuration.', remedy);
}

/**
 * Dead letters over the API. Looking is as free as looking at lines; redriving and deleting change something, and are for
 * those who may (private.ts). All of them mean by the same words which letters they mean (query.ts).
 *
 *   GET  /api/v1/dead-letters          { counts: [{ sink, reason, lines }], bytes, letters: [DeadLetter], next? }
 *   POST /api/v1/dead-letters/redrive  Redriven; answers when it is done
 *   POST /api/v1/dead-letters/delete   { deleted }
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DeadLetterDesk } from '../../delivery/dead-letters/desk.js';
import { REJECTION_REASONS } from '../../sinks/rejections.js';
import { answer, refuse } from '../answers.js';
import { type PrivateOptions, privately } from '../private.js';
import { type KnownLetters, parseFilter, parseListQuery } from './query.js';

const PATH = '/api/v1/dead-letters';

export interface DeadLetterRouteOptions extends PrivateOptions {
  readonly desk: Pick<DeadLetterDesk, 'figures' | 'list' | 'redrive' | 'delete'>;
  /** Names of those that are configured. */
  readonly sinks: () => readonly string[];
}

export function addDeadLetters(app: FastifyInstance, options: DeadLetterRouteOptions): void {
  const { desk } = options;
  // Letters may be older than the configuration, and than this version.
  const known = (): KnownLetters => {
    const { counts } = desk.figures;
    return {
      sinks: new Set([...options.sinks(), ...counts.map(({ sink }) => sink)]),
      reasons: new Set([...REJECTION_REASONS, ...counts.map(({ reason }) => reason)]),
    };
  };
  app.get(PATH, async (request, reply) => {
    const wanted = parseListQuery(queryOf(request), known());
    if (typeof wanted === 'string') return refuse(reply, 400, 'BAD_REQUEST', wanted);
    const page = await desk.list(wanted.filter, wanted.from, wanted.limit);
    const { counts, bytes } = desk.figures;
    return answer(reply, { counts, bytes, ...page });
  });

  const change = (name: string, respond: Parameters<typeof privately>[3]): void => {
    app.post(`${PATH}/${name}`, privately(options, 'CHANGE_REFUSED', `${name} dead letters`, respond));
  };
  change('redrive', async (request, reply) => {
    const filter = parseFilter(queryOf(request), known());
    if (typeof filter === 'string') return refuse(reply, 400, 'BAD_REQUEST', filter);
    const redriven = await desk.redrive(filter);
    if (redriven) return answer(reply, redriven);
    return refuse(reply, 409, 'BUSY', 'Another redrive is under way.', 'Try again when it is done.');
  });
  change('delete', async (request, reply) => {
    const filter = parseFilter(queryOf(request), known());
    if (typeof filter === 'string') return refuse(reply, 400, 'BAD_REQUEST', filter);
    if (Object.values(filter).every((value) => value === undefined)) {
      const what = 'Which ones is to be said: by sink, reason, since or until.';
      return refuse(reply, 400, 'BAD_REQUEST', what);
    }
    return answer(reply, { deleted: await desk.delete(filter) });
  });
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  return new URL(url, 'http://localhost').searchParams;
}

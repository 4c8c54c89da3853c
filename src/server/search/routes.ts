/**
 * The history over the API. Searches and histograms are server-sent events, a download is a file, the others are JSON
 * (src/search/jobs/ says what is in them). Closing the connection ends the work for it.
 *
 *   GET /api/v1/search  /api/v1/histogram  /api/v1/search/download  /api/v1/context  /api/v1/labels
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { QueryError } from '../../query/index.js';
import { AgentError, describeError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import type { DownloadFormat, Question } from '../../search/requests.js';
import { MAX_QUESTIONS, type SearchService } from '../../search/service.js';
import { refuse, refuseQuery } from '../answers.js';
import { SECURITY_HEADERS } from '../guard.js';
import {
  contextQuestion,
  downloadQuestion,
  histogramQuestion,
  labelsQuestion,
  searchQuestion,
} from './query.js';
import { streamed, takerOf } from './streaming.js';

export interface SearchRouteOptions {
  readonly search: Pick<SearchService, 'ask' | 'isFull'>;
  readonly log: Logger;
}

type Judge = (query: URLSearchParams) => Question | string;
type Respond = (request: FastifyRequest, reply: FastifyReply, question: Question) => unknown;

const FILES: Readonly<Record<DownloadFormat, readonly [ending: string, type: string]>> = {
  text: ['log', 'text/plain; charset=utf-8'],
  jsonl: ['jsonl', 'application/x-ndjson; charset=utf-8'],
};

export function addSearch(app: FastifyInstance, owner: Scope, { search, log }: SearchRouteOptions): void {
  const route = (name: string, judge: Judge, respond: Respond): void => {
    app.get(`/api/v1/${name}`, (request, reply) => {
      let question: Question | string;
      try {
        question = judge(new URL(request.url, 'http://localhost').searchParams);
      } catch (error) {
        if (error instanceof QueryError) return refuseQuery(reply, error);
        throw error;
      }
      if (typeof question === 'string') return refuse(reply, 400, 'BAD_REQUEST', question);
      if (search.isFull) {
        const message = `${MAX_QUESTIONS} searches are under way already.`;
        return refuse(reply, 503, 'TOO_MANY', message, 'Try again when one of them is done.');
      }
      return respond(request, reply, question);
    });
  };

  const events: Respond = (request, reply, question) =>
    streamed(owner, log, request, reply, async (client, response) => {
      response.writeHead(200, {
        ...SECURITY_HEADERS,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      response.flushHeaders();
      try {
        await search.ask(client, question, takerOf(response));
      } catch (error) {
        response.write(`event: failed\ndata: ${JSON.stringify({ error: told(error) })}\n\n`);
      }
    });

  const file: Respond = (request, reply, question) =>
    streamed(owner, log, request, reply, async (client, response) => {
      if (question.kind !== 'download') return;
      const [ending, type] = FILES[question.format];
      response.setHeaders(new Map(Object.entries({ ...SECURITY_HEADERS, 'cache-control': 'no-store' })));
      const take = takerOf(response);
      try {
        response.setHeader('content-type', type);
        const day = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
        response.setHeader('content-disposition', `attachment; filename="log-capturer-${day}.${ending}"`);
        await search.ask(client, question, take);
      } catch (error) {
        // Half a file must not look like a whole one.
        if (response.headersSent) response.destroy();
        else {
          response.removeHeader('content-disposition');
          response.writeHead(500, { 'content-type': 'application/json; charset=utf-8' });
          response.write(JSON.stringify({ error: told(error) }));
        }
      }
    });

  const whole: Respond = async (_request, reply, question) => {
    const client = owner.child('question to the history');
    reply.raw.once('close', () => void client.close());
    const parts: Uint8Array[] = [];
    try {
      await search.ask(client, question, (bytes) => {
        parts.push(bytes);
        return undefined;
      });
      return await reply.type('application/json; charset=utf-8').send(Buffer.concat(parts));
    } catch (error) {
      const { code, message, remedy } = told(error);
      return refuse(reply, 500, code, message, remedy);
    }
  };

  route('search', searchQuestion, events);
  route('histogram', histogramQuestion, events);
  route('search/download', downloadQuestion, file);
  route('context', contextQuestion, whole);
  route('labels', labelsQuestion, whole);
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | undefined;
}

function told(error: unknown): Told {
  if (error instanceof AgentError) return { code: error.code, message: error.message, remedy: error.remedy };
  return { code: 'INTERNAL', message: describeError(error), remedy: undefined };
}

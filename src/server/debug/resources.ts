/** `GET /debug/resources`: what the process holds and who owns it, as JSON or, for people, as a tree in plain text. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answer } from '../answers.js';
import type { AgentView } from '../view.js';
import { resourceText } from './resource-text.js';

/** `?collect=true` collects garbage first, where that is allowed; `?text` or `Accept: text/plain` answers text. */
export async function answerResources(
  request: FastifyRequest,
  reply: FastifyReply,
  agent: Pick<AgentView, 'resources'>,
  mayCollect: boolean,
): Promise<FastifyReply> {
  const query = request.query as Readonly<Record<string, unknown>>;
  const report = await agent.resources(mayCollect && query['collect'] === 'true');
  const isText = 'text' in query || request.headers.accept?.startsWith('text/plain') === true;
  return isText ? reply.type('text/plain; charset=utf-8').send(resourceText(report)) : answer(reply, report);
}

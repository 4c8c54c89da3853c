/** `GET /debug/objects`: how many objects of the classes that leak are on the heap, by class. */
import type { FastifyReply } from 'fastify';
import { countObjects } from '../../telemetry/census/objects.js';
import { answer } from '../answers.js';

export async function answerObjects(reply: FastifyReply): Promise<FastifyReply> {
  return answer(reply, await countObjects());
}

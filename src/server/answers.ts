/** What every route answers with: JSON, and one form of refusal. */
import type { FastifyReply } from 'fastify';

export function answer(reply: FastifyReply, value: unknown): FastifyReply {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Map ? Object.fromEntries(part) : part,
  );
  return reply.type('application/json; charset=utf-8').send(text);
}

/** `remedy` says what the caller can do, where there is something. */
export function refuse(
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
  remedy?: string,
): FastifyReply {
  return answer(reply.code(status), { error: { code, message, remedy } });
}

/** Of a query that cannot be read; `at` is the character that is wrong, counted from 1. */
export function refuseQuery(
  reply: FastifyReply,
  { message, at }: { message: string; at: number },
): FastifyReply {
  return answer(reply.code(400), { error: { code: 'BAD_REQUEST', message, at } });
}

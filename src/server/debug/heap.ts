/**
 * `GET /debug/heap`: a snapshot of the heap, for the tools of Chromium's browsers. Making it stops the process, a second for
 * some 100 MB of heap, and takes as much memory again.
 */
import { getHeapSnapshot } from 'node:v8';
import type { FastifyReply } from 'fastify';
import type { Scope } from '../../runtime/scope.js';

/** Resolves when the answer is over, however that comes. Ends with `owner` and with the client. */
export async function answerHeap(reply: FastifyReply, owner: Scope): Promise<FastifyReply> {
  const snapshot = getHeapSnapshot();
  const owned = owner.own('task', 'heap snapshot', () => void snapshot.destroy());
  const over = new Promise<void>((resolve) => reply.raw.once('close', resolve));
  reply.header('content-disposition', 'attachment; filename="log-capturer.heapsnapshot"');
  void reply.type('application/json').send(snapshot);
  await over;
  await owned.release();
  return reply;
}

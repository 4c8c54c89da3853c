/** `GET /debug/profile?seconds=<n>`: where the processor's time goes, as a .cpuprofile for the tools of Chromium's browsers. */
import { Session } from 'node:inspector';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describeError } from '../../runtime/errors.js';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import { refuse } from '../answers.js';

const MAX_SECONDS = 60;
const USUAL_SECONDS = 10;

/** Ends early where the client goes or `owner` closes. */
export async function answerProfile(
  request: FastifyRequest,
  reply: FastifyReply,
  owner: Scope,
  log: Logger,
): Promise<FastifyReply> {
  const seconds = secondsOf(request.query);
  if (seconds === undefined) {
    return refuse(reply, 400, 'BAD_REQUEST', `seconds is a number above 0 and up to ${MAX_SECONDS}.`);
  }
  const scope = owner.child('profile');
  const end = (): void => {
    scope
      .close()
      .catch((error: unknown) =>
        log.error({ err: error }, `The profiler did not end: ${describeError(error)}`),
      );
  };
  reply.raw.once('close', end);
  let profile: unknown;
  await scope.run('profile', async () => {
    profile = await record(scope, seconds);
  });
  reply.raw.off('close', end);
  await scope.close();
  if (profile === undefined) {
    return refuse(reply, 500, 'INTERNAL', 'The profiler failed; the log of the agent says why.');
  }
  reply.header('content-disposition', 'attachment; filename="log-capturer.cpuprofile"');
  return reply.type('application/json').send(JSON.stringify(profile));
}

function secondsOf(query: unknown): number | undefined {
  const { seconds = String(USUAL_SECONDS) } = query as { readonly seconds?: string };
  const number = /^\d+(?:\.\d+)?$/.test(seconds) ? Number(seconds) : 0;
  return number > 0 && number <= MAX_SECONDS ? number : undefined;
}

async function record(scope: Scope, seconds: number): Promise<unknown> {
  const session = new Session();
  session.connect();
  try {
    await ask(session, 'Profiler.enable');
    await ask(session, 'Profiler.start');
    await scope.sleep(seconds * 1000);
    const { profile } = (await ask(session, 'Profiler.stop')) as { readonly profile: object };
    return profile;
  } finally {
    session.disconnect();
  }
}

function ask(session: Session, method: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** `healthcheck`: one line, and 0 where a running agent is healthy or degraded, for supervisors that restart what is not. */

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { AgentError, describeError, systemCode } from '../../runtime/errors.js';
import { openRequest } from '../ask-agent.js';
import { EXIT_FAILED } from '../program.js';
import { type AgentQuestion, findAgent, type RunningAgent } from '../running-agent.js';
import { terminalText } from '../terminal-text.js';

/** Shorter than the patience of those who ask: Docker waits 30 s, an operator less. */
const PATIENCE_MS = 5_000;

export async function healthcheck(question: AgentQuestion): Promise<number> {
  try {
    const { status, components } = await healthOf(findAgent(question));
    console.log([status, ...troubles(components)].join('; '));
    return status === 'healthy' || status === 'degraded' ? 0 : EXIT_FAILED;
  } catch (error) {
    // One line, and never another code than 1: Docker reserves the others.
    console.log(`unreachable: ${describeError(error).replaceAll('\n', '; ')}`);
    return EXIT_FAILED;
  }
}

/** As GET /health answers; components only to who may know them. */
interface Answer {
  readonly status: string;
  readonly components?: Readonly<Record<string, { readonly state: string; readonly reason: string }>>;
}

function troubles(components: Answer['components'] = {}): string[] {
  return Object.entries(components)
    .filter(([, { state }]) => state !== 'healthy')
    .map(([name, { reason }]) => terminalText(`${name}: ${reason}`, false));
}

async function healthOf({ url, token, certificate }: RunningAgent): Promise<Answer> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const request = openRequest(new URL('health', url), { signal, agent: false, headers }, certificate).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const answer = JSON.parse(await text(response)) as Partial<Answer> | null;
    if (typeof answer?.status !== 'string') throw new SyntaxError('no health');
    return { ...answer, status: terminalText(answer.status, false) };
  } catch (error) {
    const why = signal.aborted
      ? `no answer from ${url.origin} within ${PATIENCE_MS / 1000} s`
      : error instanceof SyntaxError
        ? `what answers at ${url.origin} is no agent`
        : systemCode(error) === 'ECONNREFUSED'
          ? `nothing listens at ${url.origin}`
          : describeError(error);
    throw new AgentError('AGENT_UNREACHABLE', why, { cause: error });
  }
}

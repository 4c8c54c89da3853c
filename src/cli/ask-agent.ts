/** Asks a running agent over its API, and says why it does not answer. */
import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { text } from 'node:stream/consumers';
import { AgentError, systemCode } from '../runtime/errors.js';
import type { RunningAgent } from './running-agent.js';

/** How to be let in, and whom to trust. */
export type Access = Pick<RunningAgent, 'token' | 'certificate'>;

export interface AskOptions {
  readonly method?: 'GET' | 'POST';
  readonly signal?: AbortSignal;
}

/** For a request to the agent at `url`, whose certificate must be `certificate` where one is given. */
export function openRequest(
  url: URL,
  options: RequestOptions,
  certificate: string | undefined,
): ReturnType<typeof request> {
  if (url.protocol === 'http:') return request(url, options);
  // Its name is no question then: the agent of this machine is asked by its address.
  const pinned = { ca: certificate, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
  return requestOverTls(url, { ...options, ...(certificate !== undefined && pinned) });
}

/** The answer, with status 200 and its body to be read. Throws AGENT_UNREACHABLE where none comes, or another one. */
export async function askAgent(
  url: URL,
  { token, certificate }: Access,
  { method = 'GET', signal }: AskOptions = {},
): Promise<IncomingMessage> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const asked = openRequest(url, { method, agent: false, headers, ...(signal && { signal }) }, certificate);
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    // A connection that breaks later ends the response; the request then has nothing to add.
    asked.on('error', () => {});
    if (response.statusCode === 200) return response;
    if (response.statusCode === 401) {
      response.destroy();
      throw new AgentError('AGENT_UNREACHABLE', `The agent at ${url.origin} asks for its token.`, {
        remedy:
          'Give it with --token or LOG_CAPTURER_SERVER_TOKEN, or run this as the user whose data directory has it.',
      });
    }
    throw new AgentError(
      'AGENT_UNREACHABLE',
      `The agent at ${url.origin} refuses: ${await refusal(response)}`,
    );
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const why = systemCode(error) === 'ECONNREFUSED' ? '' : ` (${(error as Error).message})`;
    throw new AgentError('AGENT_UNREACHABLE', `No agent answers at ${url.origin}${why}.`, {
      remedy: 'Start one with "log-capturer run", or name its address with --url.',
      cause: error,
    });
  }
}

/** What it answers as JSON. Throws AGENT_UNREACHABLE, also where it breaks off. */
export async function askForJson(url: URL, access: Access, options?: AskOptions): Promise<unknown> {
  const response = await askAgent(url, access, options);
  try {
    return JSON.parse(await text(response)) as unknown;
  } catch (cause) {
    throw new AgentError('AGENT_UNREACHABLE', `What answers at ${url.origin} is no agent, or it broke off.`, {
      cause,
    });
  }
}

async function refusal(response: IncomingMessage): Promise<string> {
  let answer = '';
  response.setEncoding('utf8');
  for await (const chunk of response) if (answer.length < 10_000) answer += chunk as string;
  try {
    return (JSON.parse(answer) as { error: { message: string } }).error.message;
  } catch {
    return `it answers ${response.statusCode}.`;
  }
}

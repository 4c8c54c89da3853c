/** Asks the agent of a self-test over HTTP: each time by a connection of its own, so that none of ours stays open in the agent. */
import type { IncomingMessage } from 'node:http';
import { AgentError } from '../runtime/errors.js';
import { openRequest } from '../runtime/requests.js';
import type { Scope } from '../runtime/scope.js';

const DEADLINE_MS = 30_000;

export class AgentClient {
  readonly url: URL;
  readonly #token: string | undefined;

  /** `token` of its login; undefined: it has none. */
  constructor(url: URL, token: string | undefined) {
    this.url = url;
    this.#token = token;
  }

  /** The JSON answer. Throws AGENT_UNREACHABLE. */
  async json<T>(scope: Scope, path: string, deadlineMs = DEADLINE_MS): Promise<T> {
    return JSON.parse(await this.text(scope, path, deadlineMs)) as T;
  }

  /** Throws AGENT_UNREACHABLE. */
  async text(scope: Scope, path: string, deadlineMs = DEADLINE_MS): Promise<string> {
    return this.stream(scope, path, deadlineMs, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      return Buffer.concat(chunks).toString('utf8');
    });
  }

  /** Reads an answer with `read`, at most `deadlineMs` long; undefined: for as long as it goes on. Throws AGENT_UNREACHABLE. */
  async stream<T>(
    scope: Scope,
    path: string,
    deadlineMs: number | undefined,
    read: (response: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    const headers = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
    const { hostname, port, pathname, search } = new URL(path, this.url);
    const request = openRequest(scope, path, false, {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || 80,
      path: pathname + search,
      agent: false,
      headers,
    });
    const deadline =
      deadlineMs === undefined
        ? undefined
        : scope.timeout(`deadline of ${path}`, deadlineMs, () =>
            request.end(new Error(`no answer within ${deadlineMs / 1000} s`)),
          );
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.outgoing.once('response', resolve);
        request.outgoing.on('error', reject);
        request.outgoing.end();
      });
      // An agent that says by 503 that it is not well has answered all the same.
      if (response.statusCode === 200 || response.statusCode === 503) return await read(response);
      throw new Error(refusal(response.statusCode));
    } catch (error) {
      throw new AgentError(
        'AGENT_UNREACHABLE',
        `The agent at ${this.url.origin} does not answer ${path}: ${(error as Error).message}.`,
        { retryable: true, cause: error },
      );
    } finally {
      await deadline?.release();
      await request.owned.release();
    }
  }
}

function refusal(status = 0): string {
  if (status === 401 || status === 403) return 'it wants its token, by --token or LOG_CAPTURER_SERVER_TOKEN';
  return `status ${status}`;
}

/**
 * An agent that runs already. Its lines come over its live tail, which begins before the first container does; what only
 * its own process could tell stays unknown.
 */
import { StringDecoder } from 'node:string_decoder';
import { EventStreamParser } from '../cli/event-stream.js';
import { describeError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';
import type { AgentClient } from '../selftest/agent-client.js';
import type { BuildInfo } from '../telemetry/build-info.js';
import type { SoakAgent } from './agent-process.js';
import type { Origin } from './lines.js';

export interface AttachOptions {
  readonly client: AgentClient;
  readonly run: string;
  readonly onLine: (line: string, origin: Origin) => void;
  readonly tell: (text: string) => void;
}

interface TailLine {
  readonly container: string;
  readonly stream: string;
  readonly line: string;
}

/** Resolves when lines that come from now on will be seen. Throws AGENT_UNREACHABLE. */
export async function attachToAgent(scope: Scope, options: AttachOptions): Promise<SoakAgent> {
  const { client, run, onLine, tell } = options;
  const build = await client.json<BuildInfo>(scope, '/api/v1/build');
  let isOpen!: () => void;
  const opened = new Promise<void>((resolve) => {
    isOpen = resolve;
  });
  let lose!: (why: string) => void;
  const lost = new Promise<string>((resolve) => {
    lose = resolve;
  });
  void scope.run('live tail of the agent', async () => {
    const path = `/api/v1/tail?n=0&grep=${encodeURIComponent(` ${run} `)}`;
    try {
      await client.stream(scope, path, undefined, async (response) => {
        isOpen();
        const parser = new EventStreamParser();
        const decoder = new StringDecoder('utf8');
        for await (const chunk of response as AsyncIterable<Buffer>) {
          for (const { name, data } of parser.feed(decoder.write(chunk))) {
            if (name === 'skipped') tell(`the live tail skipped lines: ${data}`);
            if (name !== 'message') continue;
            const { container, stream, line } = JSON.parse(data) as TailLine;
            onLine(line, { container, output: stream });
          }
        }
      });
      if (!scope.isClosing) lose('the agent has ended its live tail');
    } catch (error) {
      if (!scope.isClosing) lose(describeError(error));
    }
  });
  const failed = lost.then((why) => {
    throw new Error(why);
  });
  await Promise.race([opened, failed]);
  failed.catch(() => {});
  return { client, build, pid: undefined, log: undefined, lost, stop: async () => {} };
}

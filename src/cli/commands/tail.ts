/** `tail`: the lines that a running agent captures, `container | line`. Asks the agent's /api/v1/tail. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { AgentError, systemCode } from '../../runtime/errors.js';
import { EventStreamParser, type ServerEvent } from '../event-stream.js';
import { type AgentQuestion, findAgent } from '../running-agent.js';
import { coloredName, terminalText } from '../terminal-text.js';

export interface TailOptions extends AgentQuestion {
  readonly container?: readonly string[];
  readonly grep?: string;
  /** How many earlier lines. */
  readonly lines: string;
  readonly follow: boolean;
  readonly json?: boolean;
}

/** Where it goes: process.stdout and process.stderr but for tests. */
export interface TailStreams {
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream;
  readonly env: NodeJS.ProcessEnv;
}

interface TailLine {
  readonly container: string;
  readonly stream: string;
  readonly line: string;
}

/** Answers the exit code: 0 also where Ctrl-C or a closed pipe ends it. Throws AGENT_UNREACHABLE. */
export async function tail(options: TailOptions, streams: TailStreams = process): Promise<number> {
  const stop = new AbortController();
  const onEnd = (): void => stop.abort();
  const { stdout } = streams;
  stdout.on('error', onEnd);
  process.once('SIGINT', onEnd);
  process.once('SIGTERM', onEnd);
  try {
    const agent = findAgent(options);
    const response = await ask(tailUrl(agent.url, options), agent.token, stop.signal);
    const lines = await print(response, createPrinter(options, streams), stdout, stop.signal);
    if (lines === 0 && !options.follow && !stop.signal.aborted)
      streams.stderr.write('log-capturer: no line matches.\n');
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stdout.off('error', onEnd);
    process.off('SIGINT', onEnd);
    process.off('SIGTERM', onEnd);
  }
  return 0;
}

function tailUrl(agent: URL, { container = [], grep, lines, follow }: TailOptions): URL {
  const target = new URL('/api/v1/tail', agent);
  for (const name of container) target.searchParams.append('container', name);
  if (grep) target.searchParams.set('grep', grep);
  target.searchParams.set('n', lines);
  if (!follow) target.searchParams.set('follow', '0');
  return target;
}

async function ask(url: URL, token: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const request = get(url, { signal, agent: false, headers });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    // A connection that breaks later ends the response; the request then has nothing to add.
    request.on('error', () => {});
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

async function refusal(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) if (text.length < 10_000) text += chunk as string;
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return `it answers ${response.statusCode}.`;
  }
}

/** Prints events as they come, no faster than they are taken; answers how many lines. Throws AGENT_UNREACHABLE where they break off. */
async function print(
  response: IncomingMessage,
  printer: (event: ServerEvent) => string,
  stdout: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<number> {
  const parser = new EventStreamParser();
  let isComplete = false;
  let lines = 0;
  try {
    response.setEncoding('utf8');
    for await (const chunk of response) {
      let text = '';
      for (const event of parser.feed(chunk as string)) {
        isComplete ||= event.name === 'end';
        const printed = printer(event);
        if (printed !== '') lines++;
        text += printed;
      }
      if (text !== '' && !stdout.write(text)) await once(stdout, 'drain', { signal });
    }
  } catch (error) {
    if (signal.aborted || isComplete) return lines;
    throw brokenOff(error);
  }
  if (!isComplete) throw brokenOff(undefined);
  return lines;
}

function brokenOff(cause: unknown): AgentError {
  return new AgentError('AGENT_UNREACHABLE', 'The connection to the agent broke off.', {
    remedy: 'It may have been killed; start it again.',
    cause,
  });
}

function createPrinter(
  options: TailOptions,
  { stdout, stderr, env }: TailStreams,
): (event: ServerEvent) => string {
  const isTerminal = stdout.isTTY === true;
  const colors = isTerminal && !env['NO_COLOR'];
  return ({ name, data }) => {
    if (name === 'skipped') {
      const { lines } = JSON.parse(data) as { lines: number };
      stderr.write(`log-capturer: ${lines} lines not shown, they came too fast (nothing is lost)\n`);
      return '';
    }
    if (name === 'end') {
      const { reason } = JSON.parse(data) as { reason: string };
      if (reason === 'stopping') stderr.write('log-capturer: the agent is stopping.\n');
      return '';
    }
    if (options.json) return `${data}\n`;
    const { container, line } = JSON.parse(data) as TailLine;
    if (!isTerminal) return `${container} | ${line}\n`;
    const shown = terminalText(container, false);
    return `${colors ? coloredName(shown) : shown} | ${terminalText(line, colors)}\n`;
  };
}

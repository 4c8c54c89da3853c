/** `tail`: the lines that a running agent captures, `container | line`. Asks the agent's /api/v1/tail. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { AgentError } from '../../runtime/errors.js';
import { askAgent } from '../ask-agent.js';
import { EventStreamParser, type ServerEvent } from '../event-stream.js';
import { narrowedQuery } from '../narrowed-query.js';
import { type AgentQuestion, findAgent } from '../running-agent.js';
import { coloredBar, coloredName, lineText, terminalText, warning } from '../terminal-text.js';

export interface TailOptions extends AgentQuestion {
  readonly container?: readonly string[];
  readonly grep?: string;
  readonly query?: string;
  readonly level?: readonly string[];
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
  readonly level: string;
  readonly line: string;
  /** Bytes that a long line has more. */
  readonly cut?: number;
  /** Of a line that says that lines are missing there: why. */
  readonly gap?: string;
}

const ENDS: Readonly<Record<string, string>> = {
  stopping: 'the agent is stopping.',
  too_expensive: "this query takes more than half of the agent's time; make it simpler.",
};

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
    const response = await askAgent(tailUrl(agent.url, options), agent, { signal: stop.signal });
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

function tailUrl(
  agent: URL,
  { container = [], grep, query = '', level = [], lines, follow }: TailOptions,
): URL {
  const target = new URL('api/v1/tail', agent);
  const narrowed = narrowedQuery(query, { level });
  if (narrowed !== '') target.searchParams.set('query', narrowed);
  for (const name of container) target.searchParams.append('container', name);
  if (grep) target.searchParams.set('grep', grep);
  target.searchParams.set('n', lines);
  if (!follow) target.searchParams.set('follow', '0');
  return target;
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
      const said = ENDS[reason];
      if (said !== undefined) stderr.write(`log-capturer: ${said}\n`);
      return '';
    }
    if (options.json) return `${data}\n`;
    const { container, level, line, cut, gap } = JSON.parse(data) as TailLine;
    const rest = cut === undefined ? '' : ` [${cut} bytes more]`;
    if (!isTerminal) return `${container} | ${line}${rest}\n`;
    const shown = terminalText(container, false);
    const text = `${lineText(line, colors)}${rest}`;
    if (!colors) return `${shown} | ${text}\n`;
    return `${coloredName(shown)} ${coloredBar(level)} ${gap === undefined ? text : warning(text)}\n`;
  };
}

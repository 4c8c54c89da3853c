/**
 * `search`: lines of a running agent's history, oldest first, `time container | line`. Asks the agent's /api/v1/search,
 * page after page; with a limit the newest ones, which are printed when all of them are there.
 *
 * Exit codes as grep's: 0 some line matches, 1 none does, 2 it could not be done.
 */
import { QueryError } from '../../query/index.js';
import { AgentError, describeError } from '../../runtime/errors.js';
import { roundedSize } from '../../runtime/units.js';
import { askAgent } from '../ask-agent.js';
import { EventStreamParser, type ServerEvent } from '../event-stream.js';
import { narrowedQuery } from '../narrowed-query.js';
import { print } from '../print.js';
import { type AgentQuestion, findAgent, type RunningAgent } from '../running-agent.js';
import { coloredName, lineText, terminalText, warning } from '../terminal-text.js';
import type { TailStreams } from './tail.js';

export interface SearchOptions extends AgentQuestion {
  readonly container?: readonly string[];
  readonly level?: readonly string[];
  readonly since: string;
  readonly until: string;
  readonly limit?: number;
  readonly json?: boolean;
}

export const EXIT_NOTHING = 1;
export const EXIT_TROUBLE = 2;
/** Lines of one answer, at most. */
const PAGE = 10_000;
const CLEAR_LINE = '\r\u001b[K';

interface Line {
  readonly time: string;
  readonly container: string;
  readonly line: string;
  readonly gap?: string;
  readonly cut?: number;
  readonly labels: number;
}

interface Progress {
  readonly from: string;
  readonly to: string;
  readonly scannedBytes: number;
  readonly totalBytes: number;
}

interface End {
  readonly reason: string;
  readonly damagedBlocks: number;
  readonly removedSegments: number;
  readonly unjudgedLines?: number;
  readonly continueAt?: string;
}

interface Page {
  readonly from: string;
  readonly to: string;
  readonly end: End;
}

/** Answers the exit code. What is wrong is said on standard error. */
export async function search(
  query: string | undefined,
  options: SearchOptions,
  streams: TailStreams = process,
): Promise<number> {
  try {
    return await searchOrThrow(query, options, streams);
  } catch (error) {
    if (!(error instanceof AgentError || error instanceof QueryError)) throw error;
    streams.stderr.write(`log-capturer: ${describeError(error)}\n`);
    return EXIT_TROUBLE;
  }
}

async function searchOrThrow(
  query: string | undefined,
  options: SearchOptions,
  streams: TailStreams,
): Promise<number> {
  const { since, until, limit } = options;
  const asked = { query: narrowedQuery(query ?? '', options), full: '1' };
  const agent = findAgent(options);
  const output = new Output(options.json === true, streams);
  if (limit !== undefined) {
    const newest: string[] = [];
    const parameters = { ...asked, from: since, to: until, limit: String(limit), direction: 'backward' };
    const keep = (texts: readonly string[]): Promise<boolean> => {
      newest.push(...texts);
      return Promise.resolve(true);
    };
    const page = await readPage(agent, parameters, output, keep);
    if (page) output.end(page.end);
    await output.write(newest.slice(0, limit).reverse());
    return newest.length > 0 ? 0 : EXIT_NOTHING;
  }
  let lines = 0;
  const write = (texts: readonly string[]): Promise<boolean> => {
    lines += texts.length;
    return output.write(texts);
  };
  let range = { from: since, to: until };
  for (;;) {
    const parameters = { ...asked, ...range, limit: String(PAGE), direction: 'forward' };
    const page = await readPage(agent, parameters, output, write);
    // Nobody reads any more.
    if (!page) return 0;
    output.end(page.end);
    if (page.end.continueAt === undefined) break;
    range = { from: page.end.continueAt, to: page.to };
  }
  return lines > 0 ? 0 : EXIT_NOTHING;
}

/**
 * Gives the lines of one answer to `take`, as they are printed and in the order in which they come; undefined where that
 * takes no more. Throws AGENT_UNREACHABLE where the answer breaks off, and SEARCH_FAILED where the agent says so.
 */
async function readPage(
  agent: RunningAgent,
  parameters: Readonly<Record<string, string>>,
  output: Output,
  take: (texts: readonly string[]) => Promise<boolean>,
): Promise<Page | undefined> {
  const url = new URL('api/v1/search', agent.url);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const response = await askAgent(url, agent);
  response.setEncoding('utf8');
  const parser = new EventStreamParser();
  const labels: Record<number, unknown> = {};
  let range = { from: '', to: '' };
  let end: End | undefined;
  try {
    for await (const chunk of response) {
      for (const { name, data } of parser.feed(chunk as string)) {
        if (name === 'failed') throw failure(data);
        if (name === 'labels') Object.assign(labels, JSON.parse(data));
        if (name === 'end') end = JSON.parse(data) as End;
        if (name === 'progress') range = output.progress(JSON.parse(data) as Progress);
        if (name === 'lines' && !(await take(textsOf(data, labels, output)))) return undefined;
      }
    }
  } catch (error) {
    if (error instanceof AgentError) throw error;
    if (!end) throw brokenOff(error);
  } finally {
    output.clear();
    response.destroy();
  }
  if (!end) throw brokenOff(undefined);
  return { ...range, end };
}

function textsOf(
  data: ServerEvent['data'],
  labels: Readonly<Record<number, unknown>>,
  output: Output,
): string[] {
  const { lines } = JSON.parse(data) as { lines: Line[] };
  return lines.map((line) => output.text(line, labels[line.labels]));
}

function failure(data: string): AgentError {
  const { error } = JSON.parse(data) as { error: { message: string; remedy?: string } };
  return new AgentError('SEARCH_FAILED', error.message, { ...(error.remedy && { remedy: error.remedy }) });
}

function brokenOff(cause: unknown): AgentError {
  return new AgentError('AGENT_UNREACHABLE', 'The connection to the agent broke off.', {
    remedy: 'It may have been killed; start it again.',
    cause,
  });
}

/** Lines go to standard output; how far it is, and what is missing, to standard error. */
class Output {
  readonly #json: boolean;
  readonly #streams: TailStreams;
  readonly #isTerminal: boolean;
  readonly #colors: boolean;
  readonly #showsProgress: boolean;
  #hasProgress = false;

  constructor(json: boolean, streams: TailStreams) {
    this.#json = json;
    this.#streams = streams;
    this.#isTerminal = streams.stdout.isTTY === true;
    this.#colors = this.#isTerminal && !streams.env['NO_COLOR'];
    this.#showsProgress = (streams.stderr as { isTTY?: boolean }).isTTY === true;
  }

  text(line: Line, labels: unknown): string {
    if (this.#json) return `${JSON.stringify({ ...line, labels })}\n`;
    const { time, container, gap, cut } = line;
    const text = cut === undefined ? line.line : `${line.line} [${cut} bytes more]`;
    if (!this.#isTerminal) return `${time} ${container} | ${text}\n`;
    const name = terminalText(container, false);
    const shown = lineText(text, this.#colors);
    // Milliseconds are enough for the eye.
    const when = `${time.slice(0, 23)}Z`;
    if (!this.#colors) return `${when} ${name} | ${shown}\n`;
    return `\u001b[2m${when}\u001b[0m ${coloredName(name)} | ${gap === undefined ? shown : warning(shown)}\n`;
  }

  /** False where nobody reads any more. */
  async write(texts: readonly string[]): Promise<boolean> {
    if (texts.length === 0) return true;
    this.clear();
    return print(this.#streams.stdout, texts.join(''));
  }

  progress({ from, to, scannedBytes, totalBytes }: Progress): { from: string; to: string } {
    if (this.#showsProgress) {
      const percent = totalBytes === 0 ? 100 : Math.floor((scannedBytes / totalBytes) * 100);
      this.#streams.stderr.write(
        `${CLEAR_LINE}searched ${roundedSize(scannedBytes)} of about ${roundedSize(totalBytes)}, ${percent} %`,
      );
      this.#hasProgress = true;
    }
    return { from, to };
  }

  clear(): void {
    if (this.#hasProgress) this.#streams.stderr.write(CLEAR_LINE);
    this.#hasProgress = false;
  }

  end({ reason, damagedBlocks, removedSegments, unjudgedLines = 0 }: End): void {
    const { stderr } = this.#streams;
    if (reason === 'stopping') stderr.write('log-capturer: the agent is stopping: not all was searched.\n');
    if (damagedBlocks > 0)
      stderr.write(`log-capturer: ${damagedBlocks} blocks of the history are damaged, and were left out.\n`);
    if (removedSegments > 0)
      stderr.write('log-capturer: the oldest lines went while they were searched (retention).\n');
    if (unjudgedLines > 0)
      stderr.write(
        `log-capturer: ${unjudgedLines} lines were left out: the query takes too long for them.\n`,
      );
  }
}

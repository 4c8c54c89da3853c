/** `dead-letters list|show|export|redrive|delete`: lines that sinks refused. Asks the agent's /api/v1/dead-letters. */
import type { DeadLetter, DeadLetterPage } from '../../delivery/dead-letters/list.js';
import type { Redriven } from '../../delivery/dead-letters/redrive.js';
import type { LetterCounts } from '../../delivery/dead-letters/tally.js';
import { containerOf, labelText, outputOf } from '../../pipeline/streams.js';
import { AgentError } from '../../runtime/errors.js';
import { askForJson } from '../ask-agent.js';
import { print } from '../print.js';
import { EXIT_FAILED } from '../program.js';
import { type AgentQuestion, findAgent, type RunningAgent } from '../running-agent.js';
import { terminalText } from '../terminal-text.js';

const PAGE = 1_000;
const PATH = 'api/v1/dead-letters';

export interface LetterChoice extends AgentQuestion {
  readonly sink?: string;
  readonly reason?: string;
  /** RFC 3339. */
  readonly since?: string;
  readonly json?: boolean;
}

export interface ListOptions extends LetterChoice {
  /** At most so many. */
  readonly lines: number;
}

type Out = NodeJS.WritableStream;

interface Answer extends DeadLetterPage {
  readonly counts: LetterCounts;
  readonly bytes: number;
}

/** How many there are, and the newest of them, the newest first. Throws AGENT_UNREACHABLE, as all of these do. */
export async function listDeadLetters(options: ListOptions, out: Out = process.stdout): Promise<number> {
  const agent = findAgent(options);
  let newest: readonly DeadLetter[] = [];
  let all = 0;
  let kept: LetterCounts = [];
  // The agent has them in the order in which they were refused: the newest are known at the end.
  for await (const { letters, counts } of pages(agent, options)) {
    newest = [...newest, ...letters].slice(-options.lines);
    all += letters.length;
    kept = counts;
  }
  const shown = newest.toReversed();
  if (options.json) await print(out, shown.map(json).join(''));
  else await print(out, `${summary(kept)}\n${shown.map(line).join('')}${more(shown.length, all)}`);
  return 0;
}

/** One of them, whole. Exit code 1 where there is none of that id. */
export async function showDeadLetter(
  id: string,
  options: LetterChoice,
  out: Out = process.stdout,
): Promise<number> {
  const agent = findAgent(options);
  const url = address(agent, '', {});
  url.searchParams.set('from', id);
  url.searchParams.set('n', '1');
  const { letters } = (await askForJson(url, agent)) as Answer;
  const letter = letters.find((one) => one.id === id);
  if (!letter) {
    console.error(`log-capturer: there is no dead letter ${id} now.`);
    return EXIT_FAILED;
  }
  await print(out, options.json ? json(letter) : whole(letter));
  return 0;
}

/** All of them as JSON, one a line. */
export async function exportDeadLetters(options: LetterChoice, out: Out = process.stdout): Promise<number> {
  for await (const { letters } of pages(findAgent(options), options))
    if (!(await print(out, letters.map(json).join('')))) break;
  return 0;
}

/** Exit code 1 where some stay. */
export async function redriveDeadLetters(options: LetterChoice, out: Out = process.stdout): Promise<number> {
  const agent = findAgent(options);
  const redriven = (await askForJson(address(agent, '/redrive', options), agent, {
    method: 'POST',
  })) as Redriven;
  const { delivered, refused, left, trouble } = redriven;
  if (options.json) await print(out, json(redriven));
  else {
    const again = Object.entries(refused).map(([reason, lines]) => `refused again ${lines} (${reason})`);
    const parts = [`delivered ${delivered}`, ...again, ...(left > 0 ? [`left ${left}`] : [])];
    await print(
      out,
      `${terminalText([parts.join(', '), ...(trouble ? [trouble] : [])].join(': '), false)}\n`,
    );
  }
  return left > 0 || trouble !== undefined || Object.keys(refused).length > 0 ? EXIT_FAILED : 0;
}

export async function deleteDeadLetters(options: LetterChoice, out: Out = process.stdout): Promise<number> {
  const agent = findAgent(options);
  const answer = (await askForJson(address(agent, '/delete', options), agent, { method: 'POST' })) as {
    readonly deleted: number;
  };
  await print(out, options.json ? json(answer) : `deleted ${answer.deleted}\n`);
  return 0;
}

function address({ url }: RunningAgent, path: string, { sink, reason, since }: Partial<LetterChoice>): URL {
  const target = new URL(`${PATH}${path}`, url);
  for (const [key, value] of Object.entries({ sink, reason, since }))
    if (value !== undefined) target.searchParams.set(key, value);
  return target;
}

async function* pages(agent: RunningAgent, choice: LetterChoice): AsyncGenerator<Answer> {
  const url = address(agent, '', choice);
  url.searchParams.set('n', String(PAGE));
  for (;;) {
    const page = (await askForJson(url, agent)) as Answer;
    if (!Array.isArray(page?.letters))
      throw new AgentError('AGENT_UNREACHABLE', `What answers at ${agent.url.origin} is no agent.`);
    yield page;
    if (page.next === undefined) return;
    url.searchParams.set('from', page.next);
  }
}

function summary(counts: LetterCounts): string {
  const all = counts.reduce((sum, { lines }) => sum + lines, 0);
  const kinds = counts.map(({ sink, reason, lines }) => `${sink} ${reason} ${lines}`);
  return terminalText(`${all} dead letters${all === 0 ? '' : `: ${kinds.join(', ')}`}`, false);
}

function more(shown: number, all: number): string {
  if (shown === all) return '';
  return `… and more: the newest ${shown} of ${all}; -n shows more, --sink, --reason and --since choose, export takes all.\n`;
}

function line({ id, rejected, sink, reason, attempts, labels, line }: DeadLetter): string {
  const source = [containerOf(labels) ?? labelText(labels), outputOf(labels)].filter(Boolean).join('/');
  const times = attempts > 1 ? ` (${attempts} times)` : '';
  return `${terminalText(`${id}  ${rejected}  ${sink}  ${reason}${times}  ${source} | ${line}`, false)}\n`;
}

function whole({ labels, fields, line, ...facts }: DeadLetter): string {
  const rows = [
    ...Object.entries(facts),
    ['labels', labelText(labels)],
    ['fields', fields ? JSON.stringify(fields) : ''],
    ['line', line],
  ];
  return rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(10)}${terminalText(String(value), false)}\n`)
    .join('');
}

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

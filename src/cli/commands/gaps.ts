/** `gaps`: which lines are missing, and why, as a table, the newest first. Asks the agent's /api/v1/gaps. */
import { AgentError } from '../../runtime/errors.js';
import type { GapsView, GapView } from '../../server/shapes/gap.js';
import { aligned } from '../aligned.js';
import { askForJson } from '../ask-agent.js';
import { print } from '../print.js';
import { type AgentQuestion, findAgent } from '../running-agent.js';
import { terminalText } from '../terminal-text.js';

const TITLES = ['told', 'container', 'sink', 'from', 'to', 'lines', 'why'];

export interface GapsOptions extends AgentQuestion {
  /** At most so many. */
  readonly lines: number;
  readonly json?: boolean;
}

/** Throws AGENT_UNREACHABLE. */
export async function gaps(
  options: GapsOptions,
  out: NodeJS.WritableStream = process.stdout,
): Promise<number> {
  const agent = findAgent(options);
  const { gaps } = (await askForJson(new URL('api/v1/gaps', agent.url), agent)) as GapsView;
  if (!Array.isArray(gaps))
    throw new AgentError('AGENT_UNREACHABLE', `What answers at ${agent.url.origin} is no agent.`);
  const shown = gaps.slice(0, options.lines);
  await print(
    out,
    options.json ? shown.map((gap) => `${JSON.stringify(gap)}\n`).join('') : text(shown, gaps.length),
  );
  return 0;
}

/** Names come from anybody: nothing in them reaches the terminal as a command. */
function text(shown: readonly GapView[], all: number): string {
  if (all === 0) return 'No gaps: no lines are known to be missing.\n';
  const rows = shown.map(({ told, container, sink, from, to, lines, why }) => [
    second(told),
    container,
    sink ?? 'all',
    second(from),
    second(to),
    lines?.toLocaleString('en-US') ?? '?',
    why,
  ]);
  const table = aligned([TITLES, ...rows.map((row) => row.map((cell) => terminalText(cell, false)))]);
  const more = shown.length < all ? `… and more: the newest ${shown.length} of ${all}; -n shows more.\n` : '';
  return `Lines that are missing, the newest first, times in UTC.\n\n${table}${more}`;
}

function second(time: string | null): string {
  return time?.slice(0, 19).replace('T', ' ') ?? '?';
}

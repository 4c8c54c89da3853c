/** What the agent itself tells of its lines, asked for again and again, because each of its processes knows its own part. */
import type { Scope } from '../runtime/scope.js';
import type { AgentClient } from '../selftest/agent-client.js';
import { Exposition } from '../selftest/exposition.js';
import type { Sightings } from './oracle/sightings.js';
import type { ToldGap } from './oracle/verdict.js';

const UNACCOUNTED = 'log_capturer_unaccounted_lines';
const LETTERS_A_PAGE = 1_000;

export class Told {
  /** How often it said how many lines it cannot account for. */
  samples = 0;
  /** When that was not 0, in words. */
  readonly nonZero: string[] = [];
  readonly #gaps = new Map<string, ToldGap>();

  get gaps(): readonly ToldGap[] {
    return [...this.#gaps.values()];
  }

  /** `when` in words. Throws AGENT_UNREACHABLE. */
  async ask(scope: Scope, client: AgentClient, when: string): Promise<void> {
    const unaccounted = await unaccountedLines(scope, client);
    if (unaccounted) this.samples++;
    for (const [stage, lines] of Object.entries(unaccounted ?? {}))
      if (lines !== 0) this.nonZero.push(`${lines} lines at stage ${stage} ${when}`);
    for (const gap of await toldGaps(scope, client)) this.#gaps.set(JSON.stringify(gap), gap);
  }
}

/** What the agent's ledger says, over all of its processes. */
export interface ToldLedger {
  readonly read: number;
  readonly generated: number;
  readonly delivered: Readonly<Record<string, number>>;
}

/** Throws AGENT_UNREACHABLE. */
export async function toldLedger(scope: Scope, client: AgentClient): Promise<ToldLedger> {
  const { sources, sinks } = await client.json<{
    sources: { read: number; generated: number }[];
    sinks: { sink: string; delivered: number }[];
  }>(scope, '/api/v1/ledger');
  return {
    read: sources.reduce((sum, { read }) => sum + read, 0),
    generated: sources.reduce((sum, { generated }) => sum + generated, 0),
    delivered: Object.fromEntries(sinks.map(({ sink, delivered }) => [sink, delivered])),
  };
}

/** Shows every line that the agent keeps as a dead letter. Throws AGENT_UNREACHABLE. */
export async function takeDeadLetters(scope: Scope, client: AgentClient, into: Sightings): Promise<void> {
  for (let from: string | undefined = '0-0'; from !== undefined; ) {
    const page: DeadLetterPage = await client.json(
      scope,
      `/api/v1/dead-letters?n=${LETTERS_A_PAGE}&from=${from}`,
    );
    for (const { labels, line, time } of page.letters) {
      const { container = '', stream = '' } = labels;
      into.take(line, { sequence: 'dead letters', container, output: stream, timeMs: Date.parse(time) });
    }
    from = page.next;
  }
}

interface DeadLetterPage {
  readonly letters: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly line: string;
    readonly time: string;
  }[];
  readonly next?: string;
}

/** Whether every sink has all that is committed. Throws AGENT_UNREACHABLE. */
export async function hasNothingPending(scope: Scope, client: AgentClient): Promise<boolean> {
  const { sinks } = await client.json<{ sinks: { linesPending: number }[] }>(scope, '/api/v1/sinks');
  return sinks.every(({ linesPending }) => linesPending === 0);
}

/** By stage; `all` where it names none. */
async function unaccountedLines(
  scope: Scope,
  client: AgentClient,
): Promise<Record<string, number> | undefined> {
  const metrics = new Exposition(await client.text(scope, '/metrics'));
  const byStage = metrics.by(UNACCOUNTED, 'stage');
  if (Object.keys(byStage).length > 0) return byStage;
  const all = metrics.sum(UNACCOUNTED);
  return all === undefined ? undefined : { all };
}

/** Those that no sink has the lines of: what one sink lost is the agent's own affair. */
async function toldGaps(scope: Scope, client: AgentClient): Promise<ToldGap[]> {
  const { gaps } = await client.json<{ gaps: GapView[] }>(scope, '/api/v1/gaps');
  return gaps
    .filter(({ sink }) => sink === null)
    .map(({ container, from, to, why }) => ({ container, from: timeMs(from), to: timeMs(to), why }));
}

interface GapView {
  readonly container: string;
  /** RFC 3339; null where it is not known. */
  readonly from: string | null;
  readonly to: string | null;
  readonly why: string;
  readonly sink: string | null;
}

function timeMs(time: string | null): number | undefined {
  return time === null ? undefined : Date.parse(time);
}

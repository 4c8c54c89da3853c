/**
 * Containers that are gone before anybody can ask for them. One agent reads their files, while its event loop stalls again
 * and again: it has every line. Another one reads through the engine's API, with too few streams for so many at once: it has
 * every line or a gap, container by container.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { within } from '../../src/runtime/within.js';
import { Agent, type AgentOptions } from '../support/agent.js';
import { eachLimited } from '../support/engine-api.js';
import { describeWithEngine, type EngineBed, fileSinkConfig } from '../support/engine-test.js';
import { Exposition } from '../support/exposition.js';
import { sealLine } from '../support/lines.mjs';
import { assertExact, type Expected } from '../support/oracle.js';
import { outputsComplete } from '../support/outputs.js';
import { scratch } from '../support/scratch.js';

const CONTAINERS = 200;
const LINES = 1_000;
const AT_ONCE = 8;
// Events are hints: one that was missed is made good by the next list, which is due 30 s after the last one.
const COMPLETE_DEADLINE_MS = 75_000;
/** dockerd 20.10 fails now and then to remove one of so many, and never answers who waits for that. */
const REMOVED_DEADLINE_MS = 45_000;
// Lines before and after a pause of 50 ms; an empty argument is an empty line.
const SCRIPT = `printf '%s\\n' "$1" "$2" "$3"; printf '%s\\n' "$4" >&2; sleep 0.05; printf '%s\\n' "$5" >&2; shift 5; printf '%s\\n' "$@"`;
const TIME_LENGTH = '2026-11-21T21:40:00.123456789Z'.length;
/** What stands in the file sink's output before a line of the agent's own. */
const OWN = ' - log-capturer: ';

function command(name: string): string[] {
  const line = (stream: 'o' | 'e', seq: number, empties = 0): string =>
    sealLine(name, stream, seq, empties, `short-lived ${'žluť '.repeat(seq % 5)}.`).toString();
  const rest = Array.from({ length: LINES - 2 }, (_, i) => line('o', i + 2));
  const lines = [line('o', 0), '', line('o', 1, 1), line('e', 0), line('e', 1), ...rest];
  return ['/bin/sh', '-c', SCRIPT, 'sh', ...lines];
}

interface Capture {
  readonly agent: Agent;
  readonly output: string;
}

async function capture(
  bed: EngineBed,
  transport: 'file' | 'api',
  source: object,
  options: Partial<AgentOptions> = {},
): Promise<Capture> {
  const folder = scratch(`short-${transport}`);
  const output = path.join(folder, 'out');
  const config = fileSinkConfig(bed.facts, ['short-*'], output);
  const containers = { ...(config['sources'] as { containers: object }).containers, transport, ...source };
  const agent = await Agent.start({ folder, config: { ...config, sources: { containers } }, ...options });
  await agent.ready();
  await agent.said(/Docker engine /);
  return { agent, output };
}

interface Gap {
  readonly container: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly text: string;
}

async function gapsOf({ agent }: Capture): Promise<readonly Gap[]> {
  return (await agent.get<{ gaps: Gap[] }>('/api/v1/gaps')).gaps;
}

/** Lines and their times, and what the agent itself says between them. */
function readOutput({ output }: Capture, container: string): { lines: Map<string, string>; own: string[] } {
  const lines = new Map<string, string>();
  const own: string[] = [];
  const folder = path.join(output, container);
  for (const file of readdirSync(output).includes(container) ? readdirSync(folder).sort() : []) {
    for (const record of readFileSync(path.join(folder, file), 'utf8').split('\n').slice(0, -1)) {
      const line = record.slice(TIME_LENGTH);
      if (line.startsWith(OWN)) own.push(line.slice(OWN.length));
      else if (lines.has(line)) throw new Error(`${container}: twice: ${record}`);
      else lines.set(line, record.slice(0, TIME_LENGTH));
    }
  }
  return { lines, own };
}

describeWithEngine(`${CONTAINERS} containers of ${LINES} lines, removed at once`, (bed) => {
  it('are whole from their files, and through the API what is missing lies in a gap', async () => {
    const stalls = path.join(scratch('short-stalls'), 'stalls');
    const expected: Expected[] = Array.from({ length: CONTAINERS }, (_, i) => ({
      container: `short-${String(i).padStart(3, '0')}`,
      out: LINES,
      err: 2,
    }));
    const [file, api] = await Promise.all([
      capture(
        bed,
        'file',
        {},
        { preloads: ['stall-hook.mjs'], env: { STALL_MS: '400', STALL_WHILE: stalls } },
      ),
      capture(bed, 'api', { max_streams: 1 }),
    ]);
    writeFileSync(stalls, '');
    await eachLimited(expected, AT_ONCE, async ({ container: name }) => {
      const { image } = bed.facts;
      const id = await bed.api.create({ name, image, command: command(name), autoRemove: true });
      const removed = bed.api.wait(id, 'removed');
      await bed.api.start(id);
      if (await within(REMOVED_DEADLINE_MS, removed)) expect(await removed).toBe(0);
      else console.warn(`The engine has not removed ${name} after ${REMOVED_DEADLINE_MS / 1000} s.`);
    });
    await outputsComplete(file.output, expected, COMPLETE_DEADLINE_MS);
    rmSync(stalls);
    // What the engine itself failed to remove it still lists, and so does the agent.
    const left = async (): Promise<string[]> => {
      const { containers } = await api.agent.get<{ containers: { id: string }[] }>('/api/v1/containers');
      const listed = new Set(await bed.api.testContainers('mine'));
      return containers.map(({ id }) => id).filter((id) => !listed.has(id));
    };
    await expect.poll(left, { timeout: COMPLETE_DEADLINE_MS }).toEqual([]);
    expect(await gapsOf(file), file.agent.log).toEqual([]);
    const gaps = await gapsOf(api);
    for (const { agent } of [file, api]) {
      const metrics = new Exposition(await (await fetch(`${agent.url}/metrics`)).text());
      expect(metrics.sum('log_capturer_unaccounted_lines')).toBe(0);
      expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
    }

    expect(assertExact(file.output, expected).lines).toBe(CONTAINERS * (LINES + 2));
    let missing = 0;
    for (const { container } of expected) {
      const { lines: written } = readOutput(file, container);
      const { lines: read, own } = readOutput(api, container);
      const told = gaps.filter((gap) => gap.container === container);
      expect([...read].filter(([line, time]) => written.get(line) !== time)).toEqual([]);
      for (const [line, time] of written) {
        if (read.has(line)) continue;
        missing++;
        const isTold = told.some(({ from, to }) => (from ?? '') <= time && time <= (to ?? ''));
        expect(isTold, `${container}: ${time}${line} is missing, and no gap says so`).toBe(true);
      }
      expect(own, 'in the history').toEqual(told.map(({ text }) => text));
    }
    expect(missing, 'too many streams: this shows nothing').toBeGreaterThan(0);
  });
});

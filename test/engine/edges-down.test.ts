/**
 * What Docker and people do while the agent is down: logs rotate, within what is kept and beyond it, are cut short or written
 * anew, containers are made anew under the same name. What can be had arrives once and in order; the rest lies in a gap.
 */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Agent } from '../support/agent.js';
import {
  type Expectation,
  runsCommand,
  streamsOf,
  toldGaps,
  WAYS,
  type Way,
  whatIsWrong,
} from '../support/edges.js';
import { eachLimited } from '../support/engine-api.js';
import { describeWithEngine, fileSinkConfig } from '../support/engine-test.js';
import { scratch } from '../support/scratch.js';

const COMPLETE_DEADLINE_MS = 40_000;
/** Some eight lines a file. */
const ROTATES = { 'max-size': '1k', 'max-file': '3' };
const COMPRESSES = { ...ROTATES, 'max-file': '5', compress: 'true' };

interface Edge {
  readonly kind: string;
  readonly logOptions?: Readonly<Record<string, string>>;
  /** Lines that it writes in its two runs, before and while the agent is down. */
  readonly before: number;
  readonly after: number;
  /** What is done to the log between them. */
  readonly change?: (log: string) => void;
  /** The gaps of those that are read from their files. */
  readonly gaps?: readonly string[];
  /** Lines may be missing. */
  readonly mayMiss?: boolean;
  /** The engine cannot read such a log any more, or finds out late what it left out: that has tests of its own. */
  readonly isFileOnly?: boolean;
}

const toFirstRecord = (log: string, more = 0): void =>
  truncateSync(log, readFileSync(log).indexOf('\n') + 1 + more);

const EDGES: readonly Edge[] = [
  { kind: 'kept', logOptions: ROTATES, before: 12, after: 12 },
  { kind: 'kept-compressed', logOptions: COMPRESSES, before: 20, after: 24, isFileOnly: true },
  {
    kind: 'outrun',
    logOptions: ROTATES,
    before: 20,
    after: 60,
    mayMiss: true,
    gaps: ['blind'],
    isFileOnly: true,
  },
  {
    kind: 'outrun-compressed',
    logOptions: COMPRESSES,
    before: 20,
    after: 80,
    mayMiss: true,
    gaps: ['blind'],
    isFileOnly: true,
  },
  { kind: 'emptied', before: 18, after: 12, change: (log) => truncateSync(log), gaps: ['blind'] },
  {
    kind: 'emptied-rotated',
    logOptions: ROTATES,
    before: 20,
    after: 4,
    change: (log) => truncateSync(log),
    gaps: ['truncated'],
    isFileOnly: true,
  },
  { kind: 'emptied-quiet', before: 12, after: 0, change: (log) => truncateSync(log) },
  { kind: 'cut', before: 18, after: 6, change: toFirstRecord, gaps: ['truncated'] },
  { kind: 'cut-regrown', before: 18, after: 36, change: toFirstRecord, gaps: ['truncated'] },
  // The next line is written behind half a record, and no record any more.
  {
    kind: 'torn',
    before: 18,
    after: 12,
    change: (log) => toFirstRecord(log, 17),
    mayMiss: true,
    gaps: ['truncated'],
    isFileOnly: true,
  },
  // A log is known by its first record, whichever output that is of.
  {
    kind: 'edited',
    before: 12,
    after: 6,
    change: (log) => writeFileSync(log, readFileSync(log, 'utf8').replaceAll(/ [oe] /g, ' x ')),
    gaps: ['truncated'],
  },
];

function expectation(name: string, writer: string, lines: number, edge?: Edge): Expectation {
  // What the engine leaves out of a log that rotates comes late.
  const mayBeLate = name.endsWith('api') && edge?.logOptions !== undefined;
  return { outputs: [name], writer, ...streamsOf(lines), mayMiss: edge?.mayMiss ?? false, mayBeLate };
}

describeWithEngine("Docker's edges while the agent is down", (bed) => {
  it('cost no line, or a gap says which', { timeout: 120_000 }, async () => {
    const { api, facts } = bed;
    const folder = scratch('edges-down');
    const output = path.join(folder, 'out');
    const options = { folder, config: fileSinkConfig(facts, ['down-*'], output, { compress: false }) };
    const containers = EDGES.flatMap((edge) =>
      WAYS.filter((way) => way === 'file' || !edge.isFileOnly).map((way) => ({
        edge,
        way,
        name: `down-${edge.kind}-${way}`,
        id: '',
      })),
    );
    const again = WAYS.map((way) => `down-again-${way}`);
    const expectations: Expectation[] = [];
    const expects = (name: string, writer: string, lines: number, edge?: Edge): void => {
      expectations.push(expectation(name, writer, lines, edge));
    };
    const create = async (way: Way, name: string, command: string[], logOptions = {}): Promise<string> =>
      api.create({
        name,
        image: facts.image,
        command,
        logOptions,
        labels: { 'log-capturer.transport': way },
      });
    const run = async (id: string): Promise<void> => {
      await api.start(id);
      await api.wait(id);
    };
    /** A container of this name writes and is removed. */
    const live = async (name: string, generation: number): Promise<string> => {
      const writer = `${name}-${generation}`;
      const id = await create(name.endsWith('file') ? 'file' : 'api', name, runsCommand(writer, [6]));
      await run(id);
      expects(name, writer, 6);
      return id;
    };

    let agent = await Agent.start(options);
    await agent.ready();
    const firsts = new Map<string, string>();
    for (const name of again) firsts.set(name, await live(name, 0));
    await eachLimited(containers, 6, async (container) => {
      const { edge, way, name } = container;
      container.id = await create(way, name, runsCommand(name, [edge.before, edge.after]), edge.logOptions);
      await run(container.id);
    });
    const before = containers.map(({ name, edge }) =>
      expectation(name, name, edge.before, { ...edge, mayMiss: false }),
    );
    expect(
      await whatIsWrong(agent, output, [...expectations, ...before], COMPLETE_DEADLINE_MS),
      agent.log,
    ).toEqual([]);
    agent.signal('SIGKILL');
    await agent.exit;

    for (const [name, id] of firsts) {
      await api.remove(id);
      await live(name, 1);
    }
    await eachLimited(containers, 6, async ({ id, name, edge }) => {
      edge.change?.((await api.inspect(id)).LogPath);
      if (edge.after > 0) await run(id);
      expects(name, name, edge.before + edge.after, edge);
    });

    agent = await Agent.start(options);
    await agent.ready();
    expect(await whatIsWrong(agent, output, expectations, COMPLETE_DEADLINE_MS), agent.log).toEqual([]);
    const gaps = await toldGaps(agent);
    const told = (name: string): string[] =>
      gaps.filter(({ container }) => container === name).map(({ why }) => why);
    for (const { name, edge, way } of containers)
      if (way === 'file') expect(told(name), `gaps of ${name}`).toEqual(edge.gaps ?? []);
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
  });
});

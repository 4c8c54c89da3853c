/**
 * Stack traces of eight languages, printed by containers in pieces with pauses, on both of their outputs, into logs that
 * rotate, while the agent is killed again and again: each is one line, once, and so is every line that is none of them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { fixtures } from '../../src/processors/multiline/testing/fixtures.js';
import { randomOf } from '../../src/regex/testing/hostile.js';
import { Agent } from '../support/agent.js';
import { describeWithEngine, fileSinkConfig } from '../support/engine-test.js';
import { scratch } from '../support/scratch.js';

const KILLS = 3;
const COMPLETE_DEADLINE_MS = 60_000;
const EVERY_MS = 50;
/** They last four seconds at least, and no kill comes later than one after the start. */
const PAUSES = 40;
/** Engine and machine may stand still for a while; what the program's own pauses come to is far below. */
const TIMEOUT = '10s';

/** Prints its arguments two by two: `o` or `e` and lines, `p` and seconds to wait. */
const SCRIPT = `while [ $# -gt 0 ]; do
  case "$1" in o) printf '%s\\n' "$2" ;; e) printf '%s\\n' "$2" >&2 ;; p) sleep "$2" ;; esac; shift 2
done`;

type Output = 'stdout' | 'stderr';

interface Program {
  readonly command: readonly string[];
  readonly expected: Readonly<Record<Output, readonly string[]>>;
}

/** All fixtures on each output, in pieces of a few lines that know nothing of where events end. */
function programOf(seed: number): Program {
  const random = randomOf(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const events = (): string[][] => {
    const order = fixtures().map((fixture) => ({ fixture, place: random() }));
    order.sort((a, b) => a.place - b.place);
    return order.flatMap(({ fixture }) => [...fixture.events.map((lines) => [...lines]), ['INFO next']]);
  };
  const chosen = { stdout: events(), stderr: events() };
  const left = { o: chosen.stdout.flat(), e: chosen.stderr.flat() };
  const pieces: [kind: string, text: string][] = [];
  while (left.o.length + left.e.length > 0) {
    const output = left.e.length === 0 || (left.o.length > 0 && random() < 0.5) ? 'o' : 'e';
    pieces.push([output, left[output].splice(0, 1 + below(12)).join('\n')]);
  }
  for (let i = 0; i < PAUSES; i++) pieces.splice(below(pieces.length), 0, ['p', `0.${1 + below(2)}`]);
  return {
    command: ['/bin/sh', '-c', SCRIPT, 'sh', ...pieces.flat()],
    expected: {
      stdout: chosen.stdout.map((lines) => lines.join('\n')),
      stderr: chosen.stderr.map((lines) => lines.join('\n')),
    },
  };
}

function written(output: string, container: string): Record<Output, string[]> {
  const folder = path.join(output, container);
  const lines: Record<Output, string[]> = { stdout: [], stderr: [] };
  if (!readdirSync(output).includes(container)) return lines;
  for (const file of readdirSync(folder).sort()) {
    for (const record of readFileSync(path.join(folder, file), 'utf8').split('\n').slice(0, -1)) {
      const { stream, line } = JSON.parse(record) as { stream: Output; line: string };
      lines[stream].push(line);
    }
  }
  return lines;
}

describeWithEngine('stack traces', (bed) => {
  it('are joined exactly, cut by pauses, rotation and kills', async () => {
    const folder = scratch('multiline');
    const output = path.join(folder, 'out');
    const options = {
      folder,
      config: {
        ...fileSinkConfig(bed.facts, ['multiline-*'], output, { format: 'json', compress: false }),
        processors: [{ type: 'multiline', timeout: TIMEOUT }],
      },
    };
    const programs = new Map<string, Program>();
    const ends: Promise<number>[] = [];
    const logs: string[] = [];
    let ended = 0;
    const start = async (name: string, isFile: boolean): Promise<void> => {
      const program = programOf(programs.size);
      programs.set(name, program);
      const id = await bed.api.create({
        name,
        image: bed.facts.image,
        command: program.command,
        labels: { 'log-capturer.transport': isFile ? 'file' : 'api' },
        // An engine that follows a log which rotates leaves records out, and gives them later.
        ...(isFile && { logOptions: { 'max-size': '20k', 'max-file': '100' } }),
      });
      await bed.api.start(id);
      const end = bed.api.wait(id).then((code) => {
        ended++;
        return code;
      });
      ends.push(end);
      if (isFile) logs.push((await bed.api.inspect(id)).LogPath);
    };

    let agent = await Agent.start(options);
    await agent.ready();
    for (let kills = 0; kills < KILLS; kills++) {
      const before = programs.size;
      await Promise.all([start(`multiline-file-${kills}`, true), start(`multiline-api-${kills}`, false)]);
      // Whatever it is at then.
      await new Promise((resolve) => setTimeout(resolve, 300 + 200 * kills));
      expect(ended, 'all was written before a kill').toBeLessThan(before + 2);
      agent.signal('SIGKILL');
      await agent.exit;
      agent = await Agent.start(options);
      await agent.ready();
    }
    expect(new Set(await Promise.all(ends))).toEqual(new Set([0]));
    expect(logs.filter((log) => !existsSync(`${log}.5`))).toEqual([]);

    const lines = (): number =>
      [...programs.keys()].reduce((sum, name) => {
        const { stdout, stderr } = written(output, name);
        return sum + stdout.length + stderr.length;
      }, 0);
    const wanted = [...programs.values()].reduce(
      (sum, { expected }) => sum + expected.stdout.length + expected.stderr.length,
      0,
    );
    const deadline = performance.now() + COMPLETE_DEADLINE_MS;
    while (lines() < wanted && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    const { unaccounted } = await agent.get<{ unaccounted: Record<string, number> }>('/api/v1/ledger');
    expect(Object.values(unaccounted).filter((lines) => lines !== 0)).toEqual([]);
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });

    for (const [name, { expected }] of programs) {
      const { stdout, stderr } = written(output, name);
      expect(stdout, `stdout of ${name}`).toEqual(expected.stdout);
      expect(stderr, `stderr of ${name}`).toEqual(expected.stderr);
    }
  });
});

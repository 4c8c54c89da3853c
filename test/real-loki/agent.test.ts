/**
 * The agent and a real Loki (docs/loki-checked.md): what containers wrote is what a query gives back, over limits, refusals and
 * a killed Loki.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Workload } from '../../bench/generate.js';
import { startStubEngine } from '../../bench/stub-engine.js';
import { Agent } from '../support/agent.js';
import { detectLevel, LEVEL_NAME } from '../support/loki/level.js';
import type { Limits } from '../support/loki/limits.js';
import { type HeldStream, RealLoki } from '../support/loki/real.js';
import { scratch } from '../support/scratch.js';
import { type SinkState, sinkUntil } from '../support/sinks.js';

const CONTAINERS = 3;
const LINES = 4_000;
const TENANT = 'team-a';
const PATIENCE_MS = 120_000;

type Output = 'stdout' | 'stderr';

interface Line {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly output: Output;
  readonly text: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What Loki has, by `<container> <output>`. */
type Held = Readonly<Record<string, readonly (readonly [time: string, text: string, metadata: string])[]>>;

describe('the agent and a real Loki', () => {
  it('has every line once, in order, with its time, labels and fields, of both outputs', async () => {
    const bed = await startBed({ limits: {}, linesOf: usualLines });
    const sink = await bed.delivered();
    expect(sink).toMatchObject({ linesDelivered: CONTAINERS * LINES, linesRejected: {}, gaps: 0 });
    expectSame(
      await bed.held(),
      bed.expected(() => true),
    );
    const [{ labels }] = await bed.streams();
    expect(Object.keys(labels).sort()).toEqual(['container', 'host', 'service_name', 'stream']);
  });

  it('loses and doubles nothing when Loki is killed twice in the middle', async () => {
    const bed = await startBed({
      limits: { ingestionRate: 300_000, ingestionBurst: 300_000 },
      linesOf: usualLines,
    });
    for (const share of [0.2, 0.6]) {
      await bed.until(({ linesDelivered }) => linesDelivered > share * CONTAINERS * LINES);
      await bed.loki.kill();
      await bed.loki.revive();
    }
    expect(await bed.delivered()).toMatchObject({ linesRejected: {}, gaps: 0 });
    expectSame(
      await bed.held(),
      bed.expected(() => true),
    );
  });

  it('says of each line that Loki refused why, and has all others', async () => {
    const maxLineBytes = 500;
    const bed = await startBed({
      limits: { maxLineBytes, maxMetadataPairs: 2, rejectOlderMs: 3_600_000 },
      linesOf: (container) =>
        usualLines(container).map((line, i) => {
          if (i % 50 === 7) return { ...line, text: `${line.text} ${'x'.repeat(maxLineBytes)}` };
          if (i % 50 === 17) return { ...line, ...jsonLine(i, 3) };
          // Behind those before, and too old by Loki's limit alone.
          if (i % 50 === 27) return { ...line, time: line.time - 2n * HOUR };
          if (i > LINES - 10) return { ...line, time: line.time + HOUR };
          return line;
        }),
    });
    const isGood = ({ text, metadata, time }: Line): boolean =>
      Buffer.byteLength(text) <= maxLineBytes &&
      Object.keys(metadata).length <= 2 &&
      time < bed.now + HOUR / 2n &&
      time > bed.now - HOUR;
    const good = bed.expected(isGood);
    const count = Object.values(good).reduce((sum, { length }) => sum + length, 0);
    const sink = await bed.delivered();
    expectSame(await bed.held(), good);
    expect(sink.linesDelivered).toBe(count);
    expect(Object.keys(sink.linesRejected).sort()).toEqual([
      'line_too_long',
      'structured_metadata',
      'too_new',
      'too_old',
    ]);
    expect(rejected(sink)).toBe(CONTAINERS * LINES - count);
  });

  it('has everything in the end where streams and the tenant have rates', async () => {
    const bed = await startBed({
      limits: {
        ingestionRate: 400_000,
        ingestionBurst: 400_000,
        streamRate: 100_000,
        streamBurst: 200_000,
        shardStreams: false,
      },
      linesOf: usualLines,
    });
    expect(await bed.delivered()).toMatchObject({ linesRejected: {}, gaps: 0 });
    expectSame(
      await bed.held(),
      bed.expected(() => true),
    );
  });
});

const HOUR = 3_600_000_000_000n;

/** Three to a nanosecond; every fourth on stderr, every fifth of JSON. */
function usualLines(container: number, now = BigInt(Date.now()) * 1_000_000n): Line[] {
  return Array.from({ length: LINES }, (_, i) => ({
    time: now - HOUR / 6n + BigInt(Math.floor(i / 3)) * 1_000_001n,
    output: i % 4 === 3 ? 'stderr' : 'stdout',
    ...(i % 5 === 4 ? jsonLine(i, 2) : { text: textOf(container, i), metadata: {} }),
  }));
}

function textOf(container: number, i: number): string {
  const texts = [
    'größe 東京 \u001b[31mred\u001b[0m',
    `"quotes" \\ <html> & \u0000 \u2028`,
    '',
    'x'.repeat(i % 400),
  ];
  // The number makes lines of one nanosecond differ; without it Loki would keep one of two empty ones.
  return `${container} ${i} ${texts[i % texts.length]}`;
}

function jsonLine(i: number, fields: number): Pick<Line, 'text' | 'metadata'> {
  const metadata = Object.fromEntries(Array.from({ length: fields }, (_, field) => [`f${field}`, `v${i}`]));
  return { text: JSON.stringify(metadata), metadata };
}

/** Stream by stream and line by line, so that what differs is shown, and not everything. */
function expectSame(held: Held, expected: Held): void {
  expect(Object.keys(held).sort()).toEqual(Object.keys(expected).sort());
  for (const [key, lines] of Object.entries(expected)) {
    const wrong = lines.findIndex((line, i) => JSON.stringify(line) !== JSON.stringify(held[key][i]));
    expect(held[key][wrong], `${key}, line ${wrong}`).toEqual(lines[wrong]);
    expect(held[key], key).toHaveLength(lines.length);
  }
}

interface Bed {
  readonly loki: RealLoki;
  /** Nanoseconds since 1970, when the lines were made. */
  readonly now: bigint;
  readonly until: (wanted: (sink: SinkState) => boolean) => Promise<SinkState>;
  /** When no line is waiting any more. */
  readonly delivered: () => Promise<SinkState>;
  readonly streams: () => Promise<HeldStream[]>;
  readonly held: () => Promise<Held>;
  readonly expected: (isGood: (line: Line) => boolean) => Held;
}

/** A Loki with these limits, and an agent that has begun to send the lines of its containers there. */
async function startBed(given: {
  limits: Partial<Limits>;
  linesOf: (container: number) => Line[];
}): Promise<Bed> {
  const folder = scratch('real-loki');
  const now = BigInt(Date.now()) * 1_000_000n;
  const loki = await RealLoki.start(path.join(folder, 'loki'), { [TENANT]: given.limits });
  onTestFinished(() => loki.kill());
  const written = Array.from({ length: CONTAINERS }, (_, i) => given.linesOf(i));
  const work = writeLogs(folder, written);
  const socket = path.join(folder, 'engine.sock');
  const engine = await startStubEngine(work, socket);
  onTestFinished(() => {
    engine.close();
    engine.closeAllConnections();
  });
  const agent = await Agent.start({
    folder,
    config: {
      sources: { containers: { type: 'docker', endpoint: `unix://${socket}`, start_at: 'beginning' } },
      processors: [{ type: 'parse', format: 'auto' }],
      sinks: { loki: { type: 'loki', url: loki.url, tenant: TENANT } },
    },
  });
  onTestFinished(async () => void (await agent.stop()));
  await agent.ready();
  const until: Bed['until'] = async (wanted) => {
    const sink = await sinkUntil(agent, 'loki', wanted, PATIENCE_MS);
    expect(wanted(sink), JSON.stringify(sink)).toBe(true);
    return sink;
  };
  const streams = (): Promise<HeldStream[]> => loki.held(TENANT, '{container=~".+", gap=""}');
  return {
    loki,
    now,
    until,
    delivered: () => until((sink) => sink.linesDelivered + rejected(sink) >= CONTAINERS * LINES),
    streams,
    held: async () => byOutput(await streams()),
    expected: (isGood) => {
      const held: Record<string, [string, string, string][]> = {};
      for (const [i, lines] of written.entries()) {
        for (const { time, output, text, metadata } of lines.filter(isGood)) {
          const key = `${work.containers[i].name} ${output}`;
          const level = detectLevel([], Object.entries(metadata), Buffer.from(text));
          (held[key] ??= []).push([String(time), text, textOfPairs({ ...metadata, [LEVEL_NAME]: level })]);
        }
      }
      return inLokisOrder(held);
    },
  };
}

function rejected({ linesRejected }: SinkState): number {
  return Object.values(linesRejected).reduce((sum, lines) => sum + lines, 0);
}

function textOfPairs(pairs: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(pairs).sort());
}

/** A query gives lines by their times, and those of one nanosecond in any order. */
function inLokisOrder(held: Held): Held {
  const keyOf = ([time, text, metadata]: Held[string][number]): string =>
    `${time.padStart(20, '0')} ${text} ${metadata}`;
  const byKey = (entries: Held[string]): Held[string] => {
    const keyed = entries.map((entry) => [keyOf(entry), entry] as const);
    return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  };
  return Object.fromEntries(Object.entries(held).map(([key, entries]) => [key, byKey(entries)]));
}

function byOutput(streams: readonly HeldStream[]): Held {
  return inLokisOrder(
    Object.fromEntries(
      streams.map(({ labels, entries }) => {
        const times = entries.map(({ time }) => BigInt(time));
        expect(times.every((time, i) => i === 0 || times[i - 1] <= time)).toBe(true);
        const key = `${labels['container']} ${labels['stream']}`;
        return [key, entries.map(({ time, line, metadata }) => [time, line, textOfPairs(metadata)] as const)];
      }),
    ),
  );
}

/** As json-files of Docker, with what the stub of an engine says of them. */
function writeLogs(folder: string, written: readonly (readonly Line[])[]): Workload {
  const containers = written.map((lines, i) => {
    const name = `real-${i}`;
    const id = createHash('sha256').update(name).digest('hex');
    const file = path.join(folder, 'containers', id, `${id}-json.log`);
    mkdirSync(path.dirname(file), { recursive: true });
    const records = lines.map(({ time, output, text }) => {
      const whole = new Date(Number(time / 1_000_000n)).toISOString().slice(0, 19);
      const fraction = String(time % 1_000_000_000n).padStart(9, '0');
      return `${JSON.stringify({ log: `${text}\n`, stream: output, time: `${whole}.${fraction}Z` })}\n`;
    });
    writeFileSync(file, records.join(''));
    return { id, name, digests: { stdout: '', stderr: '' } };
  });
  return { directory: folder, containers, lines: CONTAINERS * LINES, messageBytes: 0, diskBytes: 0 };
}

/**
 * A Loki with its default limits, 4 MiB a second, and a backlog: all of it arrives, and a line that is written meanwhile is
 * there within 30 seconds.
 *
 * LOKI_LIMITS_MB: bytes of the backlog in millions, 40 when not set. LOKI_LIMITS_RESULT: a file that gets the figures as JSON.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LANES } from '../../src/pipeline/streams.js';
import { REQUESTS_PER_LANE } from '../../src/sinks/loki/connection.js';
import { Agent } from '../support/agent.js';
import { eachLimited } from '../support/engine-api.js';
import { describeWithOwnEngine, expectedOf, startWriters } from '../support/engine-test.js';
import type { WriterSpec } from '../support/lines.mjs';
import { writeAsOutput } from '../support/loki/as-output.js';
import { DEFAULT_LIMITS } from '../support/loki/limits.js';
import { startLoki } from '../support/loki/receiver.js';
import { containerWithOldLog, OLD_LINE_BYTES } from '../support/old-log.js';
import { assertExact } from '../support/oracle.js';
import { watchMemory } from '../support/process-memory.js';
import { scratch } from '../support/scratch.js';
import { sinkUntil } from '../support/sinks.js';

const BACKLOG_BYTES = Number(process.env['LOKI_LIMITS_MB'] ?? 40) * 1e6;
const CONTAINERS = 10;
const OLD_LINES = Math.ceil(BACKLOG_BYTES / CONTAINERS / OLD_LINE_BYTES);
const SHORTEST_MS = (BACKLOG_BYTES / DEFAULT_LIMITS.ingestionRate) * 1000;
const DEADLINE_MS = 2 * SHORTEST_MS + 60_000;
const LIVE_WITHIN_MS = 30_000;
const MAX_GROWTH_MB = 40;

describeWithOwnEngine('a Loki with its default limits', (bed) => {
  it(`takes ${BACKLOG_BYTES / 1e6} MB of old lines and live ones in time`, {
    timeout: DEADLINE_MS + 120_000,
  }, async () => {
    const { api, facts } = bed();
    const folder = scratch('limits');
    const old: (WriterSpec & { from: number })[] = Array.from({ length: CONTAINERS }, (_, i) => ({
      name: `old-${i}`,
      out: OLD_LINES,
      from: OLD_LINES,
      err: 0,
      seed: 1,
    }));
    await eachLimited(old, 4, async (spec) => {
      await containerWithOldLog(api, facts.image, spec);
    });
    const loki = await startLoki({ limits: 'default' });
    onTestFinished(async () => loki.close());
    const agent = await Agent.start({
      folder,
      config: {
        sources: { containers: { type: 'docker', endpoint: facts.endpoint, start_at: 'beginning' } },
        sinks: { loki: { type: 'loki', url: loki.url } },
      },
    });
    await agent.ready();
    const build = await agent.get<object>('/api/v1/build');
    const since = performance.now();
    const memory = watchMemory(agent.pid);
    onTestFinished(() => void memory.stop());
    // A line a second, until after the last old one.
    const liveLines = Math.ceil(SHORTEST_MS / 1000) + 5;
    const live = {
      name: 'live',
      out: liveLines,
      err: 0,
      seed: 2,
      lengths: 'short',
      linesPerSecond: 1,
    } as const;
    await startWriters({ api, facts }, [live]);

    const total = CONTAINERS * OLD_LINES;
    const arrived = () => loki.count() - loki.count({ container: 'live' });
    await loki.until(() => arrived() >= total, DEADLINE_MS, `${total} old lines`);
    const seconds = (performance.now() - since) / 1000;
    const isLiveThere = () =>
      loki.lines({ container: 'live' }).filter((line) => line.startsWith('live o ')).length >= liveLines;
    await loki.until(isLiveThere, LIVE_WITHIN_MS + 20_000, `${liveLines} live lines`);
    const all = loki.count();
    const sink = await sinkUntil(agent, 'loki', ({ linesDelivered }) => linesDelivered >= all, 30_000);
    const memoryMb = memory.stop();
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });

    const atLoki = path.join(folder, 'loki');
    writeAsOutput(loki, atLoki);
    expect(assertExact(atLoki, expectedOf([...old, live])).lines).toBe(total + liveLines);
    expect(sink).toMatchObject({ linesDelivered: all, linesRejected: {}, linesLost: {}, gaps: 0 });
    expect(loki.ledger.repeated).toBe(0);
    expect(loki.maxInFlight).toBeLessThanOrEqual(LANES * REQUESTS_PER_LANE);
    const limited = loki.requests.filter(({ status }) => status === 429);
    expect(limited.length, 'no limit was ever met: this proves nothing').toBeGreaterThan(0);
    const lateMs = liveDelays(loki.streams({ container: 'live' }));
    expect(Math.max(...lateMs)).toBeLessThan(LIVE_WITHIN_MS);
    const third = Math.floor(memoryMb.length / 3);
    const growthMb = median(memoryMb.slice(-third)) - median(memoryMb.slice(0, third));
    expect(growthMb, `of ${memoryMb.join(' ')} MB`).toBeLessThan(MAX_GROWTH_MB);

    const result = {
      build,
      backlogMb: BACKLOG_BYTES / 1e6,
      seconds,
      shareOfTheLimit: SHORTEST_MS / 1000 / seconds,
      requests: loki.requests.length,
      refused429: limited.length,
      mostInFlight: loki.maxInFlight,
      liveLines,
      liveLateMs: { median: median(lateMs), most: Math.max(...lateMs) },
      memoryMb,
    };
    console.log(JSON.stringify(result));
    const file = process.env['LOKI_LIMITS_RESULT'];
    if (file) writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  });
});

/** From when the engine recorded each entry until it was at Loki. */
function liveDelays(streams: ReturnType<Awaited<ReturnType<typeof startLoki>>['streams']>): number[] {
  return streams.flatMap(({ entries, arrivedMs }) =>
    entries.map(({ seconds, nanos }, i) => Math.round(arrivedMs[i] - seconds * 1000 - nanos / 1e6)),
  );
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

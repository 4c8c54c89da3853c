/**
 * A Loki that is dead from the start, then hangs, then answers after six seconds harms nobody else: files and tail do not
 * notice, and at the end everything is at Loki too.
 *
 * LOKI_OUTAGE_SECONDS: how long it is dead, 15 when not set. LOKI_OUTAGE_RESULT: a file that gets the figures as JSON.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { LANES } from '../../src/pipeline/streams.js';
import { REQUESTS_PER_LANE } from '../../src/sinks/loki/connection.js';
import { Agent } from '../support/agent.js';
import {
  type ContainedWriter,
  describeWithEngine,
  expectedOf,
  fileSinkConfig,
  startWriters,
} from '../support/engine-test.js';
import { writeAsOutput } from '../support/loki/as-output.js';
import { startLoki } from '../support/loki/receiver.js';
import { assertExact, linesIn } from '../support/oracle.js';
import { outputsComplete } from '../support/outputs.js';
import { watchMemory } from '../support/process-memory.js';
import { scratch } from '../support/scratch.js';
import { sinkState, sinkUntil } from '../support/sinks.js';
import { tailUntil } from '../support/tail.js';

const DEAD_MS = Number(process.env['LOKI_OUTAGE_SECONDS'] ?? 15) * 1000;
const HANGS_MS = Math.max(5_000, DEAD_MS / 10);
const ANSWERS_AFTER_MS = 6_000;
const LINES_PER_SECOND = 200;
/** Loki is away for as long as this takes; a quiet machine needs less than a second. */
const ON_SCREEN_WITHIN_MS = 30_000;
const AT_LOKI_WITHIN_MS = 120_000 + DEAD_MS;

// A stream that the sink has not met costs a request of its own, and so six seconds: few streams, many lines.
const writers: ContainedWriter[] = Array.from({ length: 5 }, (_, i) => {
  const lines = Math.round((DEAD_MS / 1000) * 0.8 * LINES_PER_SECOND);
  return {
    name: `outage-${i}`,
    ...(i === 0 ? { out: Math.ceil(lines * 0.7), err: Math.floor(lines * 0.3) } : { out: lines, err: 0 }),
    seed: 5_000 + i,
    lengths: 'short',
    linesPerSecond: LINES_PER_SECOND,
  };
});

describeWithEngine('a Loki that is away', (bed) => {
  it(`delays nobody else and loses nothing, after ${DEAD_MS / 1000} s`, {
    timeout: 2 * (DEAD_MS + HANGS_MS) + AT_LOKI_WITHIN_MS,
  }, async () => {
    const folder = scratch('outage');
    const output = path.join(folder, 'out');
    const expected = expectedOf(writers);
    const loki = await startLoki();
    onTestFinished(async () => loki.close());
    await loki.die();
    const deadSince = performance.now();

    const config = fileSinkConfig(bed.facts, ['outage-*'], output);
    const agent = await Agent.start({
      folder,
      config: { ...config, sinks: { ...config['sinks'], loki: { type: 'loki', url: loki.url } } },
    });
    await agent.ready();
    const build = await agent.get<object>('/api/v1/build');
    const memory = watchMemory(agent.pid);
    onTestFinished(() => void memory.stop());
    const { done } = await startWriters(bed, writers);
    const screens = writers.map(async ({ name }) => {
      const before = performance.now();
      await tailUntil(agent.url, `?container=${name}&n=0`, () => true, ON_SCREEN_WITHIN_MS);
      return Math.round(performance.now() - before);
    });
    const onScreenMs = await Promise.all(screens);
    await done;
    await outputsComplete(output, expected, ON_SCREEN_WITHIN_MS);
    const filesCompleteAfterMs = performance.now() - deadSince;
    // All this happened while nobody was at Loki's address.
    const { lines } = assertExact(output, expected);
    expect(lines).toBe(writers.reduce((sum, { out, err }) => sum + out + err, 0));
    expect(loki.requests).toEqual([]);
    const away = await sinkState(agent, 'loki');
    expect(away).toMatchObject({ linesDelivered: 0, linesLost: {} });
    expect(away.lastError).toMatch(/\S/);

    await sleep(Math.max(0, DEAD_MS - (performance.now() - deadSince)));
    loki.hang();
    await loki.revive();
    await loki.until(() => loki.requests.length > 0, 60_000, 'a request to the hanging Loki');
    await sleep(HANGS_MS);
    expect(loki.count()).toBe(0);
    expect((await sinkState(agent, 'local')).linesDelivered).toBe(linesIn(output, expected));

    loki.delay(ANSWERS_AFTER_MS);
    loki.resume();
    const answersSince = performance.now();
    const total = linesIn(output, expected);
    await loki.until(() => loki.count() >= total, AT_LOKI_WITHIN_MS, `${total} entries`);
    const atLokiAfterMs = performance.now() - answersSince;
    const delivered = await sinkUntil(agent, 'loki', (sink) => sink.linesDelivered >= total, 30_000);
    const memoryMb = memory.stop();
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });

    const atLoki = path.join(folder, 'loki');
    writeAsOutput(loki, atLoki);
    expect(assertExact(atLoki, expected).lines).toBe(lines);
    expect(delivered).toMatchObject({ linesDelivered: total, linesRejected: {}, linesLost: {}, gaps: 0 });
    expect(loki.maxInFlight).toBeLessThanOrEqual(LANES * REQUESTS_PER_LANE);
    // What came again is what was in a request that got no answer.
    const unanswered = loki.requests.filter(({ answeredMs }) => answeredMs === undefined);
    expect(loki.ledger.repeated).toBeLessThanOrEqual(unanswered.reduce((sum, { taken }) => sum + taken, 0));

    const result = {
      build,
      deadSeconds: DEAD_MS / 1000,
      hangsSeconds: HANGS_MS / 1000,
      answersAfterSeconds: ANSWERS_AFTER_MS / 1000,
      lines,
      onScreenMs,
      filesCompleteAfterSeconds: filesCompleteAfterMs / 1000,
      atLokiAfterSeconds: atLokiAfterMs / 1000,
      requests: loki.requests.length,
      mostInFlight: loki.maxInFlight,
      entriesAgain: loki.ledger.repeated,
      memoryMb,
    };
    console.log(JSON.stringify(result));
    const file = process.env['LOKI_OUTAGE_RESULT'];
    if (file) writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  });
});

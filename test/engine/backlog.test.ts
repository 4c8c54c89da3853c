/**
 * A line written now is on screen within seconds while gigabytes of old ones are still being read; and an agent that is
 * killed in the middle of them goes on where it was.
 */
import path from 'node:path';
import { expect, it } from 'vitest';
import { Agent } from '../support/agent.js';
import { eachLimited } from '../support/engine-api.js';
import { describeWithOwnEngine, fileSinkConfig } from '../support/engine-test.js';
import { parseLine, type WriterSpec } from '../support/lines.mjs';
import { containerWithOldLog } from '../support/old-log.js';
import { assertExact, type Expected } from '../support/oracle.js';
import { folderBytes, outputsComplete } from '../support/outputs.js';
import { scratch } from '../support/scratch.js';
import { tailUntil } from '../support/tail.js';

const CONTAINERS = 40;
const OLD_LINES = 25_000;
/** Three of the containers run again and write, 20 lines a second. */
const LIVE = 3;
const LIVE_LINES = 600;
const ON_SCREEN_WITHIN_MS = 5_000;
const COMPLETE_DEADLINE_MS = 180_000;

describeWithOwnEngine('40 containers with 2 GB of old lines', (bed) => {
  it('do not delay a line that is written now', { timeout: 600_000 }, async () => {
    const { api, facts } = bed();
    const folder = scratch('backlog');
    const output = path.join(folder, 'out');
    const expected: Expected[] = Array.from({ length: CONTAINERS }, (_, i) => ({
      container: `old-${String(i).padStart(2, '0')}`,
      out: i < LIVE ? OLD_LINES + LIVE_LINES : OLD_LINES,
      err: 0,
    }));
    const ids = new Map<string, string>();
    let oldBytes = 0;
    await eachLimited(expected, 4, async ({ container, out }) => {
      const spec: WriterSpec & { from: number } = {
        name: container,
        out,
        err: 0,
        from: OLD_LINES,
        seed: 1,
        lengths: 'short',
        linesPerSecond: 20,
      };
      const { id, bytes } = await containerWithOldLog(api, facts.image, spec);
      oldBytes += bytes;
      ids.set(container, id);
    });
    expect(oldBytes).toBeGreaterThan(2e9);
    const running = expected.slice(0, LIVE).map(({ container }) => container);
    for (const container of running) await api.start(ids.get(container) ?? '');

    const options = { folder, config: fileSinkConfig(facts, ['old-*'], output, { compress: false }) };
    const startedAt = Date.now();
    const before = performance.now();
    const first = await Agent.start(options);
    await first.ready();
    const onScreen = await Promise.all(
      running.map(async (container) => {
        const within = ON_SCREEN_WITHIN_MS - (performance.now() - before);
        await tailUntil(
          first.url,
          `?container=${container}&n=0`,
          ({ time, line }) => Date.parse(time) >= startedAt && isNew(line),
          Math.max(1, within),
        );
        return { ms: performance.now() - before, outputBytes: folderBytes(output) };
      }),
    );

    first.signal('SIGKILL');
    await first.exit;
    const agent = await Agent.start(options);
    await agent.ready();
    await Promise.all(running.map(async (container) => api.wait(ids.get(container) ?? '')));
    await outputsComplete(output, expected, COMPLETE_DEADLINE_MS);
    const seconds = (performance.now() - before) / 1000;
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
    expect(assertExact(output, expected).lines).toBe(CONTAINERS * OLD_LINES + LIVE * LIVE_LINES);
    const total = folderBytes(output);
    const screens = onScreen.map(({ ms }) => Math.round(ms)).join(', ');
    console.log(
      `new lines on screen after ${screens} ms, everything in the files after ${seconds.toFixed(1)} s`,
    );
    // The backlog was still being read when the last of them was on screen.
    for (const { outputBytes } of onScreen) expect(outputBytes).toBeLessThan(total * 0.9);
  });
});

function isNew(line: string): boolean {
  return (parseLine(Buffer.from(line))?.seq ?? 0) >= OLD_LINES;
}

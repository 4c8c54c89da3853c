/**
 * The metrics of a running agent, read by Debian's Prometheus and by a strict parser of our own, while containers come, write
 * and go: no sum drops, nothing is unaccounted for, and what ended leaves no series behind.
 */
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Agent } from '../support/agent.js';
import { describeWithEngine, fileSinkConfig, startWriters } from '../support/engine-test.js';
import { Exposition } from '../support/exposition.js';
import { freePort } from '../support/ports.js';
import { Prometheus, prometheusPrograms, promtoolSays, whyNoPrometheus } from '../support/prometheus.js';
import { scratch } from '../support/scratch.js';

const ROUNDS = 4;
const PER_ROUND = 4;
const LINES = 500;
/** One that is busy all along. */
const BUSY = { name: 'metrics-busy', out: 40_000, err: 10_000, seed: 1 };
const SCRAPE_PAUSE_MS = 50;
const WAIT = { timeout: 60_000, interval: 100 };
/** Of these no sum may ever drop. */
const SUMS = ['lines_read', 'bytes_read', 'lines_journaled', 'lines_delivered'].map(
  (name) => `log_capturer_${name}_total`,
);

// A skip where CI is set is a failure, and says why.
const why = process.env['CI'] ? undefined : whyNoPrometheus();
if (why !== undefined) console.warn(`Skipped: the metrics test needs Prometheus, and ${why}.`);

describeWithEngine('metrics', (bed) => {
  /** As the engine has them, empty ones included. */
  const linesOf = async (ids: readonly string[]): Promise<number> => {
    const logs = await Promise.all(ids.map((id) => bed.api.logs(id)));
    return logs.reduce((sum, { stdout, stderr }) => sum + newlines(stdout) + newlines(stderr), 0);
  };

  it.skipIf(why !== undefined)('move, agree, and never drop, while containers come and go', async () => {
    const folder = scratch('metrics');
    const programs = prometheusPrograms(path.join(folder, 'packages'));
    const port = await freePort();
    const config = {
      ...fileSinkConfig(bed.facts, ['metrics-*'], path.join(folder, 'out')),
      metrics: { port },
    };
    const agent = await Agent.start({ folder, config });
    await agent.ready();
    const scrape = async (): Promise<Exposition> =>
      new Exposition(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
    const prometheus = await Prometheus.start(programs, path.join(folder, 'prometheus'), {
      targets: { agent: `127.0.0.1:${port}` },
    });
    onTestFinished(() => prometheus.stop());

    const containersAtFirst = seriesOf(await scrape());
    const watching = watch(scrape);
    const busy = await startWriters(bed, [BUSY]);
    let total = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const specs = Array.from({ length: PER_ROUND }, (_, i) => ({
        name: `metrics-${round}-${i}`,
        out: LINES,
        err: 0,
        seed: round,
      }));
      const { ids, done } = await startWriters(bed, specs);
      await done;
      total += await linesOf(ids);
      await Promise.all(ids.map((id) => bed.api.remove(id)));
    }
    await busy.done;
    const busyLines = await linesOf(busy.ids);
    total += busyLines;
    expect(total).toBeGreaterThanOrEqual(ROUNDS * PER_ROUND * LINES + BUSY.out + BUSY.err);
    await vi.waitFor(async () => {
      expect((await scrape()).sum('log_capturer_lines_delivered_total')).toBe(total);
    }, WAIT);
    const during = await scrape();
    expect(during.get('log_capturer_lines_read_total', { container: BUSY.name })).toBe(busyLines);
    expect(
      during.get('log_capturer_stream_age_seconds', { container: BUSY.name, transport: 'file' }),
    ).toBeGreaterThan(0);
    expect(during.get('log_capturer_active_streams', { transport: 'file' })).toBe(1);
    expect(during.get('log_capturer_containers', { transport: 'file' })).toBe(1);
    await Promise.all(busy.ids.map((id) => bed.api.remove(id)));
    await vi.waitFor(async () => expect(seriesOf(await scrape())).toEqual(containersAtFirst), WAIT);
    expect(await watching.stop()).toBeGreaterThan(20);

    const end = await scrape();
    for (const name of ['lines_read', 'lines_journaled', 'lines_delivered'])
      expect([name, end.sum(`log_capturer_${name}_total`)]).toEqual([name, total]);
    expect(end.get('log_capturer_lines_read_total', { container: '_retired' })).toBe(total);
    expect(end.sum('log_capturer_lines_pending')).toBe(0);
    expect(end.sum('log_capturer_active_streams')).toBe(0);
    expect(promtoolSays(programs, await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())).toBe('');
    expect(await (await fetch(`${agent.url}/metrics`)).text()).toContain('log_capturer_lines_read_total');

    // What Prometheus knows is what the API says.
    const { sinks } = await agent.get<{ sinks: { linesDelivered: number }[] }>('/api/v1/sinks');
    await vi.waitFor(async () => {
      expect(await prometheus.value('sum(log_capturer_lines_delivered_total)')).toBe(sinks[0].linesDelivered);
      expect(await prometheus.value('sum(log_capturer_lines_read_total)')).toBe(total);
    }, WAIT);
    const { version, digest } = await agent.get<{ version: string; digest: string }>('/api/v1/build');
    const build = `log_capturer_build_info{version="${version}",digest="${digest}"}`;
    const span = '[30m:200ms]';
    const wanted = new Map([
      [build, 1],
      ['up', 1],
      ...SUMS.map((name) => [`resets(sum(${name})${span})`, 0] as const),
      ['max(max_over_time(log_capturer_unaccounted_lines[30m]))', 0],
    ]);
    // A scrape that takes longer than its 200 ms on a busy machine leaves a hole; a reset would stay for the half hour.
    for (const [query, value] of wanted)
      await vi.waitFor(
        async () => expect([query, await prometheus.value(query)]).toEqual([query, value]),
        WAIT,
      );
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
  });
});

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

/** The containers with a series of their own, in any metric. */
function seriesOf(exposition: Exposition): string[] {
  const names = [...exposition.byName.values()].flatMap((rows) =>
    rows.map(([labels]) => labels['container']),
  );
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
}

/** Scrapes without end; `stop` answers how often, or what was wrong. */
function watch(scrape: () => Promise<Exposition>): { stop: () => Promise<number> } {
  const over = new AbortController();
  const watching = (async () => {
    let last: number[] = [];
    let scrapes = 0;
    for (; !over.signal.aborted; scrapes++) {
      const exposition = await scrape();
      const sums = SUMS.map((name) => exposition.sum(name));
      for (const [i, name] of SUMS.entries())
        expect(sums[i], `${name} has dropped`).toBeGreaterThanOrEqual(last[i] ?? 0);
      expect(exposition.sum('log_capturer_unaccounted_lines')).toBe(0);
      last = sums;
      await new Promise((resolve) => setTimeout(resolve, SCRAPE_PAUSE_MS));
    }
    return scrapes;
  })();
  watching.catch(() => {});
  return {
    stop: () => {
      over.abort();
      return watching;
    },
  };
}

/**
 * What the process holds is what scopes own, at every moment: streams rotate, containers come and go, a browser follows, lines
 * go to Loki and to files. And what came with the containers goes with them.
 */
import http from 'node:http';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { ResourceReport } from '../../src/telemetry/census/report.js';
import { Agent } from '../support/agent.js';
import { describeWithEngine, type EngineBed, fileSinkConfig, startWriters } from '../support/engine-test.js';
import type { WriterSpec } from '../support/lines.mjs';
import { startLoki } from '../support/loki/receiver.js';
import { scratch } from '../support/scratch.js';

const LASTING = 6;
const ROUNDS = 2;
const PER_ROUND = 4;
const LOOKS_AT_LEAST = 20;
const LOOK_EVERY_MS = 100;
const WAIT = { timeout: 30_000, interval: 250 };
const NOTHING = { file: 0, socket: 0, watcher: 0, timer: 0, worker: 0, pipe: 0, other: 0 };

describeWithEngine('the census', (bed) => {
  it.each(['api', 'file'])('finds nothing that nobody owns, transport %s', async (transport) => {
    const folder = scratch(`census-${transport}`);
    const loki = await startLoki({ limits: 'none' });
    onTestFinished(() => loki.close());
    const name = `census-${transport}`;
    const config = fileSinkConfig(bed.facts, [`${name}-*`], path.join(folder, 'out'));
    Object.assign(config['sources']['containers' as never], {
      transport,
      max_streams: LASTING,
      stream_max_age: '1s',
    });
    Object.assign(config['sinks'], { loki: { type: 'loki', url: loki.url } });
    const agent = await Agent.start({ folder, config });
    await agent.ready();
    const look = (): Promise<ResourceReport> => agent.get('/debug/resources?collect=true');
    await vi.waitFor(async () => expect((await look()).holdings.watcher).toBeGreaterThan(0), WAIT);
    const before = await look();

    const looking = lookOnAndOn(() => agent.get('/api/v1/resources'));
    const browser = follow(agent.url);
    const writer = (suffix: string, lines: number): WriterSpec => ({
      name: `${name}-${suffix}`,
      out: lines,
      err: 0,
      seed: 1,
      linesPerSecond: 50,
    });
    const lasting = await startWriters(
      bed,
      Array.from({ length: LASTING }, (_, i) => writer(`${i}`, 100_000)),
    );
    for (let round = 0; round < ROUNDS; round++) {
      const { ids, done } = await startWriters(
        bed,
        Array.from({ length: PER_ROUND }, (_, i) => writer(`${round}-${i}`, 20)),
      );
      await done;
      await removeAll(bed, ids);
    }
    await removeAll(bed, lasting.ids);
    browser.destroy();
    const looks = await looking.stop();
    expect(looks.length).toBeGreaterThan(LOOKS_AT_LEAST);
    expect(new Set(looks.map((unowned) => JSON.stringify(unowned)))).toEqual(
      new Set([JSON.stringify(NOTHING)]),
    );

    // What is kept open for a while goes by itself: files of the sink, connections to the engine and to Loki.
    await vi.waitFor(async () => {
      const { holdings } = await look();
      expect(holdings).toMatchObject({ watcher: before.holdings.watcher, worker: before.holdings.worker });
    }, WAIT);
    const { code } = await agent.stop();
    expect([code, agent.log]).toEqual([0, expect.not.stringContaining('"level":"error"')]);
  });
});

/** Looks without end; `stop` answers what was unowned, look by look. */
function lookOnAndOn(look: () => Promise<ResourceReport>): { stop(): Promise<object[]> } {
  const over = new AbortController();
  const looking = (async () => {
    const looks: object[] = [];
    while (!over.signal.aborted) {
      looks.push((await look()).unowned);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return looks;
  })();
  looking.catch(() => {});
  return {
    stop: () => {
      over.abort();
      return looking;
    },
  };
}

/** A browser that watches the lines. */
function follow(url: string): http.ClientRequest {
  const request = http.get(`${url}/api/v1/tail`, { agent: false }, (response) => {
    response.on('error', () => {});
    response.resume();
  });
  return request.on('error', () => {});
}

async function removeAll({ api }: EngineBed, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => api.remove(id)));
}

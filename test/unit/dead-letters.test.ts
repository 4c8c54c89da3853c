/** Lines that Loki refuses: from the source to the dead letters and back, over a kill at the worst moment, over the API and the terminal. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startAgent } from '../../src/agent.js';
import {
  deleteDeadLetters,
  exportDeadLetters,
  listDeadLetters,
  redriveDeadLetters,
  showDeadLetter,
} from '../../src/cli/commands/dead-letters.js';
import type { Config, LokiSinkConfig } from '../../src/config/types.js';
import type { DeadLetter } from '../../src/delivery/dead-letters/list.js';
import type { DeadLetters } from '../../src/delivery/dead-letters/store.js';
import { contents, openLetters } from '../../src/delivery/dead-letters/testing/test-letters.js';
import { Delivery } from '../../src/delivery/delivery.js';
import { MemoryDisk } from '../../src/journal/testing/memory-disk.js';
import { batchOf, openOn } from '../../src/journal/testing/test-kit.js';
import { silentLogger } from '../../src/runtime/log.js';
import { createLokiSink } from '../../src/sinks/loki/index.js';
import { CONFIG as LOKI } from '../../src/sinks/loki/testing/test-sink.js';
import { Health } from '../../src/telemetry/health.js';
import type { LedgerReport } from '../../src/telemetry/ledger/report.js';
import { countMessages } from '../../src/telemetry/message-counts.js';
import { type LokiReceiver, startLoki } from '../support/loki/receiver.js';
import { scratch } from '../support/scratch.js';

const PATIENCE = { timeout: 30_000, interval: 20 };
const MAX_LINE_BYTES = 78;

async function receiver(...given: Parameters<typeof startLoki>): Promise<LokiReceiver> {
  const loki = await startLoki(...given);
  onTestFinished(() => loki.close());
  return loki;
}

/** The lines of the demo's containers by their numbers. */
function numbersOf(lines: readonly (readonly [container: string, line: string])[]): Map<string, number[]> {
  const numbers = new Map<string, number[]>();
  for (const [container, line] of lines) {
    const number = Number(/request"?[=:](\d+)/.exec(line)?.[1]);
    numbers.set(container, [...(numbers.get(container) ?? []), number]);
  }
  return numbers;
}

const atLoki = (loki: LokiReceiver): [string, string][] =>
  loki
    .streams()
    .flatMap(({ labels, entries }) =>
      entries.map(({ line }): [string, string] => [labels['container'], line.toString()]),
    );

/** What a command prints. */
async function printed(
  command: (out: PassThrough) => Promise<number>,
): Promise<{ code: number; out: string }> {
  const out = new PassThrough();
  const all = text(out);
  const code = await command(out);
  out.end();
  return { code, out: await all };
}

test('good lines are delivered once, the others are kept whole with the reason, and delivered once the limit is raised', {
  timeout: 120_000,
}, async () => {
  const strict = await receiver({ limits: { maxLineBytes: MAX_LINE_BYTES } });
  const config: Config = {
    dataDir: scratch('dead-letters'),
    logLevel: 'info',
    labels: {},
    server: { host: '127.0.0.1', port: 0, auth: 'auto', allowedHosts: [], basePath: '' },
    metrics: { host: '127.0.0.1', port: 0 },
    journal: { maxBytes: 1e9, maxAgeMs: 1e9, minFree: 0, syncIntervalMs: 50 },
    deadLetters: { maxBytes: 1e7, maxAgeMs: 1e9 },
    alerts: {},
    processors: [],
    sources: { demo: { type: 'demo', linesPerSecond: 100, containers: 3 } },
    sinks: { loki: { ...LOKI, url: strict.url } satisfies LokiSinkConfig },
  };
  const agent = await startAgent(config, countMessages(silentLogger));
  onTestFinished(() => agent.stop());
  const question = { url: agent.server.url };
  const exported = async (): Promise<DeadLetter[]> => {
    const { out } = await printed((to) => exportDeadLetters(question, to));
    return out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as DeadLetter]));
  };
  await vi.waitFor(async () => expect((await exported()).length).toBeGreaterThan(9), PATIENCE);

  const letters = await exported();
  for (const { line, reason, said, labels, sink, attempts } of letters) {
    expect([sink, reason, attempts]).toEqual(['loki', 'line_too_long', 1]);
    expect(line.length).toBeGreaterThan(MAX_LINE_BYTES);
    expect(said).toContain(
      `max entry size '${MAX_LINE_BYTES}' bytes exceeded for stream '{container="${labels['container']}"`,
    );
  }
  expect(strict.ledger.repeated).toBe(0);
  for (const [, line] of atLoki(strict)) expect(line.length).toBeLessThanOrEqual(MAX_LINE_BYTES);
  const { out: list, code } = await printed((to) => listDeadLetters({ ...question, lines: 3 }, to));
  expect(code).toBe(0);
  expect(list).toMatch(
    /^\d+ dead letters: loki line_too_long \d+\n(\d+-\d+ {2}20\S+ {2}loki {2}line_too_long {2}demo-\w+\/std\w+ \| .*\n){3}… and more/,
  );
  const { out: shown } = await printed((to) => showDeadLetter(letters[5].id, question, to));
  expect(shown).toContain(letters[5].line);

  // Refused once more: all of them stay.
  const refused = await printed((to) => redriveDeadLetters(question, to));
  expect(refused.code).toBe(1);
  expect(refused.out).toMatch(/^delivered 0, refused again \d+ \(line_too_long\)\n$/);
  expect((await exported()).filter(({ attempts }) => attempts === 2).length).toBeGreaterThanOrEqual(
    letters.length,
  );

  const port = Number(new URL(strict.url).port);
  await strict.die();
  const lenient = await receiver({ limits: 'none', port });
  await vi.waitFor(() => expect(lenient.count()).toBeGreaterThan(20), PATIENCE);
  await vi.waitFor(async () => {
    await printed((to) => redriveDeadLetters(question, to));
    expect(await exported()).toEqual([]);
  }, PATIENCE);
  const sink = agent.sinks()[0] as unknown as { linesRejected: Record<string, number> };
  const answer = await fetch(new URL('/api/v1/ledger', agent.server.url));
  const { sinks, unaccounted } = (await answer.json()) as LedgerReport;
  expect(sinks).toMatchObject([{ rejected: { line_too_long: sinks[0].redriven } }]);
  expect(new Set(Object.values(unaccounted))).toEqual(new Set([0]));
  await agent.stop();

  const found = numbersOf([...atLoki(strict), ...atLoki(lenient)]);
  expect([...found.keys()].sort()).toEqual(['demo-api', 'demo-web', 'demo-worker']);
  for (const [container, numbers] of found) {
    const expected = Array.from({ length: numbers.length }, (_, i) => i + 1);
    expect(
      numbers.sort((a, b) => a - b),
      container,
    ).toEqual(expected);
  }
  // Sent again may be what was in flight when Loki went.
  expect(strict.ledger.repeated).toBe(0);
  expect(sink.linesRejected['line_too_long']).toBeGreaterThanOrEqual(letters.length);
});

test('what is deleted is gone, and nothing is where nothing is chosen', async () => {
  const strict = await receiver({ limits: { maxLineBytes: MAX_LINE_BYTES } });
  const agent = await startAgent(
    {
      dataDir: scratch('dead-letters-deleted'),
      logLevel: 'info',
      labels: {},
      server: { host: '127.0.0.1', port: 0, auth: 'auto', allowedHosts: [], basePath: '' },
      metrics: { host: '127.0.0.1', port: 0 },
      journal: { maxBytes: 1e9, maxAgeMs: 1e9, minFree: 0, syncIntervalMs: 50 },
      deadLetters: { maxBytes: 1e7, maxAgeMs: 1e9 },
      alerts: {},
      processors: [],
      sources: { demo: { type: 'demo', linesPerSecond: 200, containers: 1 } },
      sinks: { loki: { ...LOKI, url: strict.url } },
    },
    countMessages(silentLogger),
  );
  onTestFinished(() => agent.stop());
  const question = { url: agent.server.url };
  const list = () => printed((to) => listDeadLetters({ ...question, lines: 10, sink: 'loki' }, to));
  await vi.waitFor(async () => expect((await list()).out).toContain('line_too_long'), PATIENCE);
  await expect(printed((to) => deleteDeadLetters(question, to))).rejects.toThrow(
    /refuses: Which ones is to be said/,
  );
  await strict.close();
  const { code, out } = await printed((to) =>
    deleteDeadLetters({ ...question, reason: 'line_too_long' }, to),
  );
  expect([code, out]).toEqual([0, expect.stringMatching(/^deleted [1-9]\d*\n$/)]);
});

/** An agent's middle: what of it is between the journal and Loki, on disks that can be looked at in any moment. */
async function middle(
  journalDisk: MemoryDisk,
  lettersDisk: MemoryDisk,
  url: string,
  onKept: () => Promise<void>,
) {
  const { journal, streams, scope } = await openOn(
    journalDisk,
    {},
    { segmentBytes: 1e6, groupBytes: 1e6, heldBytes: 1e9 },
  );
  const letters = await openLetters(lettersDisk);
  const keep: DeadLetters['keep'] = async (...given) => {
    const isKept = await letters.store.keep(...given);
    await onKept();
    return isKept;
  };
  const sink = createLokiSink('loki', { ...LOKI, url }, { log: silentLogger });
  const delivery = new Delivery({
    journal,
    sink,
    log: silentLogger,
    health: new Health(),
    deadLetters: { keep },
  });
  const sinks = scope.child('sinks');
  void sinks.run('delivery', () => delivery.run(sinks));
  return { journal, streams, scope, letters, delivery };
}

test('a kill between the dead letters and the cursor loses and doubles nothing', async () => {
  const loki = await receiver({ limits: { maxLineBytes: 50 } });
  const [journalDisk, lettersDisk] = [new MemoryDisk(), new MemoryDisk()];
  let kill!: (disks: [MemoryDisk, MemoryDisk]) => void;
  const killed = new Promise<[MemoryDisk, MemoryDisk]>((resolve) => {
    kill = resolve;
  });
  const before = await middle(journalDisk, lettersDisk, loki.url, () => {
    kill([journalDisk.afterKill(), lettersDisk.afterKill()]);
    // It never gets further.
    return new Promise((resolve) => void before.scope.onClosing('the end', resolve));
  });
  const now = Math.floor(Date.now() / 1000);
  const lines = Array.from({ length: 20 }, (_, i) => ({
    labels: { container: i % 2 === 0 ? 'a' : 'b' },
    text: `${i} ${i % 5 === 0 ? 'x'.repeat(60) : ''}`,
    seconds: now,
    nanos: i,
  }));
  const { journal, streams } = before;
  void journal.append(batchOf(streams, lines), 'test/a', 1, { key: 'test/a', from: 0, to: 1 });
  await journal.barrier();
  const [journalAfter, lettersAfter] = await killed;
  // As a kill: nothing of the first run has any more to say.
  journalDisk.endNow();
  lettersDisk.endNow();
  void before.scope.close().catch(() => undefined);
  void before.letters.scope.close().catch(() => undefined);

  const expected = lines.flatMap(({ text }) => (text.length > 50 ? [`loki line_too_long 1: ${text}`] : []));
  let kept = 0;
  const after = await middle(journalAfter, lettersAfter, loki.url, async () => void kept++);
  expect((await contents(after.letters.store)).length).toBeGreaterThan(0);
  await vi.waitFor(
    () => expect(after.delivery.stats).toMatchObject({ linesPending: 0, state: 'idle' }),
    PATIENCE,
  );
  expect(kept, 'nothing was refused once more: this proves nothing').toBeGreaterThan(0);
  expect(await contents(after.letters.store)).toEqual(expected.sort());
  expect(new Set(loki.lines())).toEqual(
    new Set(lines.map(({ text }) => text).filter(({ length }) => length <= 50)),
  );
  const { linesDelivered, linesRejected } = after.delivery.stats;
  expect([linesDelivered, linesRejected]).toEqual([16, { line_too_long: 4 }]);
  await after.scope.close();
  await after.letters.scope.close();
  const again = await openLetters(lettersAfter.afterKill());
  expect(await contents(again.store)).toEqual(expected.sort());
  await again.scope.close();
});

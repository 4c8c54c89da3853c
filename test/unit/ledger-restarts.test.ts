/** A journal and files on a real disk, let go of in the middle again and again: the ledger says what is in the files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Delivery } from '../../src/delivery/delivery.js';
import { openJournal } from '../../src/journal/index.js';
import { batchOf } from '../../src/journal/testing/test-kit.js';
import { GapRegister } from '../../src/pipeline/gap-register.js';
import { createIntake } from '../../src/pipeline/intake.js';
import { type Labels, StreamTable } from '../../src/pipeline/streams.js';
import { silentLogger } from '../../src/runtime/log.js';
import { Scope } from '../../src/runtime/scope.js';
import { createFileSink } from '../../src/sinks/file/index.js';
import { Health } from '../../src/telemetry/health.js';
import { ledgerReport, type SinkLine } from '../../src/telemetry/ledger/report.js';

const ROUNDS = 12;
const WAIT = { timeout: 20_000, interval: 1 };
const CONTAINERS = ['web', 'db', 'other'];
const isWanted = ({ container }: Labels): boolean => container !== 'other';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ledger-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Pushes lines for some turns, and ends as a kill does: nothing is finished. Answers what the ledger says at the end. */
async function round(number: number, isLast: boolean): Promise<SinkLine> {
  const scope = Scope.root('test', () => undefined);
  const streams = new StreamTable();
  const options = { maxBytes: 2 ** 30, maxAgeMs: 2 ** 30, minFree: 0, syncIntervalMs: 5 };
  const journal = await openJournal(path.join(folder, 'journal'), options, streams, scope, silentLogger);
  const log = silentLogger;
  const config = { maxBytes: 1e9, maxFiles: 10, maxTotalBytes: 1e9, compress: false } as const;
  const sink = createFileSink(
    'files',
    { type: 'file', directory: path.join(folder, 'out'), format: 'text', ...config },
    { log },
  );
  const delivery = new Delivery({ journal, sink, match: isWanted, log, health: new Health() });
  const gaps = new GapRegister(journal, log);
  const intake = createIntake({ journal, streams, scope, taps: [], gaps });
  const report = () =>
    ledgerReport({ journal, sinks: () => [{ name: 'files', ...delivery.balance }], containerOf: () => '' });
  const check = (): void => {
    const { unaccounted } = report();
    expect(unaccounted).toEqual({ reader: 0, processors: 0, journal: 0, 'sink/files': 0 });
  };
  void scope.run('delivery', () => delivery.run(scope));
  await vi.waitFor(() => expect(delivery.stats.state).not.toBe('opening'), WAIT);
  check();
  for (let turn = 0; turn < 20 + number; turn++) {
    for (const container of CONTAINERS) {
      const key = `docker/${container}`;
      const from = (intake.position(key) as number | undefined) ?? 0;
      const rows = [from, from + 1].map((n) => ({ labels: { container, stream: 'stdout' }, text: `${n}` }));
      void intake.push(batchOf(streams, rows), key, from + 2, { key, from, to: from + 2, lines: 2 });
    }
    await new Promise((resolve) => setTimeout(resolve, turn % 3));
    check();
  }
  if (isLast) {
    await journal.barrier();
    await vi.waitFor(() => expect(delivery.stats.linesPending).toBe(0), WAIT);
    check();
  }
  const [line] = report().sinks;
  await scope.abort();
  return line;
}

test('each line once, in the files and in the ledger', async () => {
  for (let number = 1; number < ROUNDS; number++) await round(number, false);
  const { delivered, passedOver, journaled, pending } = await round(ROUNDS, true);
  const lines = CONTAINERS.filter((container) => isWanted({ container })).flatMap((container) => {
    const directory = path.join(folder, 'out', container);
    const content = readdirSync(directory).map((file) => readFileSync(path.join(directory, file), 'utf8'));
    return content
      .join('')
      .trim()
      .split('\n')
      .map((line) => `${container} ${line.slice(line.lastIndexOf(' ') + 1)}`);
  });
  expect(new Set(lines).size).toBe(lines.length);
  expect([delivered, passedOver, pending]).toEqual([lines.length, journaled - lines.length, 0]);
  expect(delivered).toBe(passedOver * 2);
});

/**
 * One line is dropped, doubled or split at each stage in turn: the ledger names the stage, or, where the stage's own count
 * is fooled as well, a comparison of what was written with what the sink has finds it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Delivery } from '../../src/delivery/delivery.js';
import { ModelSink, SinkStore } from '../../src/delivery/testing/model-sink.js';
import { Staging } from '../../src/journal/staging.js';
import { MemoryDisk } from '../../src/journal/testing/memory-disk.js';
import { linesOf, type Opened, openOn } from '../../src/journal/testing/test-kit.js';
import type { Journal } from '../../src/journal/types.js';
import { Batch } from '../../src/pipeline/batch.js';
import type { Block, Delivered, Processor } from '../../src/pipeline/contract.js';
import { GapRegister } from '../../src/pipeline/gap-register.js';
import { createIntake, type Intake } from '../../src/pipeline/intake.js';
import { BlockLines, decodeBlock } from '../../src/pipeline/push-request.js';
import { parseLabelText } from '../../src/pipeline/streams.js';
import { entryOf, processorOf } from '../../src/pipeline/testing/stage-kit.js';
import { silentLogger } from '../../src/runtime/log.js';
import { Scope } from '../../src/runtime/scope.js';
import { FrameDecoder } from '../../src/sources/docker/api/frames.js';
import { LineWriter } from '../../src/sources/docker/api/lines.js';
import { ApiLog } from '../../src/sources/docker/api/log.js';
import type { RecordSink } from '../../src/sources/docker/api/records.js';
import { noCounts } from '../../src/sources/docker/json-file/counts.js';
import { Decoder } from '../../src/sources/docker/json-file/decode.js';
import { PlainFile } from '../../src/sources/docker/json-file/log-file.js';
import { markAt, Span } from '../../src/sources/docker/json-file/span.js';
import { StreamIds } from '../../src/sources/docker/stream-ids.js';
import { Health } from '../../src/telemetry/health.js';
import { ledgerReport } from '../../src/telemetry/ledger/report.js';
import { blockOf } from '../support/blocks.js';

type Act = 'drop' | 'double' | 'split';
const ACTS: readonly Act[] = ['drop', 'double', 'split'];
const TEXTS = ['line one', 'line two', 'line three', 'line four'];
/** What happens to this one. */
const VICTIM = 2;
const SINK = 'files';
const WAIT = { timeout: 20_000, interval: 1 };

/** Parts of the way that a line takes, each as it is unless a fault puts another in its place. */
interface Parts {
  recordSink: (log: RecordSink) => RecordSink;
  processors: Processor[];
  journal: (journal: Journal) => Journal;
  sink: (store: SinkStore) => ModelSink;
}

interface Fault {
  /** The part, and how it is put in place of the right one. */
  readonly at: string;
  readonly reads: 'file' | 'api';
  readonly found: 'reader' | 'processors' | 'journal' | 'sink/files' | 'the comparison';
  readonly inject: (parts: Parts, act: Act) => void;
}

const FAULTS: readonly Fault[] = [
  {
    at: 'demultiplexer',
    reads: 'api',
    found: 'the comparison',
    inject: (parts, act) => {
      parts.recordSink = (log) => faultyRecords(log, act);
    },
  },
  { at: 'reader of the API', reads: 'api', found: 'reader', inject: (_, act) => faultyRows(act) },
  { at: 'reader of files', reads: 'file', found: 'reader', inject: (_, act) => faultyRows(act) },
  {
    at: 'processor',
    reads: 'file',
    found: 'processors',
    inject: ({ processors }, act) => processors.push(faultyProcessor(act)),
  },
  { at: "journal's encoder", reads: 'file', found: 'journal', inject: (_, act) => faultyEncoder(act) },
  {
    at: 'cursor',
    reads: 'file',
    found: 'sink/files',
    inject: (parts, act) => {
      parts.journal = (journal) => faultyCursor(journal, act);
    },
  },
  {
    at: 'sink',
    reads: 'file',
    found: 'sink/files',
    inject: (parts, act) => {
      parts.sink = (store) => new FaultySink(store, act, false);
    },
  },
  {
    at: 'sink that does not know',
    reads: 'file',
    found: 'the comparison',
    inject: (parts, act) => {
      parts.sink = (store) => new FaultySink(store, act, true);
    },
  },
];

let folder: string;
let root: Scope;
let opened: Opened;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'mutations-'));
  root = Scope.root('test', (error) => {
    throw error;
  });
  opened = await openOn(new MemoryDisk(), { syncIntervalMs: 2 ** 30 });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await opened.scope.close();
  await root.close();
  rmSync(folder, { recursive: true });
});

/** All the way from a log to a sink: the stages that do not add up, and what the sink has. */
async function run(
  reads: 'file' | 'api',
  inject: (parts: Parts) => void,
): Promise<{ off: string[]; has: string[] }> {
  const parts: Parts = {
    recordSink: (log) => log,
    processors: [],
    journal: (journal) => journal,
    sink: (store) => new ModelSink(SINK, store),
  };
  inject(parts);
  const { streams, scope } = opened;
  const journal = parts.journal(opened.journal);
  const store = new SinkStore();
  const delivery = new Delivery({
    journal,
    sink: parts.sink(store),
    log: silentLogger,
    health: new Health(),
  });
  void scope.run('delivery', () => delivery.run(scope));
  const gaps = new GapRegister(journal, silentLogger);
  const chainsFor = () => parts.processors.map((processor) => entryOf(processor));
  const intake = createIntake({ journal, streams, scope, chainsFor, taps: [], gaps });
  if (reads === 'file') readFile(intake);
  else readApi(intake, parts);
  await journal.barrier();
  await vi.waitFor(() => expect(delivery.stats.linesPending).toBe(0), WAIT);
  const { unaccounted } = ledgerReport({
    journal,
    sinks: () => [{ name: SINK, ...delivery.balance }],
    containerOf: (key) => intake.ledger.containerOf(key),
  });
  const off = Object.entries(unaccounted).flatMap(([stage, lines]) => (lines === 0 ? [] : [stage]));
  return { off, has: store.lines.map((line) => line.slice(line.indexOf('} ') + 2)).toSorted() };
}

describe.each(FAULTS)('$at', ({ reads, found, inject }) => {
  test.each(ACTS)('that would %s a line', async (act) => {
    const { off, has } = await run(reads, (parts) => inject(parts, act));
    expect(off).toEqual(found === 'the comparison' ? [] : [found]);
    expect(has, 'the fault has changed nothing').not.toEqual(TEXTS.toSorted());
  });
});

test.each(['file', 'api'] as const)('without a fault all is there, and adds up: %s', async (reads) => {
  expect(await run(reads, () => {})).toEqual({ off: [], has: TEXTS.toSorted() });
});

/** As the reader of a container's file does it. */
function readFile(intake: Intake): void {
  const key = 'docker/file';
  const records = TEXTS.map((log, i) => `{"log":"${log}\\n","stream":"stdout","time":"${timeOf(i)}"}\n`);
  const file = path.join(folder, 'log');
  const content = Buffer.from(records.join(''));
  writeFileSync(file, content);
  const span = new Span([markAt(PlainFile.open(root, file), 0, 0)]);
  const stream = intake.streams.acquire({ container: 'web', stream: 'stdout' });
  void new Decoder(1_000).decode(content, content.length, span, {
    counts: noCounts(),
    streamId: () => stream.id,
    push: (batch, { offset }, from, lines) =>
      intake.push(batch, key, offset, { key, from, to: offset, lines }),
    moved: () => {},
  });
}

/** As a stream of the engine's API does it. */
function readApi(intake: Intake, { recordSink }: Parts): void {
  const frames = TEXTS.map((text, i) => {
    const record = Buffer.from(`${timeOf(i)} ${text}\n`);
    const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(record.length, 4);
    return Buffer.concat([head, record]);
  });
  const log = new ApiLog({
    pipeline: intake,
    key: 'docker/api',
    streams: new StreamIds(intake.streams, 'stream', { container: 'web' }),
    writer: new LineWriter(1_000),
    startAt: { kind: 'beginning' },
    mayRepeat: false,
    hold: () => {},
    onGap: () => {},
    onMissed: () => {},
    onEngineError: () => {},
  });
  log.begin(Date.now());
  const bytes = Buffer.concat(frames);
  new FrameDecoder().decode(bytes, bytes.length, [], true, recordSink(log));
  log.drained();
}

function timeOf(line: number): string {
  return `2026-11-22T09:00:00.00000000${line}Z`;
}

/** Calls `right` for every call but the VICTIM-th, which is done as `act` says; `halves` are the calls of a split line. */
function faulty<A extends unknown[], R>(
  act: Act,
  right: (...args: A) => R,
  halves: (...args: A) => readonly [A, A],
) {
  let calls = 0;
  return (...args: A): R | undefined => {
    if (calls++ !== VICTIM) return right(...args);
    if (act === 'drop') return undefined;
    const [first, second] = act === 'double' ? ([args, args] as const) : halves(...args);
    right(...first);
    return right(...second);
  };
}

function faultyRecords(log: RecordSink, act: Act): RecordSink {
  const record = faulty<Parameters<RecordSink['record']>, boolean>(
    act,
    log.record.bind(log),
    (buf, start, end, ends, isStderr, seconds, nanos) => [
      [buf, start, start + 4, ends, isStderr, seconds, nanos],
      [buf, start + 4, end, ends, isStderr, seconds, nanos],
    ],
  );
  return {
    record: (...args) => record(...args) ?? true,
    malformed: log.malformed.bind(log),
    engineError: log.engineError.bind(log),
  };
}

/** Between the decoder's count of a line and its row. */
function faultyRows(act: Act): void {
  const add = Reflect.get(Batch.prototype, 'add');
  const row = faulty<[batch: Batch, ...row: Parameters<Batch['add']>], void>(
    act,
    (batch, ...row) => add.apply(batch, row),
    (batch, start, end, ...rest) => [
      [batch, start, start + 4, ...rest],
      [batch, start + 4, end, ...rest],
    ],
  );
  vi.spyOn(Batch.prototype, 'add').mockImplementation(function (this: Batch, ...args) {
    row(this, ...args);
  });
}

/** Does not tell what it does. */
function faultyProcessor(act: Act): Processor {
  return processorOf((batch) => {
    const rows = Array.from(
      { length: batch.length },
      (_, i): Parameters<Batch['add']> => [
        batch.start[i],
        batch.end[i],
        batch.stream[i],
        batch.seconds[i],
        batch.nanos[i],
        batch.flags[i],
      ],
    );
    batch.reset();
    const add = faulty<Parameters<Batch['add']>, void>(act, batch.add.bind(batch), (start, end, ...rest) => [
      [start, start + 4, ...rest],
      [start + 4, end, ...rest],
    ]);
    for (const row of rows) add(...row);
  });
}

function faultyEncoder(act: Act): void {
  const add = Reflect.get(Staging.prototype, 'add');
  const encode = faulty<[staging: Staging, ...line: Parameters<Staging['add']>], boolean>(
    act,
    (staging, ...line) => add.apply(staging, line),
    (staging, slab, from, length, ...rest) => [
      [staging, slab, from, 4, ...rest],
      [staging, slab, from + 4, length - 4, ...rest],
    ],
  );
  vi.spyOn(Staging.prototype, 'add').mockImplementation(function (this: Staging, ...args) {
    return encode(this, ...args) ?? true;
  });
}

/** Hands out another block than the one that was committed. */
function faultyCursor(journal: Journal, act: Act): Journal {
  return like(journal, {
    openCursor: (...given) => {
      const cursor = journal.openCursor(...given);
      return like(cursor, {
        read: async (...args) => {
          const answer = await cursor.read(...args);
          return { ...answer, blocks: answer.blocks.map((block) => changed(block, act)) };
        },
      });
    },
  });
}

/** An object with the same members, but for some. */
function like<T extends object>(of: T, members: Partial<T>): T {
  return new Proxy(of, {
    get: (_, name) => {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name) as unknown;
      const value = Reflect.get(of, name) as unknown;
      return typeof value === 'function' ? (value.bind(of) as unknown) : value;
    },
  });
}

function changed(block: Block, act: Act): Block {
  const lines = new BlockLines();
  decodeBlock(block.payload, lines);
  const row = (i: number, from = 0, to = Number.POSITIVE_INFINITY) => ({
    labels: parseLabelText(lines.streams[lines.stream[i]]),
    text: lines.data.toString('utf8', lines.start[i], lines.end[i]).slice(from, to),
    seconds: lines.seconds[i],
    nanos: lines.nanos[i],
  });
  const rows: ReturnType<typeof row>[] = [];
  const add = faulty<Parameters<typeof row>, number>(
    act,
    (...args) => rows.push(row(...args)),
    (i) => [
      [i, 0, 4],
      [i, 4],
    ],
  );
  for (let i = 0; i < lines.length; i++) add(i);
  const { lsn, nextLsn, lane } = block;
  return { ...blockOf(rows, { lsn, lane }), nextLsn };
}

/** Writes something else than it was given, and says what it wrote, or what it was given. */
class FaultySink extends ModelSink {
  readonly #store: SinkStore;
  readonly #act: Act;
  readonly #lies: boolean;

  constructor(store: SinkStore, act: Act, lies: boolean) {
    super(SINK, store);
    this.#store = store;
    this.#act = act;
    this.#lies = lies;
  }

  override async deliver(blocks: readonly Block[]): Promise<Delivered> {
    const given = blocks.flatMap(linesOf);
    const before = this.#store.lines.length;
    const write = faulty<[line: string], number>(
      this.#act,
      (line) => this.#store.lines.push(line),
      (line) => [[line.slice(0, -4)], [line.slice(0, line.indexOf('} ') + 2) + line.slice(-4)]],
    );
    for (const line of given) write(line);
    const written = this.#store.lines.length - before;
    return { delivered: this.#lies ? given.length : written, rejected: new Map() };
  }
}

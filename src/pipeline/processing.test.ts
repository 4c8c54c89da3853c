/** Chains at a real journal: what processors hold is neither lost nor doubled by kills, ends, reloads, and time. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryDisk } from '../journal/testing/memory-disk.js';
import { batchOf, linesOf, type Opened, openOn } from '../journal/testing/test-kit.js';
import { silentLogger } from '../runtime/log.js';
import { type LedgerReport, ledgerReport } from '../telemetry/ledger/report.js';
import type { ChainEntry } from './chain.js';
import type { HeldLine, Processor, Stage } from './contract.js';
import { GapRegister } from './gap-register.js';
import { createIntake, type Intake } from './intake.js';
import type { ChainsFor } from './processing.js';
import { entryOf } from './testing/stage-kit.js';

const NO_FIGURES = { lines: 0, failed: new Map(), done: new Map() };
const HOUR_MS = 3_600_000;

let disk: MemoryDisk;
let opened: Opened;
let intake: Intake;
let waitMs = HOUR_MS;

/** Joins lines that begin with `+` to the one before; every line waits for the next one. */
function joiner(name = 'joiner'): Processor {
  return {
    name,
    figures: NO_FIGURES,
    begin: ({ now, streams }) => new JoinerStage(now, (id) => streams.get(id)),
  };
}

class JoinerStage implements Stage {
  dueMs: number | undefined;
  #held: HeldLine[] = [];
  readonly #now: () => number;
  readonly #streamOf: (id: number) => HeldLine['stream'] | undefined;

  constructor(now: () => number, streamOf: (id: number) => HeldLine['stream'] | undefined) {
    this.#now = now;
    this.#streamOf = streamOf;
  }

  process: Stage['process'] = (draft, account) => {
    const rows = Array.from({ length: draft.length }, (_, row) => ({
      id: draft.stream[row],
      text: draft.text(row),
      seconds: draft.seconds[row],
    }));
    draft.length = 0;
    for (const { id, text, seconds } of rows) {
      const before = this.#held.findIndex(({ stream }) => stream.id === id);
      const stream = this.#streamOf(id);
      if (!stream) throw new Error('nobody holds the stream');
      const line = { stream, metadata: Buffer.alloc(0), seconds, nanos: 0, flags: 0 };
      if (before >= 0 && text.startsWith('+')) {
        const [{ bytes, seconds, state }] = this.#held.splice(before, 1);
        const joined = Buffer.concat([bytes, Buffer.from(text)]);
        this.#held.push({ ...line, seconds, bytes: joined, state: Number(state) + 1 });
        account.merged(1);
        continue;
      }
      if (before >= 0) {
        const [old] = this.#held.splice(before, 1);
        draft.addLine(old.bytes, id, old);
        account.held(-1);
      }
      this.#held.push({ ...line, bytes: Buffer.from(text), state: 1 });
      account.held(1);
    }
    this.dueMs = this.#held.length > 0 ? this.#now() + waitMs : undefined;
  };

  flush: NonNullable<Stage['flush']> = (draft, nowMs, account) => {
    if (this.dueMs === undefined || this.dueMs > nowMs) return;
    for (const line of this.#held) draft.addLine(line.bytes, line.stream.id, line);
    account.held(-this.#held.length);
    this.#held = [];
    this.dueMs = undefined;
  };

  held = (): readonly HeldLine[] => this.#held;
  takeBack: NonNullable<Stage['takeBack']> = (lines) => {
    this.#held = [...lines];
    this.dueMs = this.#now() + waitMs;
  };
}

/** `secret` becomes `******`; the lines that it saw are its memory. */
function masker(seen: number[] = []): Processor {
  const mask: NonNullable<Stage['mask']> = (draft) => {
    for (let row = 0; row < draft.length; row++) {
      const bytes = Buffer.from(draft.text(row).replaceAll('secret', '******'));
      const start = draft.append(bytes, 0, bytes.length);
      draft.setLine(row, start, draft.tail);
    }
  };
  return {
    name: 'masker',
    figures: NO_FIGURES,
    begin: () => {
      let lines = 0;
      return {
        mask,
        process: (draft) => {
          lines += draft.length;
          mask(draft);
        },
        memory: () => lines,
        remember: (memory) => {
          lines = Number(memory);
          seen.push(lines);
        },
      };
    },
  };
}

async function open(chainsFor: ChainsFor): Promise<void> {
  opened = await openOn(disk, { syncIntervalMs: 2 ** 30 });
  const { journal, streams, scope } = opened;
  const gaps = new GapRegister(journal, silentLogger);
  intake = createIntake({ journal, streams, scope, taps: [], gaps });
  intake.setProcessors(chainsFor);
}

async function kill(chainsFor: ChainsFor = () => []): Promise<void> {
  disk.endNow();
  await opened.scope.abort();
  disk = disk.afterKill();
  await open(chainsFor);
}

/** The streams are let go of at once, as those of a container that has ended are. */
function push(key: string, texts: readonly string[], position: number, stream = 'stdout'): void {
  const labels = { container: key.slice(2), stream };
  const batch = batchOf(
    opened.streams,
    texts.map((text) => ({ labels, text })),
  );
  void intake.push(batch, key, position, { key, from: 0, to: 1, lines: texts.length });
  for (const _ of texts) {
    const stream = opened.streams.acquire(labels);
    opened.streams.release(stream);
    opened.streams.release(stream);
  }
}

async function journaled(): Promise<string[]> {
  const blocks = await opened.journal.recent([0, 1, 2, 3, 4, 5, 6, 7], 1e9);
  return blocks.flatMap((block) => linesOf(block)).map((line) => line.replace(/^\{.*\} /, ''));
}

function report(): LedgerReport {
  return ledgerReport({ journal: opened.journal, sinks: () => [], containerOf: () => undefined });
}

beforeEach(() => {
  disk = new MemoryDisk();
  waitMs = HOUR_MS;
});

afterEach(async () => {
  await opened.scope.abort();
  expect(opened.failures).toEqual([]);
});

const entries = (...processors: Processor[]): readonly ChainEntry[] => processors.map((one) => entryOf(one));

test('lines that are held when the process is killed are there once, and joined, whatever the split', async () => {
  const lines = fc.array(fc.constantFrom('a', 'b', '+c', '+d'), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(lines, fc.array(fc.constantFrom('go on', 'commit', 'kill')), async (lines, acts) => {
      disk = new MemoryDisk();
      const chainsFor = () => entries(joiner(), masker());
      await open(chainsFor);
      try {
        // What a source does: it reads on at the position, which is the number of lines that are done.
        for (let turn = 0, at = 0; at < lines.length; turn++) {
          push('d/web', [lines[at]], ++at);
          if (acts[turn] === 'commit') await opened.journal.barrier();
          if (acts[turn] === 'kill') {
            await kill(chainsFor);
            at = Number(opened.journal.position('d/web') ?? 0);
          }
        }
        expect(report().unaccounted).toEqual({ reader: 0, processors: 0, journal: 0 });
        intake.flush();
        await opened.journal.barrier();
        const expected: string[] = [];
        for (const line of lines) {
          if (line.startsWith('+') && expected.length > 0) expected.push(`${expected.pop()}${line}`);
          else expected.push(line);
        }
        expect(await journaled()).toEqual(expected);
        expect(report().unaccounted).toEqual({ reader: 0, processors: 0, journal: 0 });
        expect(report().sources[0]).toMatchObject({
          held: 0,
          read: lines.length,
          journaled: expected.length,
        });
      } finally {
        await opened.scope.abort();
      }
    }),
    { numRuns: 60 },
  );
});

test('what is held lies masked on the disk, and its stage gets its memory back', async () => {
  const seen: number[] = [];
  const chainsFor = () => entries(joiner(), masker(seen));
  await open(chainsFor);
  push('d/web', ['one', 'a secret'], 1);
  await opened.journal.barrier();
  const saved = JSON.stringify(opened.journal.position('pipeline/d/web'));
  expect(saved).toContain('a ******');
  expect(saved).not.toContain('secret');
  await kill(chainsFor);
  expect(seen).toEqual([1]);
  push('d/web', ['+ more'], 2);
  intake.flush();
  await opened.journal.barrier();
  expect(await journaled()).toEqual(['one', 'a ******+ more']);
});

test('what was held by a processor that is not configured any more goes on at the start, masked', async () => {
  await open(() => entries(joiner()));
  push('d/web', ['a secret'], 1);
  await opened.journal.barrier();
  await kill(() => entries(masker()));
  await opened.journal.barrier();
  expect(await journaled()).toEqual(['a ******']);
  expect(report().sources[0]).toMatchObject({ held: 0, journaled: 1 });
  expect(opened.streams.size).toBe(0);
  await kill();
  expect(opened.journal.positionKeys('pipeline/')).toEqual([]);
});

test.each([
  ['a new one in front', ['new', 'one', 'two'], ['a', 'b', '+c', 'd']],
  ['the other order', ['two', 'one'], ['a', 'b', '+c', 'd']],
  ['the first one gone', ['two'], ['a', 'b', '+c', 'd']],
  ['the last one gone', ['one'], ['a', 'b+c', 'd']],
  ['a new one behind', ['one', 'two', 'new'], ['a', 'b+c', 'd']],
])('a start with %s: no line comes behind later ones', async (_, names, expected) => {
  const chainOf = (names: readonly string[]) => () => entries(...names.map((name) => joiner(name)));
  await open(chainOf(['one', 'two']));
  // `b` waits in `one`, `a` in `two`.
  push('d/web', ['a', 'b'], 2);
  await opened.journal.barrier();
  await kill(chainOf(names));
  push('d/web', ['+c', 'd'], 4);
  intake.flush();
  await opened.journal.barrier();
  expect(await journaled()).toEqual(expected);
  expect(report().sources[0]).toMatchObject({ held: 0, journaled: expected.length });
  expect(report().unaccounted).toEqual({ reader: 0, processors: 0, journal: 0 });
});

test('no processors any more: the held line goes on, and nothing is kept', async () => {
  await open(() => entries(joiner()));
  push('d/web', ['one'], 1);
  await opened.journal.barrier();
  await kill();
  await opened.journal.barrier();
  expect(await journaled()).toEqual(['one']);
  expect(opened.journal.positionKeys('pipeline/')).toEqual([]);
  expect(opened.streams.size).toBe(0);
});

test('time lets a held line go', async () => {
  waitMs = 20;
  await open(() => entries(joiner()));
  push('d/web', ['one', 'two'], 1);
  push('d/db', ['three'], 1);
  await vi.waitFor(() => expect(opened.streams.size).toBe(0), 10_000);
  await opened.journal.barrier();
  expect((await journaled()).sort()).toEqual(['one', 'three', 'two']);
  expect(opened.journal.positionKeys('pipeline/')).toEqual([]);
});

test('a key that is forgotten lets its lines go first', async () => {
  await open(() => entries(joiner()));
  push('d/web', ['one'], 1);
  await opened.journal.barrier();
  intake.setPosition('d/web', undefined);
  await opened.journal.barrier();
  expect(await journaled()).toEqual(['one']);
  expect(opened.journal.positionKeys('')).toEqual([]);
  expect(opened.streams.size).toBe(0);
});

test('a reload keeps the stages of processors that stay at the front, and lets go of what the others hold', async () => {
  const stays = joiner('stays');
  const goes = joiner('goes');
  await open(() => entries(stays, goes));
  push('d/web', ['a', 'b', '+c'], 1);
  // `b+c` waits in `stays`, `a` in `goes`.
  intake.setProcessors(() => entries(stays));
  push('d/web', ['+d', 'e'], 2);
  intake.setProcessors(() => []);
  await opened.journal.barrier();
  expect(await journaled()).toEqual(['a', 'b+c+d', 'e']);
  push('d/web', ['f'], 3);
  await opened.journal.barrier();
  expect(await journaled()).toEqual(['a', 'b+c+d', 'e', 'f']);
  expect(report().unaccounted).toEqual({ reader: 0, processors: 0, journal: 0 });
});

test('an entry is for the streams that it matches', async () => {
  const drops: Processor = {
    name: 'drops',
    figures: NO_FIGURES,
    begin: ({ selects }) => ({
      process: (draft, account) =>
        account.filtered(
          'drops',
          draft.filter((row) => !selects(draft.stream[row])),
        ),
    }),
  };
  await open(() => [entryOf(drops, '{stream="stderr"}')]);
  push('d/web', ['one'], 1);
  push('d/web', ['two'], 2, 'stderr');
  push('d/web', ['three'], 3);
  await opened.journal.barrier();
  expect(await journaled()).toEqual(['one', 'three']);
});

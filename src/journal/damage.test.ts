/**
 * Damage to what the disk holds. Each time the journal opens, says what it found, and goes on; what its sources can read
 * again is read again; what a reader will not have is told to the line.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRecord, HEADER_BYTES, RecordType } from './record.js';
import { segmentName } from './segments.js';
import { MemoryDisk } from './testing/memory-disk.js';
import { allOf, type Image, survive, writeImage } from './testing/rereadable.js';
import { DIRECTORY } from './testing/test-kit.js';

const LARGE = { segmentBytes: 1e6, groupBytes: 1e6, heldBytes: 1e6 };
const TINY = { segmentBytes: 1, groupBytes: 1e6, heldBytes: 1e6 };
/** A segment for about three commits. */
const SMALL = { segmentBytes: 1_300, groupBytes: 1e6, heldBytes: 1e6 };

/** Every bit of every byte, not only of the newest segment's headers. */
const LONG = process.env['LOG_CAPTURER_TEST_LONG'] !== undefined;
const LONG_MS = LONG ? 3_600_000 : 300_000;
const EVERY_BIT = [0, 1, 2, 3, 4, 5, 6, 7];

const baseOf = (path: string): number => Number(path.slice(DIRECTORY.length + 1, -'.journal'.length));

/** The journal with other bytes in one of its files. */
function replaced({ disk }: Image, path: string, bytes: Buffer) {
  const copy = disk.afterKill();
  copy.replace(path, bytes);
  return copy;
}

/** Offsets of the bytes of record headers. */
function headerBytes(bytes: Buffer): Set<number> {
  const offsets = new Set<number>();
  for (let at = bytes.indexOf('LCJ1'); at >= 0; at = bytes.indexOf('LCJ1', at + 1))
    for (let i = 0; i < HEADER_BYTES; i++) offsets.add(at + i);
  return offsets;
}

describe('a torn write', () => {
  const FILLINGS: Record<string, (rest: Buffer) => Buffer> = {
    'the rest is not there': () => Buffer.alloc(0),
    'the rest is zeros': (rest) => Buffer.alloc(rest.length),
    'the rest is something else': (rest) => rest.map((byte, i) => byte ^ (0x55 + (i % 64))) as Buffer,
    'only a part in the middle is missing': (rest) =>
      Buffer.concat([Buffer.alloc(Math.min(64, rest.length)), rest.subarray(64)]),
  };
  const PLACES: Record<string, [rounds: number, limits: typeof LARGE]> = {
    'of the last commit': [2, LARGE],
    'of the first commit of a segment': [2, TINY],
    'of the very first commit': [1, LARGE],
  };

  describe.each(Object.keys(PLACES))('%s', (place) => {
    it.each(Object.keys(FILLINGS))(
      'at every byte: %s',
      async (filling) => {
        const image = await writeImage(...PLACES[place]);
        const path = image.disk.paths().at(-1) as string;
        const whole = image.disk.content(path);
        const before = image.commits.at(-2)?.end ?? 0;
        let cut = 0;
        for (let at = Math.max(0, before - baseOf(path)); at < whole.length; at++) {
          const bytes = Buffer.concat([whole.subarray(0, at), FILLINGS[filling](whole.subarray(at))]);
          const { recovery, missing, twice } = await survive(replaced(image, path, bytes), image.written);
          expect([missing, twice]).toEqual([[], []]);
          if (bytes.equals(whole)) continue;
          cut += recovery.length;
          for (const sentence of recovery)
            expect(sentence).toMatch(
              /^\d+ bytes (after the last commit were cut off|that were never committed)|what it said is known/,
            );
        }
        expect(cut).toBeGreaterThan((whole.length - Math.max(0, before - baseOf(path))) / 2);
      },
      LONG_MS,
    );
  });

  it('costs a reader that had it all nothing, and gives it again what is read again', async () => {
    const image = await writeImage(4, LARGE);
    const [path] = image.disk.paths();
    const own = Array<number>(8).fill(image.commits[3].end);
    const had = allOf(image.written);
    const kept = allOf(image.commits[2].written);
    const bytes = image.disk.content(path).subarray(0, image.commits[3].end - 1);
    const { missing, twice } = await survive(replaced(image, path, bytes), image.written, own, had);
    expect(missing).toEqual([]);
    expect(twice.toSorted()).toEqual(had.filter((text) => !kept.includes(text)).toSorted());
  });
});

describe('a flipped bit', () => {
  it.each(['oldest', 'newest'])(
    'anywhere in the %s segment',
    async (which) => {
      const image = await writeImage(4, SMALL);
      const paths = image.disk.paths();
      expect(paths.length).toBeGreaterThan(1);
      const isNewest = which === 'newest';
      const number = isNewest ? paths.length - 1 : 0;
      const whole = image.disk.content(paths[number]);
      const headers = headerBytes(whole);
      const found = { told: 0, lost: 0, twice: 0 };
      for (let at = 0; at < whole.length; at++) {
        for (const bit of (isNewest && headers.has(at)) || LONG ? EVERY_BIT : [at % 8]) {
          const bytes = Buffer.from(whole);
          bytes[at] ^= 1 << bit;
          const { recovery, missing, twice, losses } = await survive(
            replaced(image, paths[number], bytes),
            image.written,
          );
          // What is read when it is needed is found when it is needed.
          expect(recovery.length).toBe(isNewest ? 1 : 0);
          if (isNewest && twice.length > 0) expect(recovery[0]).toMatch(/once more/);
          if (!isNewest) expect(twice).toEqual([]);
          if (losses.length > 0) found.told++;
          found.lost += missing.length;
          found.twice += twice.length;
        }
      }
      expect(found.lost).toBeGreaterThan(0);
      expect(found.told).toBeLessThan(whole.length * 2);
      expect(found.twice > 0).toBe(isNewest);
    },
    LONG_MS,
  );
});

describe('a missing segment', () => {
  it.each([
    ['a middle one', [1]],
    ['two that are neighbours', [1, 2]],
    ['two that are not', [1, 3]],
    ['the newest', [4]],
    ['the newest two', [3, 4]],
    ['all', [0, 1, 2, 3, 4]],
  ])('%s: the others are read, what it had is told to the line or read again', async (_name, missing) => {
    const image = await writeImage(5, TINY);
    const disk = image.disk.afterKill();
    const paths = disk.paths();
    expect(paths).toHaveLength(5);
    for (const i of missing) await disk.unlink(paths[i]);
    const { recovery, missing: lost, twice } = await survive(disk, image.written);
    expect(twice).toEqual([]);
    // Nothing behind the newest tells that it was there: its lines come again from their sources.
    const newest = [0, 1, 2, 3, 4].findLast((i) => !missing.includes(i)) ?? -1;
    const isTold = missing.filter((i) => i < newest);
    const had = (i: number): string[] => {
      const before = new Set(i > 0 ? allOf(image.commits[i - 1].written) : []);
      return allOf(image.commits[i].written).filter((text) => !before.has(text));
    };
    const expected = isTold.flatMap(had);
    expect(lost.toSorted()).toEqual(expected.toSorted());
    expect(recovery).toEqual(
      isTold.map((i) => {
        const from = image.commits[i - 1].end;
        return `The journal lacks its bytes from ${from} to ${image.commits[i].end}, with ${had(i).length} lines.`;
      }),
    );
  });
});

describe('a reader that is further than the journal', () => {
  it('goes on from its end, and says so', async () => {
    const image = await writeImage(3, LARGE);
    const own = Array<number>(8).fill(image.commits[2].end + 12_345);
    const { missing, twice, warnings } = await survive(image.disk, image.written, own, allOf(image.written));
    expect([missing, twice]).toEqual([[], []]);
    expect(warnings).toEqual([expect.stringMatching(/^"reader" was further than the journal reaches/)]);
  });

  it('misses nothing that a journal without its end reads again', async () => {
    const image = await writeImage(3, TINY);
    const disk = image.disk.afterKill();
    for (const path of disk.paths().slice(1)) await disk.unlink(path);
    const had = allOf(image.commits[1].written);
    const own = Array<number>(8).fill(image.commits[1].end);
    const { missing, warnings } = await survive(disk, image.written, own, had);
    expect(missing).toEqual([]);
    expect(warnings).toHaveLength(1);
  });
});

it('a segment that ends too early, where a record does, is told to the line', async () => {
  const image = await writeImage(3, TINY);
  const path = image.disk.paths()[1];
  const bytes = image.disk.content(path);
  const cut = replaced(image, path, bytes.subarray(0, bytes.indexOf('LCJ1', 1)));
  const { missing, recovery } = await survive(cut, image.written);
  const before = new Set(allOf(image.commits[0].written));
  const had = allOf(image.commits[1].written).filter((text) => !before.has(text));
  expect(missing.toSorted()).toEqual(had.toSorted());
  expect(recovery).toEqual([expect.stringMatching(/^The journal lacks its bytes from/)]);
});

it('a damaged block tells whose lines it had, and when they were written', async () => {
  const image = await writeImage(3, LARGE);
  const [path] = image.disk.paths();
  const bytes = Buffer.from(image.disk.content(path));
  // In the payload: the directory is before it, and has no texts of lines.
  bytes[bytes.indexOf('a 1')] ^= 1;
  const { losses, missing } = await survive(replaced(image, path, bytes), image.written);
  expect(losses).toEqual([
    expect.objectContaining({
      why: 'damaged',
      lines: missing.length,
      firstSeconds: 1_700_000_001,
      lastSeconds: 1_700_000_000 + missing.length,
      streams: [
        { labels: '{container="a", stream="stdout"}', lines: missing.length, bytes: expect.any(Number) },
      ],
    }),
  ]);
});

it(
  'wherever bytes are changed, taken out or put in, the journal opens and tells what is missing',
  async () => {
    const images = [await writeImage(6, LARGE), await writeImage(6, SMALL), await writeImage(4, TINY)];
    const change = fc.record({
      file: fc.nat(),
      at: fc.nat(),
      taken: fc.oneof(fc.nat(8), fc.nat(600)),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(600).map((length) => new Uint8Array(length)),
        fc.record({ from: fc.nat(), length: fc.nat(400) }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...images),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (image, changes) => {
          const disk = image.disk.afterKill();
          for (const { file, at, taken, put } of changes) {
            const path = disk.paths()[file % disk.paths().length];
            const bytes = disk.content(path);
            const from = at % (bytes.length + 1);
            // A stretch of the journal itself is the hardest to tell from the truth.
            const own = (place: number, length: number) =>
              bytes.subarray(place % bytes.length, (place % bytes.length) + length);
            const added = put instanceof Uint8Array ? put : own(put.from, put.length);
            disk.replace(path, Buffer.concat([bytes.subarray(0, from), added, bytes.subarray(from + taken)]));
          }
          await survive(disk, image.written);
        },
      ),
      { numRuns: LONG ? 50_000 : 500 },
    );
  },
  LONG_MS,
);

it(
  'records that are whole and say nothing, and files of anything at all, are damage like any other',
  async () => {
    const meta = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('{}', '[]', 'null', '{"keys":[]}', '{"define":[],"set":[[1,2]]}')
        .map((text) => Buffer.from(text)),
    );
    const piece = fc.record({
      type: fc.constantFrom(RecordType.snapshot, RecordType.block, RecordType.commit, 0, 7),
      lane: fc.constantFrom(0, 3, 200),
      meta,
      payload: fc.uint8Array({ maxLength: 20 }),
    });
    const image = await writeImage(3, TINY);
    const place = fc.constantFrom('behind', 'alone', 'in the middle');
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 5 }),
        fc.uint8Array({ maxLength: 100 }),
        place,
        async (pieces, rest, place) => {
          const disk = place === 'alone' ? new MemoryDisk() : image.disk.afterKill();
          const paths = disk.paths();
          const path =
            place === 'in the middle'
              ? paths[1]
              : `${DIRECTORY}/${segmentName(place === 'alone' ? 0 : image.commits[2].end)}`;
          let bytes = Buffer.alloc(0);
          for (const { meta, payload, ...fields } of pieces) {
            const lsn = baseOf(path) + bytes.length;
            bytes = Buffer.concat([
              bytes,
              ...encodeRecord({ ...fields, lsn, seconds: 1 }, meta, Buffer.from(payload)),
            ]);
          }
          disk.replace(path, Buffer.concat([bytes, rest]));
          const { missing } = await survive(disk, image.written);
          if (place !== 'in the middle') expect(missing).toEqual([]);
        },
      ),
      { numRuns: LONG ? 50_000 : 300 },
    );
  },
  LONG_MS,
);

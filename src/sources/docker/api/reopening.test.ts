import { ClientRequest, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import * as v8 from 'node:v8';
import { afterEach, expect, it } from 'vitest';
import { Scope } from '../../../runtime/scope.js';
import { OverlapSearch } from './overlap.js';
import { RecordRing } from './ring.js';
import { LogStream } from './stream.js';
import { ReadersBed } from './testing/log-server.js';

const LINES = 20;
const CONTAINERS = 5;
const REOPENINGS = 100;
/** What may be on its way at the moment of a count, a container: a stream that ends, one that begins, both ends of their connections. */
const IN_FLIGHT = 4;

let bed: ReadersBed;
afterEach(async () => bed.stop());

it.skipIf(typeof v8.queryObjects !== 'function')(
  'leaves nothing behind: what belongs to an ended stream can be collected',
  async () => {
    let rotations = 0;
    let notify = (): void => {};
    bed = await ReadersBed.start({
      streamMaxAgeMs: 1,
      maxStreams: CONTAINERS,
      onNotice: ({ kind }) => {
        expect(kind).toBe('rotated');
        rotations++;
        notify();
      },
    });
    const ids = Array.from({ length: CONTAINERS }, (_, i) => `quiet-${i}`);
    for (const id of ids) {
      bed.addServer(id).lines(0, LINES);
      bed.add({ id, labels: { container: id } });
    }
    /** Objects on the heap once so many streams more have come to their age. */
    const countAfter = async (more: number): Promise<Record<string, number>> => {
      const end = rotations + more;
      await new Promise<void>((resolve) => {
        notify = () => {
          if (rotations >= end) resolve();
        };
      });
      return countObjects();
    };
    const before = await countAfter(2 * CONTAINERS);
    const after = await countAfter(REOPENINGS);
    for (const [name, count] of Object.entries(after)) {
      const more = count - before[name];
      expect(more, `${name}, ${before[name]} before`).toBeLessThanOrEqual(IN_FLIGHT * CONTAINERS);
    }
    for (const id of ids) {
      const lines = Array.from({ length: LINES }, (_, i) => `line ${i}`);
      expect(bed.pipeline.texts(`"${id}"`)).toEqual(lines);
    }
  },
);

function countObjects(): Record<string, number> {
  const classes = {
    LogStream,
    OverlapSearch,
    RecordRing,
    Scope,
    Socket,
    ClientRequest,
    IncomingMessage,
    AbortController,
  };
  const counts = Object.entries(classes).map(([name, ofClass]) => [name, Number(v8.queryObjects(ofClass))]);
  return Object.fromEntries(counts);
}

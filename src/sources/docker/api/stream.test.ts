import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Gate } from '../json-file/gate.js';
import { FrameDecoder } from './frames.js';
import { RecordIds } from './records.js';
import { LogStream } from './stream.js';
import { frame } from './testing/model-log.js';

const RECORD = frame({ text: 'line', endsLine: true, isStderr: false, seconds: 1_795_300_000, nanos: 1 });

it('is at its end once all was decoded, also where each that is decoded asks the others to wait', async () => {
  const gate = new Gate();
  const holds: (() => void)[] = [];
  const hold = (): void => gate.hold(new Promise((resolve) => holds.push(resolve)));
  class Asking extends RecordIds {
    override drained(): boolean {
      hold();
      return true;
    }
  }
  const host = { gate, arena: Buffer.alloc(1024), schedule: () => {} };
  hold();
  const streams = Array.from({ length: 3 }, () => {
    const response = new PassThrough();
    const sink = new Asking();
    const stream = new LogStream(response as unknown as IncomingMessage, new FrameDecoder(), sink, host);
    const ended = stream.run().then((end) => ({ end, records: sink.ids.length }));
    Object.assign(response, { complete: true }).end(RECORD);
    return ended;
  });
  // All have come to their end, and wait.
  await new Promise((resolve) => setImmediate(resolve));
  const ended = Promise.all(streams);
  for (let i = 0; i < streams.length; i++) {
    expect(holds.length).toBe(i + 1);
    holds[i]();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await ended).toEqual(streams.map(() => ({ end: 'complete', records: 1 })));
});

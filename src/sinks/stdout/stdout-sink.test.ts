import { Writable } from 'node:stream';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BlockLine, blockOf } from '../../../test/support/blocks.js';
import type { Labels } from '../../pipeline/streams.js';
import { Scope } from '../../runtime/scope.js';
import { StdoutSink } from './stdout-sink.js';

let scope: Scope;
const never = new AbortController().signal;

beforeEach(() => {
  scope = Scope.root('test', (error) => {
    throw error;
  });
});

afterEach(() => scope.close());

/** What the sink writes for deliveries of one block each. */
async function written(...deliveries: readonly (readonly BlockLine[])[]): Promise<string> {
  let text = '';
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const sink = new StdoutSink('out', output);
  expect(await sink.open(scope)).toBeUndefined();
  for (const lines of deliveries) {
    const { delivered, rejected } = await sink.deliver([blockOf(lines)], [], never);
    expect([delivered, rejected.size]).toEqual([lines.length, 0]);
  }
  await sink.close();
  return text;
}

test('time, labels and line, one object a line', async () => {
  const web: Labels = { container: 'web', stream: 'stdout', quoted: '"\\\n' };
  const text = await written(
    [
      { labels: web, text: 'first', seconds: 1_700_000_000, nanos: 5 },
      { labels: web, text: '', seconds: 1_700_000_000, nanos: 999_999_999 },
    ],
    [{ labels: { container: 'db' }, text: 'second "quoted"', seconds: 1 }],
  );
  expect(text).toBe(
    '{"time":"2023-11-14T22:13:20.000000005Z","labels":{"container":"web","quoted":"\\"\\\\\\n","stream":"stdout"},"line":"first"}\n' +
      '{"time":"2023-11-14T22:13:20.999999999Z","labels":{"container":"web","quoted":"\\"\\\\\\n","stream":"stdout"},"line":""}\n' +
      '{"time":"1970-01-01T00:00:01.000000000Z","labels":{"container":"db"},"line":"second \\"quoted\\""}\n',
  );
});

test('any bytes stay one line of JSON without control characters', async () => {
  const control = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\u0000', '\u0085', '\u{1f600}') });
  const fields = fc.dictionary(fc.constantFrom('status', '__proto__', 'a_1'), control, {
    noNullPrototype: false,
  });
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)),
    fc.constant(Buffer.from('\u001b]0;title\u0007\u009b2J\r\n\u007f')),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 10 }), fields, async (texts, fields) => {
      const labels = { container: 'a' };
      const lines = (await written(texts.map((text) => ({ labels, text, fields })))).split('\n');
      expect(lines.pop()).toBe('');
      expect(lines.join('')).not.toMatch(/\p{Cc}/u);
      const read = lines.map((line) => JSON.parse(line) as { line: string; fields?: Record<string, string> });
      expect(read.map(({ line }) => line)).toEqual(
        texts.map((text) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(text)),
      );
      const pairs = Object.entries(fields);
      for (const line of read)
        expect(line.fields && Object.entries(line.fields)).toEqual(pairs.length > 0 ? pairs : undefined);
    }),
    { numRuns: 200 },
  );
});

describe('a reader', () => {
  const block = blockOf([{ labels: { container: 'a' }, text: 'x' }]);

  test('that is slow is waited for', async () => {
    const waiting: (() => void)[] = [];
    const output = new Writable({ write: (_chunk, _encoding, done) => void waiting.push(done) });
    const sink = new StdoutSink('out', output);
    await sink.open(scope);
    let isDelivered = false;
    const delivering = sink.deliver([block], [], never).then(() => {
      isDelivered = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect([waiting.length, isDelivered]).toEqual([1, false]);
    waiting[0]();
    await delivering;
  });

  test('that never takes the lines does not keep the agent from stopping, nor spoils what it is given later', async () => {
    const chunks: Buffer[] = [];
    const output = new Writable({ write: (chunk: Buffer) => void chunks.push(chunk) });
    const sink = new StdoutSink('out', output);
    await sink.open(scope);
    const stop = new AbortController();
    const delivering = sink.deliver([block], [], stop.signal);
    stop.abort();
    await expect(delivering).rejects.toMatchObject({ code: 'SINK_WRITE', retryable: true });
    const before = chunks[0].toString();
    void sink.deliver([blockOf([{ labels: { container: 'bbb' }, text: 'other' }])], [], never);
    expect(chunks[0].toString()).toBe(before);
  });

  test('that has gone is told as such, and ends nothing by itself', async () => {
    const error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const output = new Writable({ write: (_chunk, _encoding, done) => done(error) });
    const sink = new StdoutSink('out', output);
    await sink.open(scope);
    await expect(sink.deliver([block], [], never)).rejects.toMatchObject({
      code: 'SINK_WRITE',
      message: 'Standard output takes no lines: nobody reads it any more.',
      retryable: true,
    });
    await scope.close();
    expect(output.listenerCount('error')).toBe(0);
  });
});

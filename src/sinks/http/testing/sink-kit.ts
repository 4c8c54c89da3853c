/** Shared by the tests of sinks that make requests: any lines, deliveries as the agent makes them, what a sink is to bring. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { type BlockLine, blockOf } from '../../../../test/support/blocks.js';
import type { Block, Delivered, Sink } from '../../../pipeline/contract.js';
import { BlockLines, decodeBlock } from '../../../pipeline/push-request.js';
import type { Labels } from '../../../pipeline/streams.js';
import { AgentError } from '../../../runtime/errors.js';
import { Scope } from '../../../runtime/scope.js';
import { type Answered, type Asked, type StandIn, startServer, type Trouble } from './stand-in.js';

export const REQUEST_CONFIG = { timeoutMs: 5_000, batchWaitMs: 0, batchBytes: 1024 * 1024, gzip: true };
const NEVER = new AbortController().signal;

export interface Opened {
  readonly sink: Sink;
  readonly server: StandIn;
}

/** A sink and its server for the time of `use`. */
export async function withServer(
  answer: (asked: Asked) => Answered | Promise<Answered>,
  make: (url: string) => Sink,
  use: (opened: Opened) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const scope = Scope.root('test', (error) => failures.push(error));
  const server = await startServer(answer);
  try {
    const sink = make(server.url);
    await sink.open(scope.child('sink'));
    await use({ sink, server });
    await sink.close();
  } finally {
    await scope.close();
    await server.close();
  }
  expect(failures).toEqual([]);
}

let lsn = 0;

export function block(lines: readonly BlockLine[]): Block {
  return blockOf(lines, { lsn: lsn++ });
}

/** Once; errors come out. */
export function deliverOnce(sink: Sink, blocks: readonly Block[]): Promise<Delivered> {
  return sink.deliver(blocks, [], NEVER);
}

/** As often as it takes; errors that are not worth a retry come out. */
export async function deliver(sink: Sink, blocks: readonly Block[]): Promise<Delivered> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      return await deliverOnce(sink, blocks);
    } catch (error) {
      if (!(error instanceof AgentError) || !error.retryable) throw error;
    }
  }
  throw new Error('delivered in vain a hundred times');
}

/** Texts of refused lines with the reason, in the order of their places. */
export function refusedTexts({ refused = [] }: Delivered): [reason: string, text: string][] {
  const lines = new BlockLines();
  return refused.flatMap(({ block, rows, reason }) => {
    decodeBlock(block.payload, lines);
    return rows.map((row): [string, string] => [
      reason,
      lines.data.toString('utf8', lines.start[row], lines.end[row]),
    ]);
  });
}

const STREAMS: readonly Labels[] = ['web', 'db "quoted" ü'].flatMap((container) =>
  ['stdout', 'stderr'].map((stream) => ({ container, stream, host: 'h1', team: 'a\nb' })),
);

const anyText = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
  fc
    .constantFrom('', ' ', '{"level":"error","msg":"x"}', 'ERROR x', 'long '.repeat(2_000))
    .map((text) => Buffer.from(text)),
);

const anyLine: fc.Arbitrary<BlockLine> = fc.record(
  {
    labels: fc.constantFrom(...STREAMS),
    text: anyText,
    seconds: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
    fields: fc.dictionary(
      fc.constantFrom('status', 'path', 'level', 'trace_id', 'span_id'),
      fc.oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
        fc.constantFrom('0123456789abcdef0123456789ABCDEF', '0123456789abcdef', '0'.repeat(32), 'warn'),
      ),
      { noNullPrototype: true },
    ),
  },
  { requiredKeys: ['labels', 'text', 'seconds', 'nanos'] },
);

/** Deliveries of blocks of lines, and what happens to their requests; nothing is stored where something fails. */
export const anyDeliveries = deliveriesWith(['none', 'none', '429', '500', 'cut']);
/** As that, but the server may have stored what it fails at. */
export const anyDeliveriesTwice = deliveriesWith(['none', '429', 'stored 500', 'stored cut']);

export interface AnyDelivery {
  readonly blocks: readonly (readonly BlockLine[])[];
  readonly troubles: readonly Trouble[];
}

function deliveriesWith(troubles: readonly Trouble[]): fc.Arbitrary<readonly AnyDelivery[]> {
  return fc.array(
    fc.record({
      blocks: fc.array(fc.array(anyLine, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 }),
      troubles: fc.array(fc.constantFrom(...troubles), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  );
}

/** Delivers all of it; answers all lines in the order in which the blocks hold them. */
export async function deliverAll(
  { sink, server }: Opened,
  deliveries: readonly AnyDelivery[],
): Promise<{ lines: BlockLine[]; results: Delivered[] }> {
  const results: Delivered[] = [];
  const lines: BlockLine[] = [];
  for (const { blocks, troubles } of deliveries) {
    server.troubles.push(...troubles);
    results.push(await deliver(sink, blocks.map(block)));
    server.troubles.length = 0;
    lines.push(...blocks.flatMap(byStream));
  }
  return { lines, results };
}

/** As a block has them. */
function byStream(lines: readonly BlockLine[]): BlockLine[] {
  const streams = [...new Set(lines.map(({ labels }) => labels))];
  return streams.flatMap((stream) => lines.filter(({ labels }) => labels === stream));
}

/** Without those of its members. */
export function without<T extends object, K extends keyof T>(value: T, ...names: readonly K[]): Omit<T, K> {
  const rest = { ...value };
  for (const name of names) delete rest[name];
  return rest;
}

/** Bytes as every decoder of UTF-8 reads them. */
export function readable(text: string | Buffer): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.from(text));
}

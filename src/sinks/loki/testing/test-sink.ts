/** Shared by the sink's tests: a sink against a receiver that keeps Loki's rules, and deliveries as the agent makes them. */
import { blockOf } from '../../../../test/support/blocks.js';
import { startLoki } from '../../../../test/support/loki/receiver.js';
import type { LokiSinkConfig } from '../../../config/types.js';
import type { Block, Delivered } from '../../../pipeline/contract.js';
import { BlockLines, decodeBlock } from '../../../pipeline/push-request.js';
import type { Labels } from '../../../pipeline/streams.js';
import { type Logger, silentLogger } from '../../../runtime/log.js';
import { sinkRequest } from '../../../runtime/probes.js';
import { Scope } from '../../../runtime/scope.js';
import { LokiSink } from '../loki-sink.js';
import { bodyOf } from '../request.js';

export const CONFIG: LokiSinkConfig = {
  type: 'loki',
  url: 'http://127.0.0.1:1',
  structuredMetadata: true,
  timeoutMs: 2_000,
  batchWaitMs: 0,
  batchBytes: 1024 * 1024,
  maxLineBytes: 256 * 1024,
  maxAgeMs: 7 * 86_400_000,
};

export interface Opened {
  readonly sink: LokiSink;
  /** Status of each request, in order. */
  readonly statuses: (number | 'error')[];
  readonly close: () => Promise<void>;
}

export async function openSink(config: Partial<LokiSinkConfig>, log: Logger = silentLogger): Promise<Opened> {
  const failures: unknown[] = [];
  const scope = Scope.root('test', (error) => failures.push(error));
  const statuses: (number | 'error')[] = [];
  const sink = new LokiSink('loki', { ...CONFIG, ...config }, { log });
  const onRequest = (message: unknown): void => {
    statuses.push((message as { status: number | 'error' }).status);
  };
  sinkRequest.subscribe(onRequest);
  await sink.open(scope.child('sink'));
  return {
    sink,
    statuses,
    close: async () => {
      await sink.close();
      sinkRequest.unsubscribe(onRequest);
      await scope.close();
      if (failures.length > 0) throw new AggregateError(failures);
    },
  };
}

/** A sink and a receiver for the time of `use`. */
export async function withLoki(
  loki: Parameters<typeof startLoki>[0],
  config: Partial<LokiSinkConfig>,
  use: (opened: Opened & { loki: Awaited<ReturnType<typeof startLoki>> }) => Promise<void>,
  log?: Logger,
): Promise<void> {
  const receiver = await startLoki(loki);
  try {
    const opened = await openSink({ url: receiver.url, ...config }, log);
    try {
      await use({ ...opened, loki: receiver });
    } finally {
      await opened.close();
    }
  } finally {
    await receiver.close();
  }
}

/** The text of the rejected lines by reason, in the order of their places in the blocks. */
export function refusedTexts({ refused = [] }: Delivered): Record<string, string[]> {
  const texts: Record<string, string[]> = {};
  const lines = new BlockLines();
  for (const { block, rows, reason } of refused) {
    decodeBlock(block.payload, lines);
    const own = rows.map((row) => lines.data.toString('utf8', lines.start[row], lines.end[row]));
    texts[reason] = [...(texts[reason] ?? []), ...own];
  }
  return texts;
}

/** What the journal makes when a log is opened again within one commit: a block that names its stream twice. */
export function reopened(labels: Labels, lsn: number): Block {
  const seconds = Math.floor(Date.now() / 1000);
  const [before, after] = ['before', 'after'].map((text) => blockOf([{ labels, text, seconds }], { lsn }));
  return {
    ...before,
    lines: 2,
    rawBytes: before.rawBytes + after.rawBytes,
    streams: [...before.streams, ...after.streams],
    payload: bodyOf({ pieces: [{ block: before }, { block: after }], tenant: undefined }),
  };
}

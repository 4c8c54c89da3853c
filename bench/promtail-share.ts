/**
 * What Promtail would send of the workload: batches of 1 MiB of lines with their newlines, grouped by stream, as PushRequests in
 * snappy. Measured against the real one on a like workload (143 MB of 461 MB, 31 %), this packing differs by its lines alone.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { compressSync } from 'snappy';
import { PushRequest } from '../test/support/loki/wire.js';
import type { Workload } from './generate.js';

/** Of each log; the logs are alike all along. */
const SAMPLE_BYTES = 8 * 1024 * 1024;
const BATCH_BYTES = 1024 * 1024;
/** Of one log in turn. */
const TURN_LINES = 500;

interface Entry {
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
  readonly line: Buffer;
}

const shares = new WeakMap<Workload, number>();

/** Compressed bytes for each byte of messages. */
export function promtailShare(work: Workload): number {
  const known = shares.get(work);
  if (known !== undefined) return known;
  const share = packed(work);
  shares.set(work, share);
  return share;
}

function packed(work: Workload): number {
  const logs = work.containers.map(({ id, name }) => ({ name, records: sampleOf(work, id) }));
  const most = Math.max(...logs.map(({ records }) => records.length));
  let batch = new Map<string, Entry[]>();
  let [batchBytes, messageBytes, sentBytes] = [0, 0, 0];
  const send = (): void => {
    const streams = [...batch].map(([labels, entries]) => ({ labels, entries }));
    sentBytes += compressSync(Buffer.from(PushRequest.encode({ streams }).finish())).length;
    batch = new Map();
    batchBytes = 0;
  };
  for (let from = 0; from < most; from += TURN_LINES) {
    for (const { name, records } of logs) {
      for (const record of records.slice(from, from + TURN_LINES)) {
        const { log, stream, time } = JSON.parse(record) as Record<'log' | 'stream' | 'time', string>;
        const line = Buffer.from(log);
        if (batchBytes + line.length > BATCH_BYTES) send();
        batchBytes += line.length;
        messageBytes += line.length - 1;
        const labels = `{container="${name}", stream="${stream}"}`;
        const entries = batch.get(labels) ?? [];
        batch.set(labels, entries);
        const nanos = Number(time.slice(20, -1).padEnd(9, '0'));
        entries.push({ timestamp: { seconds: Math.floor(Date.parse(time) / 1000), nanos }, line });
      }
    }
  }
  send();
  return sentBytes / messageBytes;
}

function sampleOf(work: Workload, id: string): string[] {
  const fd = openSync(path.join(work.directory, 'containers', id, `${id}-json.log`), 'r');
  try {
    const bytes = Buffer.alloc(SAMPLE_BYTES);
    return bytes.toString('utf8', 0, readSync(fd, bytes)).split('\n').slice(0, -1);
  } finally {
    closeSync(fd);
  }
}

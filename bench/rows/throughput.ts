/**
 * json-files → journal → sinks, the whole agent on one core, from the start of its process to the last line that every sink
 * has. Every line is checked at every sink.
 */
import path from 'node:path';
import { delivered, type Measured, runOver } from '../agent-run.js';
import { checkFileSink } from '../check-files.js';
import { CountingLoki } from '../counting-loki.js';
import { promtailShare } from '../promtail-share.js';
import type { FigureKind, Figures, Row, RowContext } from '../row.js';

const KINDS: Readonly<Record<string, FigureKind>> = {
  linesPerSecond: { unit: 'lines/s', onSlowMachine: 'less' },
  cpuSecondsPerMillion: { unit: 'CPU-s per million lines', onSlowMachine: 'more' },
  userSecondsPerMillion: { unit: 'of it in user space', onSlowMachine: 'more' },
  kernelSecondsPerMillion: { unit: 'of it in the kernel', onSlowMachine: 'more' },
  mainThreadSecondsPerMillion: { unit: 'of it on the main thread', onSlowMachine: 'more' },
  gcSecondsPerMillion: { unit: 's per million in garbage collections', onSlowMachine: 'more' },
  pageFaultsPerMillion: { unit: 'page faults per million lines' },
  peakRssMb: { unit: 'MB resident at most' },
};
const SENT: Readonly<Record<string, FigureKind>> = {
  sentShare: { unit: 'bytes sent for each byte of messages' },
  sentOfPromtail: { unit: 'of the bytes that Promtail sends', atMost: 1 },
  requests: { unit: 'requests' },
};

/** `lokis` Loki sinks, and the file sink where `hasFiles`. */
function throughput(title: string, lokis: number, hasFiles: boolean, goals: Row['kinds']): Row {
  const kinds = lokis > 0 ? { ...KINDS, ...SENT, ...goals } : { ...KINDS, ...goals };
  return { title, kinds, run: (context) => run(context, lokis, hasFiles) };
}

async function run(
  { way, work: made, scratch }: RowContext,
  lokis: number,
  hasFiles: boolean,
): Promise<Figures> {
  const work = made();
  const receivers: CountingLoki[] = [];
  try {
    for (let i = 0; i < lokis; i++) receivers.push(await CountingLoki.start());
    const logs = path.join(scratch, 'logs');
    const sinks = new Map(receivers.map(({ url }, i) => [`loki${i}`, `{ type: loki, url: "${url}" }`]));
    if (hasFiles)
      sinks.set(
        'files',
        `{ type: file, directory: ${logs}, max_total_bytes: 20GiB, max_bytes: 1GiB, compress: false }`,
      );
    const section = [...sinks].map(([name, sink]) => `  ${name}: ${sink}`).join('\n');
    const measured = await runOver(
      work,
      scratch,
      `sinks:\n${section}`,
      async (port) => {
        for (const name of sinks.keys()) if ((await delivered(port, name)) < work.lines) return false;
        return true;
      },
      way,
    );
    if (hasFiles) await checkFileSink(logs, work);
    const sent = [];
    for (const receiver of receivers) sent.push(await receiver.check(work));
    return { ...perMillion(measured, work.lines), ...(sent.length > 0 ? share(sent[0]) : {}) };
  } finally {
    for (const receiver of receivers) receiver.close();
  }

  function share({ bytes, requests }: { bytes: number; requests: number }): Figures {
    const sentShare = bytes / work.messageBytes;
    return { sentShare, sentOfPromtail: sentShare / promtailShare(work), requests };
  }
}

export function perMillion(measured: Measured, lines: number): Figures {
  const millions = lines / 1e6;
  return {
    linesPerSecond: lines / measured.seconds,
    cpuSecondsPerMillion: measured.cpuSeconds / millions,
    userSecondsPerMillion: measured.userSeconds / millions,
    kernelSecondsPerMillion: measured.kernelSeconds / millions,
    mainThreadSecondsPerMillion: measured.mainThreadSeconds / millions,
    gcSecondsPerMillion: measured.gcSeconds / millions,
    pageFaultsPerMillion: measured.pageFaults / millions,
    peakRssMb: measured.peakRssMb,
  };
}

export const file = throughput('json-files → journal → file sink, one core', 0, true, {
  linesPerSecond: { ...KINDS['linesPerSecond'], atLeast: 800_000 },
  cpuSecondsPerMillion: { ...KINDS['cpuSecondsPerMillion'], atMost: 1.2 },
});
export const loki = throughput('json-files → journal → Loki, one core', 1, false, {
  linesPerSecond: { ...KINDS['linesPerSecond'], atLeast: 800_000 },
  cpuSecondsPerMillion: { ...KINDS['cpuSecondsPerMillion'], atMost: 1.2 },
});
export const three = throughput(
  'json-files → journal → two Loki sinks and the file sink, one core',
  2,
  true,
  {},
);

/**
 * npm run bench:tails: what many open tails cost, of which half never read.
 *
 * The built agent captures made-up lines; its resident memory and its use of the processor are measured with no tail, with 50
 * tails that read, and with 50 more that never do. Each kind is measured for `--seconds`. Every reader must have got every line that
 * the agent captured meanwhile. Prints the figures, and writes them with machine and build as JSON.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from './agent-run.js';
import { usageOf } from './process-usage.js';
import { writeRecord } from './record.js';

const { values } = parseArgs({
  options: {
    tails: { type: 'string', default: '100' },
    'lines-per-second': { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    out: { type: 'string', default: 'bench/tails.json' },
  },
});
const HALF = Number(values.tails) / 2;
const SECONDS = Number(values.seconds);
const MAIN = path.resolve(import.meta.dirname, '../src/main.js');

/** Counts what it gets by its events' names; or takes nothing, once it is connected. */
class Client {
  lines = 0;
  skipped = 0;
  readonly #socket: Socket;
  #rest = '';

  constructor(port: number, reads: boolean) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('error', () => {});
    this.#socket.write('GET /api/v1/tail?n=0 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    if (reads) this.#socket.on('data', (chunk) => this.#take(chunk.toString('latin1')));
    else this.#socket.pause();
  }

  #take(chunk: string): void {
    const events = (this.#rest + chunk).split('\n\n');
    this.#rest = events.pop() ?? '';
    for (const event of events) {
      if (event.includes('data: {"time"')) this.lines++;
      const skipped = /event: skipped\ndata: \{"lines":(\d+)/.exec(event);
      if (skipped) this.skipped += Number(skipped[1]);
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-tails-'));
const port = await freePort();
const config = path.join(folder, 'config.yaml');
writeFileSync(
  config,
  JSON.stringify({
    data_dir: path.join(folder, 'data'),
    server: { port },
    metrics: { port: 0 },
    sources: { demo: { type: 'demo', lines_per_second: Number(values['lines-per-second']), containers: 20 } },
  }),
);
const agent = spawn(process.execPath, [MAIN, 'run', '--config', config], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const clients: Client[] = [];
try {
  await ready();
  await sleep(10_000);
  const alone = await measured([]);
  const readers = Array.from({ length: HALF }, () => new Client(port, true));
  clients.push(...readers);
  await sleep(5_000);
  const withReaders = await measured(readers);
  clients.push(...Array.from({ length: HALF }, () => new Client(port, false)));
  await sleep(5_000);
  const withDeaf = await measured(readers);
  const result = {
    tails: 2 * HALF,
    linesPerSecond: Number(values['lines-per-second']),
    seconds: SECONDS,
    alone,
    withReaders,
    withReadersAndDeaf: withDeaf,
  };
  console.log(result);
  writeRecord(values.out, result);
} finally {
  for (const client of clients) client.close();
  agent.kill('SIGTERM');
  if (agent.exitCode === null) await once(agent, 'exit');
  rmSync(folder, { recursive: true, force: true });
}

async function ready(): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error('the agent does not answer');
}

/** Over the given time: memory at its end and at most, use of the processor, and lines captured and got by each reader. */
async function measured(readers: readonly Client[]): Promise<Record<string, number>> {
  const before = readers.map(({ lines }) => lines);
  const captured = await journaled();
  const pid = agent.pid as number;
  const { cpuSeconds: cpuBefore } = usageOf(pid);
  let peakMb = 0;
  for (let i = 0; i < SECONDS; i++) {
    await sleep(1000);
    peakMb = Math.max(peakMb, usageOf(pid).residentMb);
  }
  const { cpuSeconds, residentMb } = usageOf(pid);
  const lines = (await journaled()) - captured;
  const got = readers.map((reader, i) => reader.lines - before[i]);
  return {
    rssMb: Math.round(residentMb),
    peakRssMb: Math.round(peakMb),
    cpuPercent: Math.round(((cpuSeconds - cpuBefore) / SECONDS) * 1000) / 10,
    linesCaptured: lines,
    ...(readers.length > 0 && {
      fewestLinesOfAReader: Math.min(...got),
      mostLinesOfAReader: Math.max(...got),
      skipped: readers.reduce((sum, { skipped }) => sum + skipped, 0),
    }),
  };
}

async function journaled(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/journal`);
  const { linesAppended } = (await response.json()) as { linesAppended: number };
  return linesAppended;
}

/**
 * Other collectors on the work of the row `loki`: the same json-files, the same receiver, the same core, from the start of the
 * process to the last line that the receiver has. They are found on the PATH, and configured as who knows them would.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../agent-run.js';
import { CountingLoki } from '../counting-loki.js';
import type { Workload } from '../generate.js';
import { usageOf } from '../process-usage.js';
import { promtailShare } from '../promtail-share.js';
import type { Figures } from '../row.js';

export interface Peer {
  readonly label: string;
  /** Looked for on the PATH. */
  readonly program: string;
  /** Writes its configuration into `setup.folder`; answers the arguments of its program. */
  readonly configure: (work: Workload, setup: PeerSetup) => readonly string[];
  /** The sum over this figure of its metrics is how many lines the receiver has taken. */
  readonly metrics: { readonly route: string; readonly sent: RegExp };
}

export interface PeerSetup {
  readonly folder: string;
  /** Of the receiver. */
  readonly port: number;
  /** Of its own metrics. */
  readonly metricsPort: number;
}

const PATIENCE_MS = 600_000;
const LAST_WORDS = 5_000;

/** What it calls itself; undefined where it is not on the PATH. */
export function versionOf({ program }: Peer): string | undefined {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n', 1)[0]
      .trim();
  } catch {
    return undefined;
  }
}

/** Throws where it ends by itself, or takes ten minutes. What it lost, doubled or exchanged is counted, not thrown. */
export async function runPeer(peer: Peer, work: Workload, folder: string): Promise<Figures> {
  const receiver = await CountingLoki.start();
  const metricsPort = await freePort();
  const args = peer.configure(work, { folder, port: Number(new URL(receiver.url).port), metricsPort });
  const begunMs = performance.now();
  const child = spawn('taskset', ['-c', '0', peer.program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-LAST_WORDS);
  });
  try {
    const url = `http://127.0.0.1:${metricsPort}${peer.metrics.route}`;
    while ((await sumOf(url, peer.metrics.sent)) < work.lines) {
      if (child.exitCode !== null) throw new Error(`${peer.label} ended with ${child.exitCode}:\n${said}`);
      if (performance.now() - begunMs > PATIENCE_MS)
        throw new Error(`${peer.label} was not done after ten minutes:\n${said}`);
      await sleep(50);
    }
    const seconds = (performance.now() - begunMs) / 1000;
    const usage = usageOf(child.pid as number);
    const { lines, bytes, requests, digests } = await receiver.result('catch_up', true);
    const wrong = work.containers.flatMap(({ name, digests: written }) =>
      (['stdout', 'stderr'] as const).filter((stream) => digests[`${name} ${stream}`] !== written[stream]),
    );
    const millions = work.lines / 1e6;
    const sentShare = bytes / work.messageBytes;
    return {
      linesPerSecond: work.lines / seconds,
      cpuSecondsPerMillion: usage.cpuSeconds / millions,
      userSecondsPerMillion: usage.userSeconds / millions,
      kernelSecondsPerMillion: usage.kernelSeconds / millions,
      peakRssMb: usage.peakRssMb,
      sentShare,
      sentOfPromtail: sentShare / promtailShare(work),
      requests,
      linesTooMany: lines - work.lines,
      streamsInexact: wrong.length,
    };
  } finally {
    child.kill('SIGKILL');
    await closed;
    receiver.close();
  }
}

/** 0 where nobody answers yet. */
async function sumOf(url: string, figure: RegExp): Promise<number> {
  try {
    const text = await (await fetch(url)).text();
    return [...text.matchAll(figure)].reduce((sum, [, value]) => sum + Number(value), 0);
  } catch {
    return 0;
  }
}

/** Where the json-file of a container lies. */
export function logOf(work: Workload, id: string): string {
  return path.join(work.directory, 'containers', id, `${id}-json.log`);
}

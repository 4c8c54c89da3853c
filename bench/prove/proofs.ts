/**
 * npm run bench -- --prove: that the figures are not bought with promises.
 *
 * durable: strace watches the agent over the whole workload. Every write to the journal is synced before the next one, and there
 * are at least as many syncs as there are commits in the journal's files.
 *
 * killed: a SIGKILL while lines are delivered. What Loki had acknowledged is in the journal's files, which hold, of each
 * stream, exactly its first lines; with the journal as it is the next agent brings every line into files, once and in order.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { LedgerReport } from '../../src/telemetry/ledger/report.js';
import { unpackPackages } from '../../test/support/debian-packages.js';
import { type Agent, type Way, withAgentOver } from '../agent-run.js';
import { checkFileSink } from '../check-files.js';
import { CountingLoki } from '../counting-loki.js';
import { messageOf, streamOf, type Workload } from '../generate.js';
import { isWhole } from '../ledger.js';
import { readJournal } from './journal-contents.js';
import { readSyncTrace } from './sync-trace.js';

/** The agent is killed when Loki has got so many bytes for each byte of messages: a third of all, or so. */
const KILL_AT = 0.1;
const CALLS = 'write,writev,pwrite64,pwritev,fsync,fdatasync';

/** Throws where it is not so; else says what was seen. */
export async function proveDurable(work: Workload, way: Way, scratch: string): Promise<string> {
  const trace = path.join(scratch, 'trace');
  const strace = [...straceFrom(scratch), '-D', '-f', '-y', '-s0', '-qq', `-etrace=${CALLS}`, '-o', trace];
  await withAgentOver(work, { ...way, wrapper: strace }, scratch, files(scratch), (agent) =>
    allDelivered(agent, work),
  );
  await checkFileSink(path.join(scratch, 'logs'), work);
  const { commits } = readJournal(path.join(scratch, 'data/journal'));
  const { writes, syncs, unsynced } = readSyncTrace(readFileSync(trace, 'utf8'), (file) =>
    file.endsWith('.journal'),
  );
  const figures = `${writes} writes to the journal, ${syncs} syncs, ${commits} commits in its files`;
  if (commits === 0 || syncs < commits) throw new Error(`not durable: ${figures}`);
  if (unsynced.length > 0)
    throw new Error(`not durable: ${figures}; not synced: ${unsynced.slice(0, 3).join('\n')}`);
  return `${figures}; each write synced before the next`;
}

/** Throws where it is not so; else says what was seen. */
export async function proveKilled(work: Workload, way: Way, scratch: string): Promise<string> {
  const loki = await CountingLoki.start();
  try {
    const sinks = `${files(scratch)}\n  loki: { type: loki, url: "${loki.url}" }`;
    await withAgentOver(work, way, scratch, sinks, (agent) => {
      loki.kill({ pid: agent.pid, afterBytes: KILL_AT * work.messageBytes });
      return agent.killed();
    });
    const { linesOf, lines: acknowledged } = await loki.result();
    if (acknowledged === 0) throw new Error('the kill came before the first lines were acknowledged');
    const journal = readJournal(path.join(scratch, 'data/journal'));
    let kept = 0;
    for (const [seed, { name }] of work.containers.entries()) {
      const expected = { stdout: [] as string[], stderr: [] as string[] };
      for (let n = 0; n < work.lines / work.containers.length; n++)
        expected[streamOf(n)].push(messageOf(seed, n));
      for (const stream of ['stdout', 'stderr'] as const) {
        const key = `${name} ${stream}`;
        const held = journal.lines.get(key) ?? [];
        const wrong = held.findIndex((line, n) => line !== expected[stream][n]);
        if (wrong >= 0) throw new Error(`${key}: line ${wrong} in the journal is ${held[wrong]}`);
        if (held.length < (linesOf[key] ?? 0))
          throw new Error(
            `${key}: Loki had acknowledged ${linesOf[key]} lines, the journal has ${held.length}`,
          );
        kept += held.length;
      }
    }
    await withAgentOver(work, way, scratch, files(scratch), (agent) => allDelivered(agent, work));
    await checkFileSink(path.join(scratch, 'logs'), work);
    return `killed when Loki had acknowledged ${acknowledged} of ${work.lines} lines: ${kept} in the journal's files, each the right one; all in the files after the next start, once and in order`;
  } finally {
    loki.close();
  }
}

const files = (scratch: string): string =>
  `sinks:\n  files: { type: file, directory: ${scratch}/logs, max_total_bytes: 20GiB, max_bytes: 1GiB, compress: false }`;

async function allDelivered(agent: Agent, work: Workload): Promise<void> {
  await agent.until(async () => {
    const ledger = await agent.get<LedgerReport>('ledger').catch(() => undefined);
    return ledger !== undefined && isWhole(ledger, work.lines);
  });
  await agent.stop();
}

/** The program, installed or unpacked from Debian's package. */
function straceFrom(scratch: string): string[] {
  if (spawnSync('strace', ['-V']).status === 0) return ['strace'];
  const folder = path.join(scratch, 'strace');
  mkdirSync(folder);
  const { root, env } = unpackPackages(['strace'], folder);
  return [
    'env',
    `LD_LIBRARY_PATH=${env.LD_LIBRARY_PATH}`,
    path.join(root, 'usr/bin/strace'),
    '-E',
    'LD_LIBRARY_PATH',
  ];
}

/**
 * Loaded into the agent of a torture before its program: lets it kill itself with SIGKILL where kill-moments.ts strikes.
 *
 * Orders come as lines on stdin, which is the agent's lifeline too:  kill <moment> <patience in milliseconds>
 * Reports go to descriptor 3, one JSON object a line (KillReport); that of a kill is written before the signal is sent.
 */
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import '../selftest/lifeline.js';
import { KillMoments, type Strike } from './kill-moments.js';
import type { Moment } from './plan.js';

export type KillReport = { readonly event: 'first-lines' } | ({ readonly event: 'kill' } & Strike);

const REPORTS = 3;
const report = (entry: KillReport): unknown => writeSync(REPORTS, `${JSON.stringify(entry)}\n`);

// Worker threads are loaded with it too.
if (isMainThread) {
  const moments = new KillMoments({
    onFirstLines: () => report({ event: 'first-lines' }),
    strike: (strike) => {
      report({ event: 'kill', ...strike });
      process.kill(process.pid, 'SIGKILL');
      for (;;);
    },
  });
  process.stdin.on('data', (chunk: Buffer) => {
    for (const [, moment, patience] of chunk.toString().matchAll(/kill (\w+) (\d+)\n/g))
      moments.order(moment as Moment, Number(patience));
  });
}

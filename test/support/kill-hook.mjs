/**
 * Preloaded into an agent: kills it with SIGKILL while lines are read but not committed and output is written but not
 * recorded (the probes of src/runtime/probes.ts; `file-sink.written` is published between those two).
 *
 * Environment: KILL_LOG, a file that gets one JSON line before the kill: { event: "kill", uncommittedLines,
 * unrecordedLines, cursorsSince, at }, and one at the first lines read: { event: "first-lines", at }, in milliseconds since
 * 1970. What a sink acknowledged before `cursorsSince` is in a commit: the last one was begun after the end of the one before.
 * KILL_NOT_BEFORE, a file, and KILL_BETWEEN_MS=<from>,<to>: once that file is there, the kill is armed that long after
 * the next output. Without them nothing is killed.
 */
import { subscribe } from 'node:diagnostics_channel';
import { existsSync, openSync, writeSync } from 'node:fs';

const log = openSync(process.env.KILL_LOG, 'a');
const between = process.env.KILL_BETWEEN_MS?.split(',').map(Number);
const record = (entry) => writeSync(log, `${JSON.stringify({ ...entry, at: Date.now() })}\n`);

let appended = 0;
let committed = 0;
let commitsEnded = [0, 0];
let armedAt;

subscribe('log-capturer:journal.appended', ({ lines }) => {
  if (appended === 0) record({ event: 'first-lines' });
  appended += lines;
});
subscribe('log-capturer:journal.committed', ({ lines }) => {
  committed += lines;
  commitsEnded = [commitsEnded[1], Date.now()];
});
subscribe('log-capturer:file-sink.written', ({ lines }) => {
  if (!between || !existsSync(process.env.KILL_NOT_BEFORE)) return;
  armedAt ??= performance.now() + between[0] + Math.random() * (between[1] - between[0]);
  const uncommittedLines = appended - committed;
  if (performance.now() < armedAt || uncommittedLines <= 0 || lines <= 0) return;
  record({ event: 'kill', uncommittedLines, unrecordedLines: lines, cursorsSince: commitsEnded[0] });
  process.kill(process.pid, 'SIGKILL');
  // Nothing more may happen in this process before the signal arrives.
  for (;;);
});

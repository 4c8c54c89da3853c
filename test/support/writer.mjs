/**
 * Runs in a container: writes the numbered lines of one writer (lines.mjs) to stdout and stderr, paced or as fast as
 * they are taken.   node writer.mjs '{"name":…,"out":…,"err":…,"seed":…}'   (WriterSpec in lines.d.mts)
 */
import { writeSync } from 'node:fs';
import { writerLines } from './lines.mjs';

const CHUNK = 65_536;
const TICK_MS = 20;
const BURST_SECONDS = 0.1;

const spec = JSON.parse(process.argv[2]);
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms) => Atomics.wait(sleeper, 0, 0, ms);

function write(fd, bytes) {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      // The pipe is full and not blocking: the engine is behind, so wait for it.
      if (error.code !== 'EAGAIN') throw error;
      sleep(1);
    }
  }
}

const waiting = { o: [], e: [] };
let waitingBytes = 0;

function flush() {
  if (waiting.o.length > 0) write(1, Buffer.concat(waiting.o));
  if (waiting.e.length > 0) write(2, Buffer.concat(waiting.e));
  waiting.o = [];
  waiting.e = [];
  waitingBytes = 0;
}

/** Answers how long to wait before the next line; what was not used in time is lost, so that there is no catching up. */
function pacer(perSecond, cost) {
  let credit = perSecond * BURST_SECONDS;
  let last = performance.now();
  return (bytes) => {
    const now = performance.now();
    credit = Math.min(perSecond * BURST_SECONDS, credit + ((now - last) / 1000) * perSecond);
    last = now;
    credit -= cost(bytes);
    return credit >= 0 ? 0 : (-credit / perSecond) * 1000;
  };
}

const paces = [];
if (spec.linesPerSecond) paces.push(pacer(spec.linesPerSecond, () => 1));
if (spec.bytesPerSecond) paces.push(pacer(spec.bytesPerSecond, (bytes) => bytes));

for (const { stream, bytes } of writerLines(spec)) {
  waiting[stream].push(bytes);
  waitingBytes += bytes.length;
  const wait = Math.max(0, ...paces.map((pace) => pace(bytes.length)));
  if (wait > 0) {
    flush();
    sleep(Math.max(wait, TICK_MS));
  } else if (waitingBytes >= CHUNK) {
    flush();
  }
}
flush();

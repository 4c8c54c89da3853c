/**
 * Compresses messages of the workload whose folder it is given, in pieces as large as the journal's blocks. A process of its own
 * with an IPC channel: says `{ lines }` when it is ready; on any message answers `{ cpuSecondsPerMillion }`.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';
import { compressSync } from 'snappy';

const PIECE = 256 * 1024;
/** Of each log; the logs are alike all along. */
const SAMPLE = 4 * 1024 * 1024;
const WANTED_LINES = 3_000_000;

const pieces: Buffer[] = [];
let lines = 0;
const containers = path.join(process.argv[2], 'containers');
for (const id of readdirSync(containers)) {
  const bytes = Buffer.alloc(SAMPLE);
  const fd = openSync(path.join(containers, id, `${id}-json.log`), 'r');
  const records = bytes.toString('utf8', 0, readSync(fd, bytes)).split('\n').slice(0, -1);
  closeSync(fd);
  const messages = Buffer.from(records.map((record) => (JSON.parse(record) as { log: string }).log).join(''));
  for (let at = 0; at < messages.length; at += PIECE) pieces.push(messages.subarray(at, at + PIECE));
  lines += records.length;
}
const passes = Math.ceil(WANTED_LINES / lines);

process.on('message', () => {
  const before = process.cpuUsage();
  for (let pass = 0; pass < passes; pass++)
    for (const piece of pieces) compressSync(piece, { copyOutputData: true });
  const { user, system } = process.cpuUsage(before);
  process.send?.({ cpuSecondsPerMillion: (user + system) / (lines * passes) });
});
process.send?.({ lines });

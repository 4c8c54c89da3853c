/**
 * Writes json-files as Docker does while containers run, each line with the time of its writing. A process of its own with
 * an IPC channel: on `{ files, lines, perSecond }` appends `lines` lines, in turn to each file, `perSecond` of them (0: as fast
 * as it goes), and answers `{ written, seconds }`.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from './generate.js';

export interface Order {
  readonly files: readonly string[];
  readonly lines: number;
  readonly perSecond: number;
}

const TICK_MS = 20;
/** Lines of one write. */
const CHUNK = 500;
const TEXTS = 20_000;

/** Up to the time. */
const heads = Array.from(
  { length: TEXTS },
  (_, n) =>
    `{"log":${JSON.stringify(`${messageOf(1, n)}\n`)},"stream":"${n % 5 === 4 ? 'stderr' : 'stdout'}","time":"`,
);
let next = 0;

async function write({ files, lines, perSecond }: Order): Promise<void> {
  const begun = performance.now();
  const open = files.map((file) => openSync(file, 'a'));
  let written = 0;
  for (let turn = 0; written < lines; turn++) {
    const seconds = (performance.now() - begun) / 1000;
    const due = perSecond === 0 ? lines : Math.min(lines, Math.ceil((seconds + TICK_MS / 1000) * perSecond));
    if (due - written < 1) {
      await sleep(TICK_MS);
      continue;
    }
    const count = Math.min(CHUNK, due - written);
    const time = new Date().toISOString().slice(0, -1);
    let text = '';
    for (let i = 0; i < count; i++)
      text += `${heads[next++ % TEXTS]}${time}${String(i).padStart(6, '0')}Z"}\n`;
    writeSync(open[turn % open.length], text);
    written += count;
  }
  for (const fd of open) closeSync(fd);
  process.send?.({ written, seconds: (performance.now() - begun) / 1000 });
}

process.on('message', (order: Order) => void write(order));

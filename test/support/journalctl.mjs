/**
 * Stands in for journalctl: `journalctl.mjs FILE ARGUMENTS…` shows the lines of FILE as entries of a journal, in the export
 * format, from the one that --cursor or --after-cursor names, and follows the file until it is ended.
 */
import { readFileSync, watchFile } from 'node:fs';

const LOOK_MS = 20;
const MICROS = Date.now() * 1000;
const [file, ...args] = process.argv.slice(2);
const asked = args.map((arg) => /^--(after-)?cursor=.*;x=([0-9a-f]+)$/.exec(arg)).find(Boolean);
// Lines count from 1, and the number is what a cursor is known by.
let next = asked ? Number.parseInt(asked[2], 16) + (asked[1] ? 1 : 0) : 1;

function show() {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  for (; next <= lines.length; next++) {
    const number = next.toString(16);
    process.stdout.write(
      `__CURSOR=s=1;i=${number};b=1;m=${number};t=${number};x=${number}\n__REALTIME_TIMESTAMP=${MICROS + next}\n` +
        `SYSLOG_IDENTIFIER=unit\nMESSAGE=${lines[next - 1]}\n\n`,
    );
  }
}

show();
watchFile(file, { interval: LOOK_MS }, show);

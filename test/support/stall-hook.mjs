/**
 * Preloaded into an agent: while the file STALL_WHILE is there its event loop stalls for STALL_MS, again and again. Between
 * two stalls it gets one turn: whoever needs several, one after another, waits for as many stalls.
 */
import { existsSync } from 'node:fs';

const stallMs = Number(process.env.STALL_MS);

setInterval(() => {
  const until = performance.now() + (existsSync(process.env.STALL_WHILE) ? stallMs : 0);
  while (performance.now() < until);
}, 1).unref();

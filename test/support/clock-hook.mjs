/**
 * Preloaded into an agent: while the file CLOCK_BACK_WHILE is there, the clock on the wall is a day behind. It says so, and
 * when that is over.
 */
import { existsSync } from 'node:fs';

const DAY_MS = 86_400_000;
const System = Date;
let backMs = 0;

globalThis.Date = class extends System {
  constructor(...given) {
    if (given.length === 0) super(System.now() - backMs);
    else super(...given);
  }

  static now() {
    return System.now() - backMs;
  }
};

function look() {
  const before = backMs;
  backMs = existsSync(process.env.CLOCK_BACK_WHILE) ? DAY_MS : 0;
  if (backMs !== before) console.error(`clock: ${new Date().toISOString()}`);
}

look();
setInterval(look, 5).unref();

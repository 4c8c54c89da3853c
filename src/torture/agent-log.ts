/** What the torture looks for in the agent's own log, which is JSON lines. */
import type { ToldLate } from './oracle/verdict.js';

const NO_SPACE = /ENOSPC|no space/i;
const LATE = /delivered late/;

export class AgentLog {
  /** Lines that say that the disk is full. */
  noSpace = 0;
  /** What it says to have delivered behind later lines. */
  readonly late: ToldLate[] = [];

  take(line: string): void {
    if (NO_SPACE.test(line)) this.noSpace++;
    if (!LATE.test(line)) return;
    const { container, from, to } = JSON.parse(line) as { container: string; from: string; to: string };
    // Times here are cut to the millisecond.
    this.late.push({ id: container, from: Date.parse(from), to: Date.parse(to) + 1 });
  }
}

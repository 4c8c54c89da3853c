/** `torture`: faults chosen by a seed, and a verdict on every line. */
import { inWords, planOf } from '../../torture/plan.js';
import { runTorture } from '../../torture/torture.js';
import { interruptible } from '../interruptible.js';
import { EXIT_FAILED, type ExitNow } from '../program.js';

export interface TortureFlags {
  readonly seed: readonly number[];
  readonly containers: number;
  readonly kills: number;
  readonly plan?: boolean;
  readonly image?: string;
  readonly endpoint?: string;
  readonly directory: string;
}

/** Answers the exit code: 0 passed, 1 failed. Throws AgentError where it cannot be done. */
export async function torture(flags: TortureFlags, exitNow: ExitNow): Promise<number> {
  const { seed: seeds, image, endpoint, plan: isPlanOnly = false, ...rest } = flags;
  if (isPlanOnly) {
    for (const seed of seeds) console.log([`seed ${seed}`, ...inWords(planOf(seed, rest))].join('\n  '));
    return 0;
  }
  const passed = await interruptible(exitNow, (signal) =>
    runTorture(
      { ...rest, seeds, image, endpoint },
      { command: ['log-capturer', ...process.argv.slice(2)].join(' '), output: process.stderr, signal },
    ),
  );
  return passed ? 0 : EXIT_FAILED;
}

/** How many entries an agent may send again: those of which it cannot know that the receiver has them. */
import type { Push } from './receiver.js';

/** Milliseconds since 1970, as the rest here. */
export interface KillTimes {
  readonly at: number;
  /** What was acknowledged before is in a commit. */
  readonly cursorsSince: number;
}

/** From the receiver's answer until the agent's cursor has moved; generous, because machines stall. */
const NOTICED_WITHIN_MS = 500;

/**
 * The entries of all pushes whose answer did not get through; of those that were under way at a kill, or answered so shortly
 * before that no commit has it; and of those under way while the agent stood still, which may find them too late then.
 */
export function resentAtMost(
  pushes: readonly Push[],
  kills: readonly KillTimes[],
  pauses: readonly { readonly from: number; readonly to: number }[],
): number {
  const blind = [
    ...kills.map(({ at, cursorsSince }) => ({ from: cursorsSince - NOTICED_WITHIN_MS, to: at })),
    ...pauses,
  ];
  return pushes
    .filter(
      ({ arrivedMs, answeredMs }) =>
        answeredMs === undefined || blind.some(({ from, to }) => arrivedMs <= to && answeredMs >= from),
    )
    .reduce((sum, { entries }) => sum + entries, 0);
}

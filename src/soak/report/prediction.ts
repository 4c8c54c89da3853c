/** How much there should be of what repeats, at the moment of a sample. */
import { HEARTBEAT_SECONDS } from '../judge/instruments.js';
import type { Sample } from '../types.js';

export { rotationsPerSecond } from '../judge/rotations.js';

/** One per container and 30 s. */
export function heartbeatsPerSecond(sample: Sample): number {
  return sample.containers / HEARTBEAT_SECONDS;
}

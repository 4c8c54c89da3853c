/** What was read of a lane for one delivery, by what is to become of it. */
import type { LaneRead, Loss } from '../journal/types.js';
import type { Block } from '../pipeline/contract.js';
import { codeOf } from './condition.js';
import type { Selection } from './selection.js';

/** The cursor passes them when it comes to `nextLsn`. */
interface Lines {
  readonly nextLsn: number;
  readonly lines: number;
}

/** Less what of it is done. */
export interface Work {
  /** For the sink. */
  blocks: readonly Block[];
  /** The lane's cursor once it is all done. */
  readonly next: number;
  /** All blocks of it, as they were read. */
  read: readonly Lines[];
  passedOver: readonly Lines[];
  /** Cannot be decoded. */
  damaged: readonly Block[];
  /** Could not be read. */
  losses: readonly Loss[];
  /** All that was committed to the lane is in here. */
  readonly isLast: boolean;
}

export function workOf({ blocks, losses, next }: LaneRead, selection: Selection, isLast: boolean): Work {
  const wanted: Block[] = [];
  const damaged: Block[] = [];
  const passedOver: Lines[] = [];
  for (const block of blocks) {
    try {
      const own = selection.of(block);
      if (own) wanted.push(own);
      const lines = selection.linesOfOthers(block);
      if (lines > 0) passedOver.push({ nextLsn: block.nextLsn, lines });
    } catch (error) {
      if (codeOf(error) !== 'JOURNAL_DAMAGED') throw error;
      damaged.push(block);
    }
  }
  return { blocks: wanted, next, read: blocks, passedOver, damaged, losses, isLast };
}

/** The first block for the sink with all that lies before it, and the rest. */
export function divide(work: Work): readonly [first: Work, rest: Work] {
  const [block, ...blocks] = work.blocks;
  const next = block.nextLsn;
  const isDone = ({ nextLsn }: { readonly nextLsn: number }): boolean => nextLsn <= next;
  const isLeft = (part: { readonly nextLsn: number }): boolean => !isDone(part);
  const first: Work = {
    blocks: [block],
    next,
    read: work.read.filter(isDone),
    passedOver: work.passedOver.filter(isDone),
    damaged: work.damaged.filter(isDone),
    losses: work.losses.filter(({ toLsn }) => toLsn <= next),
    isLast: false,
  };
  const rest: Work = {
    ...work,
    blocks,
    read: work.read.filter(isLeft),
    passedOver: work.passedOver.filter(isLeft),
    damaged: work.damaged.filter(isLeft),
    losses: work.losses.filter(({ toLsn }) => toLsn > next),
  };
  return [first, rest];
}

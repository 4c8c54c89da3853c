/**
 * What sources push into: the processors in order, then the taps, then the journal. Everything happens before `push`
 * returns; only the journal's backpressure is a promise. Without processors a batch goes on as it is.
 */
import type { Scope } from '../runtime/scope.js';
import type { Batch } from './batch.js';
import type { Pipeline, Position, SourceKey, SourceRange, Tap } from './contract.js';
import type { GapRegister } from './gap-register.js';
import { gapLine, gapOf, OTHER_CONTAINERS } from './gaps.js';
import { justBefore } from './line-time.js';
import { type ChainsFor, Processing } from './processing.js';
import { SourceLedger, type TotalStore } from './source-ledger.js';
import { GAP_LABEL, ownerOf, type StreamTable } from './streams.js';

/** Whose lines those are that the agent writes itself, where lines are missing. */
const GAP_LINES = 'log-capturer/gaps';

/** What the intake needs of the journal. */
export interface JournalWriter extends TotalStore {
  readonly isFirstStart: boolean;
  position(key: SourceKey): Position | undefined;
  positionKeys(prefix: string): SourceKey[];
  setPosition(key: SourceKey, position: Position | undefined): void;
  append(batch: Batch, key: SourceKey, position: Position, origin: SourceRange): Promise<void> | undefined;
  beforeCommit(listener: () => void): void;
}

export interface IntakeParts {
  readonly journal: JournalWriter;
  readonly streams: StreamTable;
  /** Owns the timer of lines that processors hold. */
  readonly scope: Scope;
  /** The processors of a source key; where left out there are none until `setProcessors`. */
  readonly chainsFor?: ChainsFor;
  readonly taps: readonly Tap[];
  readonly gaps: GapRegister;
}

export interface Intake extends Pipeline {
  readonly ledger: SourceLedger;
  /**
   * From now on lines pass these. What stages hold that are not among them any more goes on at once; the first ones take
   * up what a process before this one left.
   */
  setProcessors(chainsFor: ChainsFor): void;
  /** Everything that processors hold goes on: the sources have ended. */
  flush(): void;
}

export function createIntake({ journal, streams, scope, chainsFor, taps, gaps }: IntakeParts): Intake {
  const ledger = new SourceLedger(journal, streams);
  const streamOf = (id: number) => streams.get(id);
  const append = (batch: Batch, key: SourceKey, position: Position, origin: SourceRange) => {
    ledger.appended(batch, origin.key);
    for (const tap of taps) tap.onBatch(batch, streamOf);
    return journal.append(batch, key, position, origin);
  };
  const processing = new Processing({ journal, streams, scope, ledger, append });
  if (chainsFor) processing.setProcessors(chainsFor);
  return {
    ledger,
    streams,
    isFirstStart: journal.isFirstStart,
    position: (key) => journal.position(key),
    positionKeys: (prefix) => journal.positionKeys(prefix),
    setPosition(key, position) {
      if (position === undefined) processing.end(key);
      journal.setPosition(key, position);
      if (position === undefined) ledger.retire(key);
    },
    gap(sourceGap, labels) {
      const gap = gapOf(ownerOf(labels) ?? OTHER_CONTAINERS, sourceGap);
      if (!sourceGap.to) return gaps.noteOnce(gap);
      const stream = streams.acquire({ ...labels, [GAP_LABEL]: gap.why });
      const line = gapLine(gap, stream.id, justBefore(sourceGap.to));
      const { key, position } = gaps.tell(gap);
      // The agent's own line: there is nothing to read it from again.
      ledger.of(GAP_LINES).generated(line.length);
      void append(line, key, position, { key: GAP_LINES, from: 0, to: 0 });
      streams.release(stream);
    },
    push(batch, key, position, origin) {
      // Before the lines: appending may take what was counted so far into a commit.
      const account = ledger.pushed(batch, origin);
      const chain = processing.chainOf(key, batch, origin.key);
      if (!chain) return append(batch, key, position, origin);
      return processing.pass(chain, batch, account, (lines) => append(lines, key, position, origin));
    },
    setProcessors: (chainsFor) => processing.setProcessors(chainsFor),
    flush: () => processing.flush(),
  };
}

/**
 * Reads what is too much for one look: a task over all logs of a source, a few reads of each at a time. Asynchronous
 * reads have a latency that is worth it only there.
 */
import type { Scope } from '../../runtime/scope.js';
import type { Gate } from '../docker/json-file/gate.js';
import type { FileLog, Progress } from './file-log.js';

const BULK_BYTES = 256 * 1024;
/** Reads of one log before the next one's turn. */
const BULK_STEPS = 8;

export interface BulkOutcome {
  /** A turn of the log is over. */
  readonly onTurn: (log: FileLog, progress: Progress) => void;
  readonly onFailed: (log: FileLog, error: unknown) => void;
}

export class BulkReader {
  readonly #gate: Gate;
  readonly #waiting = new Set<FileLog>();
  #idle: (() => void) | undefined;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** The log waits for its turn; nobody else reads it until that is over. */
  add(log: FileLog): void {
    this.#waiting.add(log);
    this.#idle?.();
  }

  /** `run` looks whether its scope is closing. */
  wakeUp(): void {
    this.#idle?.();
  }

  async run(scope: Scope, { onTurn, onFailed }: BulkOutcome): Promise<void> {
    const buf = Buffer.allocUnsafe(BULK_BYTES);
    while (!scope.isClosing) {
      const [log] = this.#waiting;
      if (!log) {
        await new Promise<void>((resolve) => {
          this.#idle = resolve;
        });
        continue;
      }
      this.#waiting.delete(log);
      let progress: Progress = 'more';
      try {
        for (
          let step = 0;
          step < BULK_STEPS && progress === 'more' && log.isAwake && !scope.isClosing;
          step++
        ) {
          const wasFollowed = log.hasNewer;
          const bytes = await log.fetch(scope, buf);
          await this.#gate.pass();
          if (scope.isClosing) return;
          progress = log.digest(buf, bytes, buf.length, wasFollowed);
          log.follow(scope);
          if (progress === 'long') progress = await log.takeLongLine(buf);
          log.lastBytesAt = performance.now();
        }
      } catch (error) {
        onFailed(log, error);
      }
      onTurn(log, progress);
    }
  }
}

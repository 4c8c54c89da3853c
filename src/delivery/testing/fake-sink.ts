import { expect } from 'vitest';
import type { Block, Cursor, Delivered, Sink } from '../../pipeline/contract.js';
import type { Scope } from '../../runtime/scope.js';

/** A sink that remembers what it was given. */
export class FakeSink implements Sink {
  readonly name = 'fake';
  concurrency = 1;
  maxRawBytes = 1024 * 1024;
  batchWaitMs = 0;
  own: Cursor | undefined;
  retained: Cursor | undefined;
  closes = 0;
  inFlight = 0;
  mostInFlight = 0;
  readonly delivered: number[] = [];
  readonly lanes: number[] = [];
  readonly cursors: Cursor[] = [];
  /** Called before each delivery; what it throws fails it. */
  before: (blocks: readonly Block[], onTaken: () => void, signal: AbortSignal) => void | Promise<void> = () =>
    undefined;
  openings: (() => void)[] = [];
  openScope: Scope | undefined;

  async open(scope: Scope): Promise<Cursor | undefined> {
    this.openings.shift()?.();
    this.openScope = scope;
    return this.own;
  }

  async deliver(
    blocks: readonly Block[],
    cursor: Cursor,
    signal: AbortSignal,
    onTaken: () => void = () => undefined,
  ): Promise<Delivered> {
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      expect(signal.aborted).toBe(false);
      expect(new Set(blocks.map(({ lane }) => lane)).size).toBeLessThanOrEqual(1);
      await this.before(blocks, onTaken, signal);
      this.delivered.push(...blocks.map(({ lsn }) => lsn));
      for (const { lane } of blocks.slice(0, 1)) this.lanes.push(lane);
      this.cursors.push(cursor);
      const lines = blocks.reduce((sum, { lines }) => sum + lines, 0);
      return { delivered: lines, rejected: new Map() };
    } finally {
      this.inFlight--;
    }
  }

  async close(): Promise<void> {
    this.closes++;
  }
}

/**
 * Reads what is more than a look can take: live spans before catch-up, containers in turn. Two readers, so that one
 * reads from the disk while the other's lines are decoded.
 */
import type { Scope } from '../../../runtime/scope.js';
import type { ContainerReader, Progress } from './container-log.js';
import type { Gate } from './gate.js';
import type { Span } from './span.js';

const BUFFER_BYTES = 256 * 1024;
const READERS = 2;
/** Reads of one container before the next one's turn. */
const STEPS = 4;

export interface BulkEvents {
  /** The live span was read as far as it went. */
  onLiveRead(reader: ContainerReader): void;
  /** The last catch-up span is done. */
  onCaughtUp(reader: ContainerReader): void;
  onError(reader: ContainerReader, error: unknown): void;
}

export class BulkReaders {
  readonly #scope: Scope;
  readonly #gate: Gate;
  readonly #events: BulkEvents;
  readonly #live = new Set<ContainerReader>();
  readonly #catchUp = new Set<ContainerReader>();
  /** Containers whose live span is queued or being read. */
  readonly #busy = new Set<ContainerReader>();
  /** Containers whose catch-up spans are queued or being read. */
  readonly #catchingUp = new Set<ContainerReader>();
  #idle: (() => void)[] = [];

  constructor(scope: Scope, gate: Gate, events: BulkEvents) {
    this.#scope = scope;
    this.#gate = gate;
    this.#events = events;
  }

  /** Whether the live span is in hand here: nobody else reads it then. */
  isBusy(reader: ContainerReader): boolean {
    return this.#busy.has(reader);
  }

  readLive(reader: ContainerReader): void {
    this.#busy.add(reader);
    this.#live.add(reader);
    this.#wake();
  }

  readCatchUp(reader: ContainerReader): void {
    if (this.#catchingUp.has(reader)) return;
    this.#catchingUp.add(reader);
    this.#catchUp.add(reader);
    this.#wake();
  }

  forget(reader: ContainerReader): void {
    this.#live.delete(reader);
    this.#catchUp.delete(reader);
    this.#busy.delete(reader);
    this.#catchingUp.delete(reader);
  }

  /** Until the scope is closing. */
  async run(): Promise<void> {
    const closing = this.#scope.onClosing('readers', () => this.#wake());
    await Promise.all(Array.from({ length: READERS }, () => this.#work(Buffer.allocUnsafe(BUFFER_BYTES))));
    await closing.release();
  }

  async #work(buf: Buffer): Promise<void> {
    while (!this.#scope.isClosing) {
      const live = takeFirst(this.#live);
      const reader = live ?? takeFirst(this.#catchUp);
      if (!reader) {
        await new Promise<void>((resolve) => this.#idle.push(resolve));
        continue;
      }
      try {
        if (live) await this.#readLive(reader, buf);
        else await this.#readCatchUp(reader, buf);
      } catch (error) {
        if (live) this.#busy.delete(reader);
        else this.#catchingUp.delete(reader);
        this.#events.onError(reader, error);
      }
    }
  }

  async #readLive(reader: ContainerReader, buf: Buffer): Promise<void> {
    let progress: Progress = 'more';
    for (let step = 0; step < STEPS && goesOn(progress) && reader.isOpen; step++) {
      progress = await this.#step(reader, reader.live, buf);
    }
    if (!this.#busy.has(reader)) return;
    if (goesOn(progress)) {
      this.#live.add(reader);
    } else {
      this.#busy.delete(reader);
      this.#events.onLiveRead(reader);
    }
  }

  async #readCatchUp(reader: ContainerReader, buf: Buffer): Promise<void> {
    const span = reader.catchUp;
    if (!span) return;
    let progress: Progress = span.isDone ? 'done' : 'more';
    for (
      let step = 0;
      step < STEPS && progress === 'more' && this.#live.size === 0 && reader.isOpen;
      step++
    ) {
      progress = await this.#step(reader, span, buf);
    }
    if (!this.#catchingUp.has(reader) || this.#scope.isClosing) return;
    if (progress === 'blocked' && reader.wait) return this.#resumeAfter(reader.wait, reader);
    if (!goesOn(progress)) reader.endCatchUp(span);
    if (reader.catchUp) {
      this.#catchUp.add(reader);
      return;
    }
    this.#catchingUp.delete(reader);
    this.#events.onCaughtUp(reader);
  }

  async #step(reader: ContainerReader, span: Span, buf: Buffer): Promise<Progress> {
    const wasRotated = !span.isInNewestFile;
    const wanted = Math.min(buf.length, span.bytesAllowed);
    const bytes = await reader.fetch(span, buf);
    await this.#gate.pass();
    if (!reader.isOpen || this.#scope.isClosing) return 'quiet';
    let progress = reader.digest(span, buf, bytes, wanted, wasRotated);
    // The log may rotate many times while a backlog is read.
    if (span === reader.live) reader.follow();
    if (progress === 'long') progress = await reader.takeLongRecord(span, buf);
    if (span === reader.live && progress === 'blocked' && reader.wait) this.#gate.hold(reader.wait);
    return progress;
  }

  /** Old lines may have to wait for long: that holds back neither live lines nor the other containers' old ones. */
  #resumeAfter(wait: Promise<void>, reader: ContainerReader): void {
    void wait.then(() => {
      if (!this.#catchingUp.has(reader)) return;
      this.#catchUp.add(reader);
      this.#wake();
    });
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}

function goesOn(progress: Progress): boolean {
  return progress === 'more' || progress === 'blocked';
}

function takeFirst<T>(queue: Set<T>): T | undefined {
  for (const first of queue) {
    queue.delete(first);
    return first;
  }
  return undefined;
}

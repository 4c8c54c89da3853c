/**
 * The search as the rest of the agent has it. Everything that is heavy is done by a worker, which is started by the first
 * question and ended after a minute without any; one that ends early, or falls silent, fails the questions that it had,
 * and the next question gets another one.
 */
import type { Journal } from '../journal/types.js';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import type { Owned, Scope } from '../runtime/scope.js';
import { within } from '../runtime/within.js';
import type { FromWorker } from './protocol.js';
import type { HistoryRequest, Question } from './requests.js';
import { WorkerLink } from './worker-link.js';

export const MAX_QUESTIONS = 8;
const IDLE_MS = 60_000;
const SILENCE_MS = 15_000;
/** What was captured a moment ago is part of the history; a disk that does not take it must not hold up a search. */
const COMMIT_PATIENCE_MS = 500;
const RECENT_SECONDS = 5;
/** For a question to come to its end. */
const STOP_PATIENCE_MS = 1_000;

export type SearchedJournal = Pick<Journal, 'history' | 'learnSpan' | 'stats' | 'barrier'>;

export interface SearchParts {
  readonly scope: Scope;
  readonly journal: SearchedJournal;
  readonly log: Logger;
  /** Of the worker, another one in tests. */
  readonly workerFile?: URL;
  readonly idleMs?: number;
  readonly silenceMs?: number;
}

/** Takes the answer; a promise asks to wait before the next piece. */
export type Taker = (bytes: Uint8Array) => Promise<void> | undefined;

interface Asked {
  readonly take: Taker;
  readonly finish: (error?: AgentError) => void;
}

export class SearchService {
  readonly #parts: SearchParts;
  readonly #scope: Scope;
  readonly #asked = new Map<number, Asked>();
  #worker: WorkerLink | undefined;
  #idle: Owned | undefined;
  #nextId = 1;

  constructor(parts: SearchParts) {
    this.#parts = parts;
    this.#scope = parts.scope.child('search');
  }

  /** As many are being answered as may be. */
  get isFull(): boolean {
    return this.#asked.size >= MAX_QUESTIONS;
  }

  /**
   * Resolves when the answer is complete, or `scope` is closing: then it ends with what it has. Throws SEARCH_FAILED.
   */
  async ask(scope: Scope, question: Question, take: Taker): Promise<void> {
    const id = this.#nextId++;
    let finish!: (error?: AgentError) => void;
    const finished = new Promise<void>((resolve, reject) => {
      finish = (error) => (error ? reject(error) : resolve());
    });
    // It may be lost before anybody awaits it.
    finished.catch(() => {});
    const worker = this.#openWorker();
    this.#asked.set(id, { take, finish });
    try {
      if (asksForNow(question)) await this.#commit();
      const request = { ...question, files: this.#parts.journal.history() } as HistoryRequest;
      worker.post({ type: 'start', id, request });
      const stopping = scope.onClosing('stop of a search', () => worker.post({ type: 'stop', id }));
      const cutOff = scope.untilClosing().then(() => within(STOP_PATIENCE_MS, finished));
      await Promise.race([finished, cutOff]);
      await stopping.release();
    } finally {
      this.#asked.delete(id);
      if (this.#asked.size === 0) this.#rest();
    }
  }

  /** What was captured before the call is committed, if the disk takes it. */
  async #commit(): Promise<void> {
    const { journal } = this.#parts;
    if (journal.stats.linesUncommitted > 0)
      await within(
        COMMIT_PATIENCE_MS,
        journal.barrier().then(
          () => {},
          () => {},
        ),
      );
  }

  #openWorker(): WorkerLink {
    void this.#idle?.release();
    this.#idle = undefined;
    const { workerFile = new URL('./worker.js', import.meta.url), silenceMs = SILENCE_MS } = this.#parts;
    this.#worker ??= new WorkerLink(this.#scope, workerFile, silenceMs, {
      onMessage: (message) => this.#hear(message),
      onLost: (error) => this.#lose(error),
    });
    return this.#worker;
  }

  #hear(message: FromWorker): void {
    if (message.type === 'span') this.#parts.journal.learnSpan(message.base, message.span);
    if (message.type === 'text') this.#take(message.id, message.bytes);
    if (message.type === 'done')
      this.#asked.get(message.id)?.finish(message.error === undefined ? undefined : failed(message.error));
  }

  #take(id: number, bytes: Uint8Array): void {
    const worker = this.#worker;
    const taken = (): void => worker?.post({ type: 'taken', id, bytes: bytes.length });
    const wait = this.#asked.get(id)?.take(bytes);
    if (wait) void wait.then(taken);
    else taken();
  }

  #lose(error: AgentError): void {
    this.#worker = undefined;
    this.#parts.log.error({ code: error.code }, describeError(error));
    for (const { finish } of this.#asked.values()) finish(error);
  }

  #rest(): void {
    if (this.#scope.isClosing || !this.#worker) return;
    this.#idle = this.#scope.timeout('end of an idle search worker', this.#parts.idleMs ?? IDLE_MS, () => {
      this.#worker?.end();
      this.#worker = undefined;
    });
  }
}

/** May what was captured a moment ago be part of the answer? */
function asksForNow(question: Question): boolean {
  if (question.kind === 'labels') return false;
  const { seconds } = question.kind === 'context' ? question.time : question.range.to;
  return seconds >= Math.floor(Date.now() / 1000) - RECENT_SECONDS;
}

function failed(error: string): AgentError {
  return new AgentError('SEARCH_FAILED', `The search cannot go on: ${error}`);
}

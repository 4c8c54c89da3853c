/**
 * What the main thread and the worker tell each other, over one MessagePort.
 *
 * A job's text goes out as far as BUFFERED_BYTES ahead of what was `taken`; so a client that does not read stops its own
 * job. `stop` lets a job come to its end with what it has. Every job ends with one `done`, or with the worker.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Span } from '../journal/span.js';
import type { HistoryRequest } from './requests.js';

export const BUFFERED_BYTES = 256 * 1024;

export interface WorkerInit {
  readonly port: MessagePort;
  /** One Int32: how many files the worker has open. */
  readonly openFiles: SharedArrayBuffer;
}

export type ToWorker =
  | { readonly type: 'start'; readonly id: number; readonly request: HistoryRequest }
  | { readonly type: 'taken'; readonly id: number; readonly bytes: number }
  | { readonly type: 'stop'; readonly id: number }
  | { readonly type: 'ping' };

export type FromWorker =
  | { readonly type: 'text'; readonly id: number; readonly bytes: Uint8Array }
  /** `error`: why it could not go on, in words. */
  | { readonly type: 'done'; readonly id: number; readonly error?: string }
  | { readonly type: 'span'; readonly base: number; readonly span: Span }
  | { readonly type: 'alive' };

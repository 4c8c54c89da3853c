/**
 * Server-sent events over fetch: unlike EventSource it tells why it was refused, and hands over whole chunks at a time.
 *
 * A stream that `retries` is opened again after a pause that grows from 0.5 to 10 s with jitter, for as long as it is not
 * closed; what the agent refuses (4xx) is final. Whatever is silent for 45 s, heartbeats included, counts as dead.
 */
import { ApiError, type ApiParams, ask } from './api.js';
import { EventParser, type SentEvent } from './event-parser.js';

export interface StreamHandlers {
  /** Called each time that it is connected, before its events. */
  readonly opened?: () => void;
  /** Never empty; in order. */
  readonly events: (events: readonly SentEvent[]) => void;
  /** The answer is over, or broke; with `retries` it is tried again in `retryMs`. Undefined: it ended by itself. */
  readonly ended: (error: ApiError | undefined, retryMs: number | undefined) => void;
}

export interface StreamOptions extends StreamHandlers {
  readonly params?: ApiParams;
  readonly retries?: boolean;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const SILENCE_MS = 45_000;

/** Opens it at once. What it answers closes it, for good, and without a further call. */
export function openStream(path: string, options: StreamOptions): () => void {
  const over = new AbortController();
  void keepOpen(path, options, over.signal);
  return () => over.abort();
}

async function keepOpen(path: string, options: StreamOptions, over: AbortSignal): Promise<void> {
  for (let pause = FIRST_PAUSE_MS; !over.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    let error: ApiError | undefined;
    try {
      await readOnce(path, options, over, () => {
        pause = FIRST_PAUSE_MS;
      });
    } catch (thrown) {
      error = thrown instanceof ApiError ? thrown : lost();
    }
    if (over.aborted) return;
    const isFinal = options.retries !== true || (error && error.status >= 400 && error.status < 500);
    const retryMs = isFinal ? undefined : pause * (0.5 + Math.random() / 2);
    options.ended(error, retryMs);
    if (retryMs === undefined) return;
    await wait(retryMs, over);
  }
}

function lost(): ApiError {
  return new ApiError({ code: 'UNREACHABLE', message: 'The connection to the agent broke.' }, 0);
}

async function readOnce(
  path: string,
  { params, opened, events }: StreamOptions,
  over: AbortSignal,
  connected: () => void,
): Promise<void> {
  const silence = new AbortController();
  const signal = AbortSignal.any([over, silence.signal]);
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await ask(path, { params: params ?? {}, signal }, {});
    connected();
    opened?.();
    const parser = new EventParser();
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      if (over.aborted) return;
      const found = parser.take(piece.value);
      if (found.length > 0) events(found);
    }
  } finally {
    clearTimeout(timer);
  }
}

function wait(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    over.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

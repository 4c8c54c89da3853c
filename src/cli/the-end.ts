/** What ends `run`: a signal, a reader of standard output that has gone, a mistake in the program. */

import { systemCode } from '../runtime/errors.js';
import type { Logger } from '../runtime/log.js';
import { EXIT_FAILED, type ExitNow } from './program.js';

const SIGNALS = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;

export interface TheEnd {
  /** The exit code to end with, once something asks for the end. */
  readonly asked: Promise<number>;
  stopListening(): void;
}

/** A second signal calls `exitNow`. `onHangUp` hears SIGHUP where no terminal has gone with it. */
export function listenForTheEnd(log: Logger, exitNow: ExitNow, onHangUp: () => void): TheEnd {
  let ask!: (code: number) => void;
  let isAsked = false;
  const asked = new Promise<number>((resolve) => {
    ask = resolve;
  });
  // On a terminal it says that nobody looks any more.
  const meansReload = (signal: keyof typeof SIGNALS): boolean => signal === 'SIGHUP' && !process.stderr.isTTY;
  const onSignal = (signal: keyof typeof SIGNALS): void => {
    if (meansReload(signal)) return onHangUp();
    if (isAsked) exitNow(SIGNALS[signal]);
    isAsked = true;
    log.info({ signal }, 'Stopping: draining what was read. Once more to stop at once.');
    ask(0);
  };
  let hasFailed = false;
  const onFailure = (error: unknown): void => {
    // What fails while failing must not begin anew.
    if (hasFailed) return;
    hasFailed = true;
    log.error({ err: error }, 'A mistake in the program: stopping. Please report it.');
    isAsked = true;
    ask(EXIT_FAILED);
  };
  // Only the stdout sink writes there. Whoever pipes it into `head` has seen enough.
  let isOutputBroken = false;
  const onOutputError = (error: unknown): void => {
    if (isOutputBroken) return;
    isOutputBroken = true;
    const isClosed = systemCode(error) === 'EPIPE';
    if (isClosed) log.info({}, 'Nobody reads standard output any more: stopping.');
    else log.error({ err: error }, 'Standard output cannot be written: stopping.');
    ask(isClosed ? 0 : EXIT_FAILED);
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  // Whoever reads the agent's log may go: capturing goes on, unseen.
  process.stderr.on('error', () => {});
  process.stdout.on('error', onOutputError);
  process.on('uncaughtException', onFailure);
  process.on('unhandledRejection', onFailure);
  return {
    asked,
    stopListening: () => {
      for (const signal of Object.keys(SIGNALS)) process.off(signal, onSignal);
      process.off('uncaughtException', onFailure);
      process.off('unhandledRejection', onFailure);
    },
  };
}

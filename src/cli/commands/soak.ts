/** `soak`: containers that write numbered lines, an agent whose streams rotate, and a verdict on what it leaks. */
import { runSoak } from '../../soak/soak.js';
import { interruptible } from '../interruptible.js';
import { EXIT_FAILED, type ExitNow } from '../program.js';
import { findAgent } from '../running-agent.js';

const DEFAULT_MAX_STREAMS = 50;

export interface SoakFlags {
  readonly containers: number;
  readonly minutes: number;
  /** Milliseconds. */
  readonly rotateEvery: number;
  readonly churn?: boolean;
  readonly image?: string;
  readonly attach?: string;
  readonly token?: string;
  readonly endpoint?: string;
  readonly directory: string;
}

/** Answers the exit code: 0 passed, 1 failed. Throws AgentError where it cannot be done. */
export async function soak(flags: SoakFlags, exitNow: ExitNow): Promise<number> {
  const { containers, minutes, rotateEvery, churn = false, image, endpoint, directory } = flags;
  const running =
    flags.attach === undefined
      ? undefined
      : findAgent({ url: flags.attach, ...(flags.token === undefined ? {} : { token: flags.token }) });
  const { passed } = await interruptible(exitNow, (signal) =>
    runSoak(
      {
        containers,
        minutes,
        rotateEveryMs: rotateEvery,
        churn,
        image,
        attach: running?.url.href,
        endpoint,
        directory,
        maxStreams: DEFAULT_MAX_STREAMS,
      },
      {
        command: commandLine(process.argv),
        output: process.stderr,
        signal,
        token: running?.token,
      },
    ),
  );
  return passed ? 0 : EXIT_FAILED;
}

/** As it was called, for the report, without the token. */
function commandLine([, , ...args]: readonly string[]): string {
  const shown = args.map((arg, i) => {
    if (args[i - 1] === '--token') return '<hidden>';
    return arg.replace(/^--token=.*$/s, '--token=<hidden>');
  });
  return ['log-capturer', ...shown].join(' ');
}

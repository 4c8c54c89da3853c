/** `run`: the agent, until a signal. The first one drains, a second one ends the process at once. */
import { type Agent, startAgent } from '../../agent.js';
import { type ConfigFlags, loadConfig } from '../../config/load.js';
import type { Config } from '../../config/types.js';
import type { Logger } from '../../runtime/log.js';
import { renderBanner } from '../../telemetry/banner.js';
import { createLogger } from '../../telemetry/logger.js';
import { bannerFacts } from '../banner-facts.js';
import { EXIT_FAILED, type ExitNow } from '../program.js';

const SIGNALS = { SIGTERM: 143, SIGINT: 130 } as const;

/** Answers the exit code. Throws AgentError where the agent cannot start. */
export async function run(file: string | undefined, flags: ConfigFlags, exitNow: ExitNow): Promise<number> {
  const { config } = loadConfig({
    ...(file === undefined ? {} : { file }),
    flags,
    env: process.env,
    cwd: process.cwd(),
  });
  const colors = process.stderr.isTTY && !process.env['NO_COLOR'];
  const log = await createLogger({ level: config.logLevel, stream: process.stderr, colors });
  const end = listenForTheEnd(log, exitNow);
  try {
    const agent = await startAgent(config, log);
    await Promise.race([announce(agent, config, colors), end.asked]);
    const code = await end.asked;
    await agent.stop();
    const { linesUncommitted } = agent.journal.stats;
    if (linesUncommitted === 0) log.info({}, 'Stopped: everything read is committed.');
    else
      log.warn(
        { linesUncommitted },
        'Stopped: the last lines could not be committed and are read again at the next start.',
      );
    return code;
  } finally {
    end.stopListening();
  }
}

/** Says what is going on, once the sources know. */
async function announce(agent: Agent, config: Config, colors: boolean): Promise<void> {
  const facts = await bannerFacts(agent, config);
  process.stderr.write(renderBanner(facts, colors));
}

interface TheEnd {
  /** The exit code to end with, once a signal or a failure asks for the end. */
  readonly asked: Promise<number>;
  stopListening(): void;
}

function listenForTheEnd(log: Logger, exitNow: ExitNow): TheEnd {
  let ask!: (code: number) => void;
  let isAsked = false;
  const asked = new Promise<number>((resolve) => {
    ask = resolve;
  });
  const onSignal = (signal: keyof typeof SIGNALS): void => {
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
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  // Whoever reads the agent's log may go: capturing goes on, unseen.
  process.stderr.on('error', () => {});
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

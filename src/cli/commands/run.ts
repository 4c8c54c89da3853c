/** `run`: the agent, until a signal or the end of its input. The first signal drains, a second one ends the process at once. */
import { type Agent, startAgent } from '../../agent.js';
import { type ConfigDesk, configDesk, withoutReload } from '../../config/desk.js';
import type { Config } from '../../config/types.js';
import { renderBanner } from '../../telemetry/banner.js';
import { createLogger } from '../../telemetry/logger.js';
import { bannerFacts } from '../banner-facts.js';
import { type ConfigOptions, loadFrom, requestOf } from '../config-options.js';
import { prepareDryRun } from '../dry-run.js';
import type { ExitNow } from '../program.js';
import { listenForTheEnd } from '../the-end.js';

export interface RunOptions extends ConfigOptions {
  readonly dryRun?: boolean;
}

/** Answers the exit code. Throws AgentError where the agent cannot start. */
export async function run({ dryRun, ...options }: RunOptions, exitNow: ExitNow): Promise<number> {
  const loaded = loadFrom(options);
  const { config, warnings } = loaded;
  const desk = configDesk(config, requestOf(options), loaded);
  if (!dryRun) return runAgent(config, { isDryRun: false, warnings, desk }, exitNow);
  const dry = prepareDryRun(config);
  const fixed = withoutReload(desk, dry.config, 'A dry run keeps the configuration that it began with.');
  try {
    return await runAgent(dry.config, { isDryRun: true, warnings, desk: fixed }, (code) => {
      dry.remove();
      exitNow(code);
    });
  } finally {
    dry.remove();
  }
}

interface HowToRun {
  readonly isDryRun: boolean;
  /** What the configuration had better not say. */
  readonly warnings: readonly string[];
  readonly desk: ConfigDesk;
}

async function runAgent(
  config: Config,
  { isDryRun, warnings, desk }: HowToRun,
  exitNow: ExitNow,
): Promise<number> {
  const colors = process.stderr.isTTY && !process.env['NO_COLOR'];
  const log = await createLogger({ level: config.logLevel, stream: process.stderr, colors });
  for (const warning of warnings) log.warn({}, warning);
  let agent: Agent | undefined;
  let isReloadAsked = false;
  const end = listenForTheEnd(log, exitNow, () => {
    isReloadAsked = true;
    if (agent) void agent.reload('SIGHUP');
  });
  try {
    agent = await startAgent(config, log, desk);
    if (isReloadAsked) void agent.reload('SIGHUP');
    const finished = agent.finished.then(() => {
      log.info({}, 'Stopping: the input has ended and is delivered.');
      return 0;
    });
    const over = Promise.race([end.asked, finished]);
    await Promise.race([announce(agent, config, { colors, isDryRun }), over]);
    const code = await over;
    await agent.stop();
    const { linesUncommitted } = agent.journal.stats;
    for (const { name, linesPending } of agent.sinks()) {
      if (Number(linesPending) > 0)
        log.warn(
          { sink: name, linesPending },
          `${String(linesPending)} lines wait for ${name}; they go out at the next start.`,
        );
    }
    if (linesUncommitted === 0) log.info({}, 'Stopped: everything read is committed.');
    else
      log.warn(
        { linesUncommitted },
        'Stopped: the last lines could not be committed and are read again at the next start.',
      );
    return code;
  } finally {
    end.stopListening();
    log.close();
  }
}

/** Says what is going on, once the sources know. */
async function announce(
  agent: Agent,
  config: Config,
  { colors, isDryRun }: { colors: boolean; isDryRun: boolean },
): Promise<void> {
  const facts = await bannerFacts(agent, config, isDryRun);
  process.stderr.write(renderBanner(facts, colors));
}

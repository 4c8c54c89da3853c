/**
 * The command line. Exit codes: 0 done, 1 could not do it, 2 wrong usage or configuration.
 * Commands are loaded when they are called: most need little of the program.
 */
import { Command, CommanderError, Option } from 'commander';
import { AgentError, describeError } from '../runtime/errors.js';
import { readBuildInfo } from '../telemetry/build-info.js';

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export type ExitNow = (code: number) => void;

/** Runs the command in `argv` (as process.argv) and answers the exit code. `exitNow` ends the process at once. */
export async function runProgram(argv: readonly string[], exitNow: ExitNow): Promise<number> {
  let code = 0;
  const program = buildProgram(exitNow, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (!(error instanceof AgentError)) {
      console.error(error);
      return EXIT_FAILED;
    }
    // The problems of a configuration begin with file:line:column, where editors look for it.
    const name = error.code === 'CONFIG_INVALID' ? '' : 'log-capturer: ';
    console.error(`${name}${describeError(error)}`);
    return error.code.startsWith('CONFIG_') ? EXIT_USAGE : EXIT_FAILED;
  }
}

function buildProgram(exitNow: ExitNow, done: (code: number) => void): Command {
  const program = new Command('log-capturer')
    .description(
      'Captures every line your containers write, keeps a local history, and delivers it exactly once.',
    )
    .version(readBuildInfo().version)
    .showHelpAfterError()
    .exitOverride();

  program
    .command('run')
    .description('capture; the page is at http://127.0.0.1:8401 unless told otherwise')
    .option(
      '-c, --config <file>',
      'configuration file (default: ./log-capturer.yaml, /etc/log-capturer/config.yaml, or none)',
    )
    .option('--data-dir <folder>', 'where the history and all positions are kept')
    .option('--host <address>', 'address of the page and the API')
    .option('--port <port>', 'port of the page and the API')
    .addOption(
      new Option('--log-level <level>', "how much of the agent's own log is shown").choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .action(async ({ config, ...flags }) => {
      const { run } = await import('./commands/run.js');
      done(await run(config, flags, exitNow));
    });

  program
    .command('check')
    .alias('validate')
    .argument('[file]', 'configuration file')
    .description('say what is wrong with a configuration, or what it comes to')
    .action(async (file: string | undefined) => {
      const { check } = await import('./commands/check.js');
      done(check(file));
    });

  program
    .command('tail')
    .description('show the lines that a running agent captures')
    .option('--url <url>', 'address of the agent', 'http://127.0.0.1:8401')
    .option('--container <name...>', 'these containers only')
    .option('--grep <text>', 'lines with this text only')
    .option('-n, --lines <count>', 'how many earlier lines to begin with', '50')
    .option('--no-follow', 'stop after the earlier lines')
    .option('--json', 'one JSON object a line')
    .action(async (options) => {
      const { tail } = await import('./commands/tail.js');
      done(await tail(options));
    });

  program
    .command('version')
    .description('which build this is')
    .option('--json', 'as JSON')
    .action(async ({ json }) => {
      const { version } = await import('./commands/version.js');
      version(json === true);
    });
  return program;
}

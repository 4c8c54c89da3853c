/**
 * The command line. Exit codes: 0 done, 1 could not do it (`check`: the configuration is wrong), 2 wrong usage or
 * configuration, 3 done in part (`convert`), 130 and 143 after a second Ctrl-C or SIGTERM. `search` answers as grep does: 1
 * where nothing matches.
 * Commands are loaded when they are called: most need little of the program.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { LEVELS, parseQuery } from '../query/index.js';
import { AgentError, describeError, type ErrorCode } from '../runtime/errors.js';
import { parseDuration } from '../runtime/units.js';
import { MAX_LINES } from '../server/tail/request.js';
import { readBuildInfo } from '../telemetry/build-info.js';
import type { CheckOptions } from './commands/check.js';
import type { ConvertOptions } from './commands/convert.js';
import type { LetterChoice, ListOptions } from './commands/dead-letters.js';
import type { GapsOptions } from './commands/gaps.js';
import type { LedgerOptions } from './commands/ledger.js';
import type { RunOptions } from './commands/run.js';
import type { SearchOptions } from './commands/search.js';
import type { SoakFlags } from './commands/soak.js';
import type { TailOptions } from './commands/tail.js';
import type { TortureFlags } from './commands/torture.js';
import { withConfigFile, withConfigOptions } from './config-options.js';
import {
  CHECK_HELP,
  CONVERT_HELP,
  DEAD_LETTERS_HELP,
  GAPS_HELP,
  HEALTHCHECK_HELP,
  LEDGER_HELP,
  PROGRAM_HELP,
  RELOAD_HELP,
  RUN_HELP,
  SCHEMA_HELP,
  SEARCH_HELP,
  SOAK_HELP,
  TAIL_HELP,
  TORTURE_HELP,
  VERSION_HELP,
} from './help.js';
import type { AgentQuestion } from './running-agent.js';

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_IN_PART = 3;

const MAX_CONTAINERS = 1_000;
/** As many as one answer may have. */
const MAX_FOUND = 10_000;
const MAX_LETTERS = 1_000_000;
/** As many as the agent keeps. */
const MAX_GAPS = 1_000;
const MAX_MINUTES = 10_080;
const MAX_KILLS = 1_000;
const MAX_SEEDS = 10_000;

const USAGE_ERRORS = new Set<ErrorCode>(['CONFIG_INVALID', 'CONFIG_UNREADABLE', 'SECRET_UNREADABLE']);

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
    return USAGE_ERRORS.has(error.code) ? EXIT_USAGE : EXIT_FAILED;
  }
}

function buildProgram(exitNow: ExitNow, done: (code: number) => void): Command {
  const program = new Command('log-capturer')
    .description(
      'Captures every line your containers write, keeps a local history, and delivers it exactly once.',
    )
    .version(readBuildInfo().version)
    .showHelpAfterError('(add --help for what is accepted)')
    .addHelpText('after', PROGRAM_HELP)
    .exitOverride();

  withConfigOptions(program.command('run'))
    .description('capture; the page is at http://127.0.0.1:8401 unless told otherwise')
    .option('--dry-run', 'show the lines instead of delivering them, and keep nothing')
    .addHelpText('after', RUN_HELP)
    .action(async (options: RunOptions) => {
      const { run } = await import('./commands/run.js');
      done(await run(options, exitNow));
    });

  withConfigOptions(program.command('check').alias('validate'))
    .argument('[file]', 'configuration file, - for standard input')
    .description('say what is wrong with a configuration, or what it comes to and which containers it takes')
    .option('--offline', 'ask no engine')
    .addHelpText('after', CHECK_HELP)
    .action(async (file: string | undefined, options: CheckOptions) => {
      const { check } = await import('./commands/check.js');
      done(await check(file, options));
    });

  addConvert(program, done);

  withAgentOptions(program.command('tail'))
    .description('show the lines that a running agent captures')
    .option('--container <name...>', 'these containers only')
    .option(
      '--query <query>',
      'lines that match only: {container="web"} |= "timeout" | level="error"',
      rightQuery,
    )
    .addOption(new Option('--level <level...>', 'of these levels only').choices([...LEVELS]))
    .option('--grep <text>', 'lines with this text only, letter by letter')
    .option(
      '-n, --lines <count>',
      `how many earlier lines to begin with, at most ${MAX_LINES}`,
      lineCount,
      '50',
    )
    .option('--no-follow', 'stop after the earlier lines')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', TAIL_HELP)
    .action(async (options: TailOptions) => {
      const { tail } = await import('./commands/tail.js');
      done(await tail(options));
    });

  withAgentOptions(program.command('search'))
    .argument('[query]', 'a text, or {container="web"} |= "timeout" | level="error"; all lines without one')
    .description('find lines in the history of a running agent')
    .option('--container <name...>', 'of these containers only')
    .option('--level <level...>', 'of these levels only: critical error warn info debug trace unknown')
    .option('--since <time>', 'an age such as 15m or 7d, or a time such as 2026-11-22T03:00:00Z', '1h')
    .option('--until <time>', 'likewise', 'now')
    .option('-n, --limit <count>', 'the newest ones only, so many', wholeNumber(1, MAX_FOUND))
    .option('--json', 'one JSON object a line')
    .addHelpText('after', SEARCH_HELP)
    .action(async (query: string | undefined, options: SearchOptions) => {
      const { search } = await import('./commands/search.js');
      done(await search(query, options));
    });

  withAgentOptions(program.command('ledger'))
    .description('show what became of every line, in tables that add up')
    .option('--json', 'as JSON, as /api/v1/ledger answers it')
    .addHelpText('after', LEDGER_HELP)
    .action(async (options: LedgerOptions) => {
      const { ledger } = await import('./commands/ledger.js');
      done(await ledger(options));
    });

  withAgentOptions(program.command('gaps'))
    .description('show which lines are missing, and why')
    .option('-n, --lines <count>', 'how many to show', wholeNumber(1, MAX_GAPS), 20)
    .option('--json', 'as JSON, one a line')
    .addHelpText('after', GAPS_HELP)
    .action(async (options: GapsOptions) => {
      const { gaps } = await import('./commands/gaps.js');
      done(await gaps(options));
    });

  addDeadLetters(program, done);

  withAgentOptions(program.command('reload'))
    .description('have a running agent read its configuration file anew, and apply what is different')
    .addHelpText('after', RELOAD_HELP)
    .action(async (options: AgentQuestion) => {
      const { reload } = await import('./commands/reload.js');
      done(await reload(options));
    });

  withAgentOptions(program.command('healthcheck'))
    .description('ask a running agent how it is')
    .addHelpText('after', HEALTHCHECK_HELP)
    .action(async (options: AgentQuestion) => {
      const { healthcheck } = await import('./commands/healthcheck.js');
      done(await healthcheck(options));
    });

  program
    .command('soak')
    .description('prove that nothing leaks and no line is lost, with containers that it starts itself')
    .option('--containers <count>', 'how many', wholeNumber(1, MAX_CONTAINERS), 55)
    .option('--minutes <minutes>', 'how long to judge, after a warm-up', minutes, 60)
    .addOption(
      new Option('--rotate-every <duration>', 'age at which a stream is ended and opened again')
        .argParser(rotation)
        .default(30_000, '30s'),
    )
    .option('--churn', 'replace a container every few seconds')
    .option('--image <image>', 'of the containers: any with sh and sleep (default: busybox:stable)')
    .option('--attach <url>', 'judge the agent that runs there instead of starting one')
    .option('--token <token>', 'token of its login (default: LOG_CAPTURER_SERVER_TOKEN)')
    .option('--endpoint <url>', 'engine, such as unix:///var/run/docker.sock (default: as docker finds it)')
    .option('--directory <folder>', 'where the report goes', './soak')
    .addHelpText('after', SOAK_HELP)
    .action(async (flags: SoakFlags) => {
      const { soak } = await import('./commands/soak.js');
      done(await soak(flags, exitNow));
    });

  program
    .command('torture')
    .description('try to make it lose a line: kills, faults of network, engine and disk, chosen by a seed')
    .addOption(new Option('--seed <seeds>', 'such as 7, or 1..20').argParser(seedRange).default([1], '1'))
    .option('--kills <count>', 'how often the agent is killed, in each seed', wholeNumber(1, MAX_KILLS), 30)
    .option('--containers <count>', 'how many', wholeNumber(1, MAX_CONTAINERS), 16)
    .option('--image <image>', 'of the containers: any with sh and sleep (default: busybox)')
    .option('--plan', 'print what the seeds do, and do nothing')
    .option(
      '--endpoint <url>',
      'engine that is there, which is not restarted (default: one of its own, as root)',
    )
    .option('--directory <folder>', 'where the report goes', './torture')
    .addHelpText('after', TORTURE_HELP)
    .action(async (flags: TortureFlags) => {
      const { torture } = await import('./commands/torture.js');
      done(await torture(flags, exitNow));
    });

  program
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .addHelpText('after', SCHEMA_HELP)
    .action(async () => {
      const { schema } = await import('./commands/schema.js');
      schema();
    });

  program
    .command('version')
    .description('which build this is')
    .option('--json', 'as JSON')
    .addHelpText('after', VERSION_HELP)
    .action(async ({ json }) => {
      const { version } = await import('./commands/version.js');
      version(json === true);
    });
  return program;
}

function addConvert(program: Command, done: (code: number) => void): void {
  program
    .command('convert')
    .description('make a configuration of that of another program')
    .addHelpText('after', CONVERT_HELP)
    .command('promtail')
    .argument('<file>', 'configuration of Promtail, - for standard input')
    .description('make a configuration of that of Promtail, and say what could not be carried over')
    .option('--out <file>', 'where it goes, a file that is not there yet (default: standard output)')
    .action(async (file: string, options: ConvertOptions) => {
      const { convert } = await import('./commands/convert.js');
      done(convert(file, options));
    });
}

function addDeadLetters(program: Command, done: (code: number) => void): void {
  const letters = program
    .command('dead-letters')
    .description('lines that a sink refused: look at them, take them out, give them to the sink once more')
    .addHelpText('after', DEAD_LETTERS_HELP);
  const choosing = (command: Command): Command =>
    withAgentOptions(command)
      .option('--sink <name>', 'of this sink only')
      .option('--reason <reason>', 'refused for this reason only')
      .option('--since <time>', 'rejected since then: 2026-11-22T03:00:00Z, or 2h for two hours ago', since)
      .option('--json', 'as JSON');
  choosing(letters.command('list').description('how many there are, and the newest ones'))
    .option('-n, --lines <count>', 'how many to show', wholeNumber(1, MAX_LETTERS), 20)
    .action(async (options: ListOptions) => {
      const { listDeadLetters } = await import('./commands/dead-letters.js');
      done(await listDeadLetters(options));
    });
  withAgentOptions(letters.command('show').description('one of them, whole'))
    .argument('<id>', 'as list shows it, such as 0-12', letterId)
    .option('--json', 'as JSON')
    .action(async (id: string, options: LetterChoice) => {
      const { showDeadLetter } = await import('./commands/dead-letters.js');
      done(await showDeadLetter(id, options));
    });
  choosing(letters.command('export').description('all of them as JSON, one a line')).action(
    async (options: LetterChoice) => {
      const { exportDeadLetters } = await import('./commands/dead-letters.js');
      done(await exportDeadLetters(options));
    },
  );
  choosing(letters.command('redrive').description('give them to their sink once more')).action(
    async (options: LetterChoice) => {
      const { redriveDeadLetters } = await import('./commands/dead-letters.js');
      done(await redriveDeadLetters(options));
    },
  );
  choosing(letters.command('delete').description('remove those that are chosen')).action(
    async (options: LetterChoice) => {
      const { deleteDeadLetters } = await import('./commands/dead-letters.js');
      done(await deleteDeadLetters(options));
    },
  );
}

function since(text: string): string {
  const ms = parseDuration(text);
  const at = ms === undefined ? Date.parse(text) : Date.now() - ms;
  if (Number.isFinite(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError('It must be a time such as 2026-11-22T03:00:00Z, or a duration such as 2h.');
}

function letterId(text: string): string {
  if (/^\d+-\d+$/.test(text)) return text;
  throw new InvalidArgumentError(
    'An id looks like 0-12: "log-capturer dead-letters list" shows it at the beginning of each line.',
  );
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** `7` or `1..20`. */
function seedRange(text: string): number[] {
  const [, from, to = from] = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text) ?? [];
  const count = Number(to) - Number(from) + 1;
  if (count >= 1 && count <= MAX_SEEDS) return Array.from({ length: count }, (_, i) => Number(from) + i);
  throw new InvalidArgumentError('It must be a whole number, or two of them such as 1..20.');
}

function minutes(text: string): number {
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= MAX_MINUTES) return value;
  throw new InvalidArgumentError(`It must be a number of minutes, at most ${MAX_MINUTES}.`);
}

function rotation(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1_000 && ms <= 3_600_000) return ms;
  throw new InvalidArgumentError('It must be a duration from 1s to 1h, such as 30s.');
}

function rightQuery(text: string): string {
  try {
    parseQuery(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return text;
}

function lineCount(count: string): string {
  if (/^\d{1,9}$/.test(count) && Number(count) <= MAX_LINES) return count;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${MAX_LINES}.`);
}

function withAgentOptions(command: Command): Command {
  return withConfigFile(command)
    .option('--data-dir <folder>', 'data directory of the agent, which has the token of its login')
    .option(
      '--url <url>',
      'address of the agent (default: as its configuration says, else http://127.0.0.1:8401)',
    )
    .option(
      '--token <token>',
      'token of its login (default: LOG_CAPTURER_SERVER_TOKEN, or what lies in its data directory)',
    );
}

/** Of every command in the documents, run or not: the program knows its subcommand and flags, npm its script, and files are there. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import { commandsIn, fences, spans } from '../support/document-commands.js';
import { projectRoot } from '../support/project.js';

const here = (name: string): string => path.join(projectRoot(), name);
const { scripts } = JSON.parse(readFileSync(here('package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
/** Of npm itself. */
const NPM = new Set(['ci', 'i', 'install', 'pack', 'prune', 'publish', 'uninstall', 'version']);

const helps = new Map<string, string>();

/** As `--help` prints it behind these commands. */
async function helpOf(names: readonly string[]): Promise<string> {
  const key = names.join(' ');
  const known = helps.get(key);
  if (known !== undefined) return known;
  const printed: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  try {
    await runProgram(['node', 'log-capturer', ...names, '--help'], () => {});
  } finally {
    out.mockRestore();
  }
  helps.set(key, printed.join(''));
  return printed.join('');
}

/** What is wrong with it; undefined: nothing. */
async function problemOf(command: string): Promise<string | undefined> {
  const words = command
    .replace(/^\$ /, '')
    .replace(/\s#.*$/, '')
    .replaceAll(/'[^']*'|"[^"]*"/g, 'TEXT')
    .replace(/^(\w+=\S+ |sudo (-\w+ )*|env )+/, '')
    .replace(/^node dist\/src\/main\.js/, 'log-capturer')
    .split(/\s+/);
  const [program, ...rest] = words;
  if (program === 'log-capturer') return unknownToProgram(rest);
  if (program === 'npm') return unknownToNpm(rest);
  if (program === 'bench') return unknownFlags(rest, 'bench/main.ts');
  const files =
    program === 'npx' || program === 'node' ? rest.filter((word) => /\/.*\.[jt]s$/.test(word)) : [];
  const missing = files.find((file) => !existsSync(here(sourceOf(file))));
  if (missing !== undefined) return `there is no ${missing}`;
  return program === 'node' && files.length > 0 ? unknownFlags(rest, sourceOf(files[0])) : undefined;
}

async function unknownToProgram(words: readonly string[]): Promise<string | undefined> {
  const names: string[] = [];
  for (const word of words) {
    const isCommand = new RegExp(`^  (\\w+\\|)?${word}(\\||\\s|$)`, 'm');
    if (!/^[a-z-]+$/.test(word) || word.startsWith('-')) break;
    const [, commands] = (await helpOf(names)).split(/^Commands:$/m);
    if (commands === undefined) break;
    if (!isCommand.test(commands)) return `no command: ${[...names, word].join(' ')}`;
    names.push(word);
  }
  const help = await helpOf(names);
  const flag = flagsIn(words).find((flag) => !new RegExp(`(^|[\\s,])${flag}(?![\\w-])`, 'm').test(help));
  return flag && `${names.join(' ')} has no ${flag}`;
}

function unknownToNpm([verb, ...rest]: readonly string[]): string | undefined {
  const name = verb === 'run' ? rest[0] : verb;
  const script = scripts[name];
  if (script === undefined) return verb !== 'run' && NPM.has(verb) ? undefined : `no script ${name}`;
  const file = /dist\/(\S+)\.js/.exec(script)?.[1];
  return file === undefined || !rest.includes('--')
    ? undefined
    : unknownFlags(rest.slice(rest.indexOf('--') + 1), `${file}.ts`);
}

/** A program of ours names its flags as `parseArgs` wants them. */
function unknownFlags(words: readonly string[], file: string): string | undefined {
  const source = readFileSync(here(file), 'utf8');
  const flag = flagsIn(words).find((flag) => !new RegExp(`['\\s]${flag.slice(2)}'?: \\{`).test(source));
  return flag && `${file} has no ${flag}`;
}

function flagsIn(words: readonly string[]): string[] {
  const end = words.findIndex((word) => /^[|&;<>]/.test(word));
  return words
    .slice(0, end < 0 ? words.length : end)
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.replace(/=.*/, ''));
}

function sourceOf(file: string): string {
  return file.replace(/^dist\//, '').replace(/\.js$/, '.ts');
}

test.each([
  'log-capturer searhc',
  'log-capturer dead-letters lst',
  'log-capturer tail --grp x',
  'sudo node dist/src/main.js torture --sed 1',
  'npm run bnch',
  'npm run bench -- --rws x',
  'npx vitest run test/unit/no.test.ts',
])('%s is found to be wrong', async (command) => {
  expect(await problemOf(command)).toBeDefined();
});

test('all that the documents tell people to type exists', async () => {
  const commands = [
    ...spans,
    ...fences
      .filter(({ language }) => language === 'sh')
      .flatMap(({ page, text }) =>
        commandsIn(text)
          .flatMap((line) => line.split(/ && | \| /))
          .map((command) => ({ page, command })),
      ),
  ];
  expect(commands.length).toBeGreaterThan(100);
  const problems: string[] = [];
  for (const { page, command } of commands) {
    const problem = await problemOf(command);
    if (problem !== undefined) problems.push(`${page}: ${command}: ${problem}`);
  }
  expect(problems).toEqual([]);
});

/**
 * `convert promtail <file>`: a configuration of another program as one of ours, on standard output or in a file. What was not carried
 * over is told on stderr too. 0: everything was, 3: not everything.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { whyUnreadable } from '../../config/settle.js';
import { AgentError } from '../../runtime/errors.js';
import { terminalText } from '../../runtime/terminal-text.js';
import { convertPromtail, noteText } from '../convert/promtail.js';
import { EXIT_IN_PART } from '../program.js';

export interface ConvertOptions {
  /** A file that is not there yet. */
  readonly out?: string;
}

/** Answers the exit code. Throws CONFIG_UNREADABLE and CONFIG_INVALID. */
export function convert(file: string, { out }: ConvertOptions): number {
  const name = file === '-' ? 'standard input' : file;
  const { yaml, notes } = convertPromtail(read(file, name), name);
  if (out === undefined) process.stdout.write(yaml);
  else write(out, yaml);
  for (const note of notes) {
    const word = note.kind === 'missing' ? 'Not carried over' : 'Different';
    console.error(terminalText(`${word}: ${noteText(note)}`, false));
  }
  const missing = notes.filter(({ kind }) => kind === 'missing').length;
  console.error(missing === 0 ? 'Everything was carried over.' : `${missing} not carried over.`);
  return missing === 0 ? 0 : EXIT_IN_PART;
}

function read(file: string, name: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new AgentError('CONFIG_UNREADABLE', `The configuration file ${name} ${whyUnreadable(error)}.`, {
      remedy: 'Name a readable file, or - for standard input.',
      cause: error,
    });
  }
}

/** Readable for its owner alone: it may have passwords. */
function write(out: string, yaml: string): void {
  try {
    writeFileSync(out, yaml, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new AgentError(
      'CONFIG_UNREADABLE',
      `The file ${out} cannot be made: ${(error as Error).message}.`,
      {
        remedy: 'Name one that is not there yet.',
        cause: error,
      },
    );
  }
}

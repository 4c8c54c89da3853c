/** How journalctl is asked, and what it means where it answers nothing. */
import { existsSync, readFileSync } from 'node:fs';
import type { JournaldSourceConfig } from '../../config/types.js';
import { AgentError, systemCode } from '../../runtime/errors.js';
import type { ProgramEnd } from '../../runtime/processes.js';

/** Where it begins: at an entry it had or the nearest one there is, behind it, or at the first one of a time. */
export type From = { readonly at: string } | { readonly after: string } | { readonly sinceMicros: number };

export type Selection = Pick<JournaldSourceConfig, 'units' | 'matches' | 'directory' | 'file'>;

const MACHINE_ID = '/etc/machine-id';
const JOURNALS = ['/var/log/journal', '/run/log/journal'];
const ALLOW = 'Add the user of the agent to the group systemd-journal (or adm), and restart the agent.';

export function journalctlArgs(selection: Selection, fields: readonly string[], from: From): string[] {
  const { directory, file, units, matches } = selection;
  return [
    '--output=export',
    `--output-fields=${fields.join()}`,
    '--all',
    '--no-pager',
    '--follow',
    '--no-tail',
    ...(directory === undefined ? [] : [`--directory=${directory}`]),
    ...(file === undefined ? [] : [`--file=${file}`]),
    ...units.map((unit) => `--unit=${unit}`),
    ...fromArgs(from),
    '--',
    ...matches,
  ];
}

function fromArgs(from: From): string[] {
  if ('at' in from) return [`--cursor=${from.at}`];
  if ('after' in from) return [`--after-cursor=${from.after}`];
  if (from.sinceMicros === 0) return [];
  const seconds = Math.floor(from.sinceMicros / 1e6);
  return [`--since=@${seconds}.${String(from.sinceMicros - seconds * 1e6).padStart(6, '0')}`];
}

/** Why journalctl ended, which it does not by itself. */
export function troubleOf({ error, code, said }: ProgramEnd): AgentError {
  if (error && systemCode(error) === 'ENOENT') {
    return new AgentError('LOG_UNREADABLE', 'There is no journalctl here to read the journal with.', {
      remedy: 'Install systemd, or run the agent where it is; its image does not have it.',
      retryable: true,
      cause: error,
    });
  }
  const what = error?.message ?? said.split('\n').at(-1);
  const how = code === undefined ? 'was ended by a signal' : `ended with code ${code}`;
  return new AgentError('LOG_UNREADABLE', `journalctl ${how}${what ? ` (${what})` : ''}.`, {
    retryable: true,
    ...(/permission/i.test(said) && { remedy: ALLOW }),
    cause: error,
  });
}

/** What keeps a journalctl that runs from showing anything, or all there is; undefined where nothing is known to. */
export function hindranceOf(said: string, { directory, file }: Selection): string | undefined {
  if (/not seeing messages/i.test(said))
    return `LOG_UNREADABLE: The user of the agent may read its own messages only. ${ALLOW}`;
  if (directory !== undefined || file !== undefined || hasJournal()) return undefined;
  return `LOG_UNREADABLE: This machine has no journal below ${JOURNALS.join(' or ')}. In a container mount both, and ${MACHINE_ID}, or name a directory.`;
}

/** Without a machine's id there is none that journalctl would find. */
function hasJournal(): boolean {
  try {
    const id = readFileSync(MACHINE_ID, 'latin1').trim();
    return JOURNALS.some((folder) => existsSync(`${folder}/${id}`));
  } catch {
    return false;
  }
}

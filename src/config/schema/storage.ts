/** `journal:` and `dead_letters:`: what is kept on the disk. */
import { duration, percent, size } from '../leaves.js';
import { section } from '../section.js';
import type { DeadLettersConfig, JournalConfig } from '../types.js';
import { DAY, MIB, SECOND } from './shared.js';

/** Without the default that depends on the machine. */
export type GivenJournal = Omit<JournalConfig, 'maxBytes'> & { readonly maxBytes?: number };

export const journal = section<GivenJournal>({
  maxBytes: [
    'max_bytes',
    size(16 * MIB, '2GiB').optional(),
    'Most bytes of history on disk; default: a tenth of what is free there, but no less than 64MiB and no more than 2GiB.',
  ],
  maxAgeMs: [
    'max_age',
    duration(SECOND, '7d').default(7 * DAY),
    'Older history is deleted once every sink has it.',
  ],
  minFree: ['min_free', percent('5%').default(0.05), 'Part of the disk that the history leaves free.'],
  syncIntervalMs: [
    'sync_interval',
    duration(0, '200ms').default(200),
    'How often what was read is made durable; 0: at once.',
  ],
});

export const deadLetters = section<DeadLettersConfig>({
  maxBytes: [
    'max_bytes',
    size(MIB, '64MiB').default(64 * MIB),
    'Most bytes on disk of lines that sinks refused; the oldest go, and are counted.',
  ],
  maxAgeMs: [
    'max_age',
    duration(SECOND, '30d').default(30 * DAY),
    'How long lines that sinks refused are kept.',
  ],
});

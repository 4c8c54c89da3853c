/**
 * Why containers are not (or not wholly, or not cheaply) captured, as sentences for people: one for all containers with
 * the same trouble, however many they are.
 */
import type { Logger } from '../../runtime/log.js';

export type Trouble =
  /** Nobody can read what the logging driver wrote. */
  | { readonly kind: 'driver'; readonly driver: string }
  /** It is to be read from its file, but there is none, it may not be read, or it is somewhere else. */
  | { readonly kind: 'not-a-file'; readonly driver: string }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'elsewhere' }
  /** Captured, though there is a cheaper way. */
  | { readonly kind: 'costly' }
  /** Captured, as far as the engine keeps the lines. */
  | { readonly kind: 'lossy' };

const NAMES_SHOWN = 3;

export class Announcer {
  readonly #log: Logger;
  readonly #waiting = new Map<string, { trouble: Trouble; names: string[] }>();

  #isCostSaid = false;
  #skippedContainers = 0;
  #skippedBytes = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  note(trouble: Trouble, container: string): void {
    const key = 'driver' in trouble ? `${trouble.kind} ${trouble.driver}` : trouble.kind;
    const group = this.#waiting.get(key);
    if (group) group.names.push(container);
    else this.#waiting.set(key, { trouble, names: [container] });
  }

  /** `start_at` left out older lines of a container. */
  skipped(bytes: number): void {
    this.#skippedContainers++;
    this.#skippedBytes += bytes;
  }

  /** Says what was noted since the last time. */
  flush(): void {
    for (const { trouble, names } of this.#waiting.values()) {
      const fields = { trouble: trouble.kind, containers: names.length };
      if (trouble.kind !== 'costly') this.#log.warn(fields, sentence(trouble, names));
      // One reason for all containers, also for those to come.
      else if (!this.#isCostSaid) this.#log.info(fields, sentence(trouble, names));
      this.#isCostSaid ||= trouble.kind === 'costly';
    }
    this.#waiting.clear();
    if (this.#skippedContainers > 0) {
      const fields = { containers: this.#skippedContainers, bytes: this.#skippedBytes };
      const size = `${(this.#skippedBytes / 2 ** 20).toFixed(1)} MiB`;
      this.#log.info(fields, `${size} of older lines are left out, as start_at and max_history_bytes say.`);
      this.#skippedContainers = 0;
      this.#skippedBytes = 0;
    }
  }
}

function sentence(trouble: Trouble, names: readonly string[]): string {
  const one = names.length === 1;
  const who = `${one ? '1 container' : `${names.length} containers`} (${listed(names)})`;
  return `${who}: ${explain(trouble, one)}.`;
}

/** Why, and what to do, without a full stop. */
export function explain(trouble: Trouble, one: boolean): string {
  const [files, them, is] = one ? ['its log file', 'it', 'is'] : ['their log files', 'them', 'are'];
  switch (trouble.kind) {
    case 'driver':
      return trouble.driver === 'none'
        ? `the logging driver is none, which keeps nothing; make ${them} anew with another --log-driver to capture ${them}`
        : `the engine cannot read what the logging driver ${trouble.driver} writes; make ${them} anew with --log-driver json-file to capture ${them}`;
    case 'not-a-file':
      return `transport: file reads the logging driver json-file only, and ${one ? 'its' : 'theirs'} is ${trouble.driver}; set transport to auto to capture ${them}`;
    case 'unreadable':
      return `${files} ${one ? 'belongs' : 'belong'} to root; set transport to auto, or run as root (sudo), to capture ${them}`;
    case 'elsewhere':
      return `${files} ${is} not on this machine; set transport to auto to capture ${them}, or in a container mount the engine's containers folder at the same path`;
    case 'costly':
      return `${files} ${one ? 'belongs' : 'belong'} to root, so ${one ? 'it is' : 'they are'} read through the engine's API; running as root (sudo) costs the engine less`;
    default:
      return 'logging with mode=non-blocking, where the engine drops lines when its buffer is full and nobody can see which; use mode=blocking to keep every line';
  }
}

/** The first of them. */
export function listed(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

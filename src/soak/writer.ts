/**
 * What a container of a soak runs and writes: a shell script that any image with `sh` and `sleep` can run, without a
 * fork per line. Its lines, one form for all, and the same on stdout (`o`) and stderr (`e`):
 *
 *   soak <run> <container> <generation> <o|e> <number> <kind> <payload> <number>
 *
 * `container`: a number that is used once in a run. `generation`: how often the container was started, from 1. `number`:
 * counts the lines of this output from 1, anew in each generation; it stands at both ends, so that a cut line shows.
 * `kind` names the payload, which therefore can be checked byte by byte. After SIGTERM the last line, on stdout, has the
 * kind `end` and the payload `<lines on stdout>,<lines on stderr>`, itself included.
 */

import { type Print, scriptOf } from '../selftest/writer-script.js';

/** `idle`: nothing but its last line. `rare`: a line at the start and then one every 20 to 60 seconds. `chatty`: 20 lines a second. */
export type Role = 'idle' | 'rare' | 'chatty';

/** The first is chatty: the smallest crowd has something to read. */
const ROLES: readonly Role[] = ['chatty', 'idle', 'rare'];

const RARE_SECONDS = { least: 20, most: 60 };
/** A burst with long lines every so many. */
const LONG_EVERY = 15;

/** A third of each. */
export function roleOf(container: number): Role {
  return ROLES[container % ROLES.length];
}

export interface WriterSpec {
  readonly run: string;
  readonly container: number;
  readonly role: Role;
  /** Lines of more than 16 KiB now and then. */
  readonly longLines: boolean;
}

export function writerScript({ run, container, role, longLines }: WriterSpec): string {
  return scriptOf({ form: 'soak', run, container }, (out, err) =>
    BODIES[role](out, err, container, longLines),
  );
}

const BODIES: Readonly<Record<Role, (out: Print, err: Print, container: number, long: boolean) => string>> = {
  idle: () => 'while [ -z "$stop" ]; do pause 3600; done',
  rare: (out, err, container) => {
    const { least, most } = RARE_SECONDS;
    const seconds = least + ((container * 7) % (most - least + 1));
    return `${out('medium', '$M')}
while [ -z "$stop" ]; do pause ${seconds}; ${out('medium', '$M')}; ${err('short', 'x')}; done`;
  },
  chatty: (out, err, container, long) => `b=${container % LONG_EVERY}
while [ -z "$stop" ]; do
  for i in 0 1 2 3 4; do
    ${out('short', 'x')}; ${err('medium', '$M')}; ${out('medium', '$M')}; ${err('short', 'x')}
  done
  b=$((b+1))
  ${long ? `[ $((b % ${LONG_EVERY})) = 0 ] && { ${out('long', '$L')}; ${err('long', '$L')}; }` : ':'}
  pause 1
done`,
};

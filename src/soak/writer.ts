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

/** `idle`: nothing but its last line. `rare`: a line at the start and then one every 20 to 60 seconds. `chatty`: 20 lines a second. */
export type Role = 'idle' | 'rare' | 'chatty';

/** The first is chatty: the smallest crowd has something to read. */
const ROLES: readonly Role[] = ['chatty', 'idle', 'rare'];

// What is hard on the way: characters of two to four bytes, quotes, backslashes, markup, a tab.
const MEDIUM = `"q" \\n <a&b> {"k":[1]} ä€😀\tpayload ${'0123456789abcdef'.repeat(3)}`;

/** By kind. A `long` line is handed on by the engine in pieces of 16 KiB. */
export const PAYLOADS: Readonly<Record<string, string>> = {
  short: 'x',
  medium: MEDIUM,
  long: MEDIUM.repeat(300),
};
export const END_KIND = 'end';

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

/**
 * For `sh -c`. The generation is kept in the container's own file system, which a restart leaves. Whenever SIGTERM comes, no
 * pause outlasts it: what sleeps is killed, and what would sleep next is not waited for.
 */
export function writerScript({ run, container, role, longLines }: WriterSpec): string {
  const begin = `"soak ${run} ${container} $g`;
  // Assigned within the command that writes: no signal can come between the two.
  const out = (kind: string, payload: string): string =>
    `printf '%s\\n' ${begin} o $((o=o+1)) ${kind} ${payload} $o"`;
  const err = (kind: string, payload: string): string =>
    `printf '%s\\n' ${begin} e $((e=e+1)) ${kind} ${payload} $e" >&2`;
  return `
stop=; trap 'stop=1; kill $! 2>/dev/null' TERM INT
g=0; [ -f /generation ] && read g </generation; g=$((g+1)); echo $g >/generation
o=0; e=0
M='${MEDIUM}'
T=$M$M$M$M$M$M$M$M$M$M; L=$T$T$T; L=$L$L$L$L$L$L$L$L$L$L
pause() { sleep $1 & [ -n "$stop" ] || wait $!; }
${BODIES[role](out, err, container, longLines)}
printf '%s\\n' ${begin} o $((o=o+1)) ${END_KIND} $o,$e $o"
`;
}

type Print = (kind: string, payload: string) => string;

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

/**
 * What containers of self-tests run: a shell script that any image with `sh` and `sleep` can run, and that writes numbered
 * lines without a fork per line. All of one form, the same on stdout (`o`) and stderr (`e`):
 *
 *   <form> <run> <container> <generation> <o|e> <number> <kind> <payload> <number>
 *
 * `generation`: how often the container was started, from 1. `number` counts the lines of this output from 1, anew in each
 * generation. After SIGTERM, or when it has done, the last line, on stdout, has the kind `end` and the payload
 * `<lines on stdout>,<lines on stderr>`, itself included.
 */

// What is hard on the way: characters of two to four bytes, quotes, backslashes, markup, a tab.
const MEDIUM = `"q" \\n <a&b> {"k":[1]} ä€😀\tpayload ${'0123456789abcdef'.repeat(3)}`;

/** By kind. A `long` line is handed on by the engine in pieces of 16 KiB. */
export const PAYLOADS: Readonly<Record<string, string>> = {
  short: 'x',
  medium: MEDIUM,
  long: MEDIUM.repeat(300),
};
export const END_KIND = 'end';

export interface ScriptFacts {
  /** The first word of every line. */
  readonly form: string;
  readonly run: string;
  readonly container: number;
}

/** A command that prints one line; `$L`, `$M` and `x` are the payloads. */
export type Print = (kind: string, payload: string) => string;

/**
 * For `sh -c`. The body ends once `$stop` is set, pauses by `pause <seconds>`, and prints. The generation is kept in the
 * container's own file system, which a restart leaves. Whenever SIGTERM comes, no pause outlasts it: what sleeps is killed, and
 * what would sleep next is not waited for. A shell that waits for what was killed would say so on stderr.
 */
export function scriptOf(
  { form, run, container }: ScriptFacts,
  body: (out: Print, err: Print) => string,
): string {
  const begin = `"${form} ${run} ${container} $g`;
  // Assigned within the command that writes: no signal can come between the two.
  const out: Print = (kind, payload) => `printf '%s\\n' ${begin} o $((o=o+1)) ${kind} ${payload} $o"`;
  const err: Print = (kind, payload) => `printf '%s\\n' ${begin} e $((e=e+1)) ${kind} ${payload} $e" >&2`;
  return `
stop=; trap 'stop=1; kill $! 2>/dev/null' TERM INT
g=0; [ -f /generation ] && read g </generation; g=$((g+1)); echo $g >/generation
o=0; e=0
M='${MEDIUM}'
T=$M$M$M$M$M$M$M$M$M$M; L=$T$T$T; L=$L$L$L$L$L$L$L$L$L$L
pause() { sleep $1 & [ -n "$stop" ] || wait $! 2>/dev/null; }
${body(out, err)}
printf '%s\\n' ${begin} o $((o=o+1)) ${END_KIND} $o,$e $o"
`;
}

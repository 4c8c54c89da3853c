/**
 * The lines that the containers write and the oracle knows, one form for all:
 *
 *   torture <run> <container> <generation> <o|e> <number> <kind> <payload> <number>
 *
 * `container`: a number that is used once in a run. `generation`: how often the container was started, from 1. `number`
 * counts the lines of this output from 1, anew in each generation; it stands at both ends, so that a cut line shows. `kind`
 * names the payload, which therefore can be checked byte by byte. The last line of a generation is on stdout, has the kind
 * `end`, and as payload `<lines on stdout>,<lines on stderr>`, itself included.
 */
import { END_KIND, PAYLOADS } from '../soak/writer.js';

export type Output = 'o' | 'e';

/** As a container's label `stream` names them. */
export const OUTPUT_NAMES: Readonly<Record<Output, string>> = { o: 'stdout', e: 'stderr' };

export interface Line {
  readonly container: number;
  readonly generation: number;
  readonly output: Output;
  readonly number: number;
  /** Of a last line: how many there were of each output. */
  readonly claimed: Readonly<Record<Output, number>> | undefined;
}

const FORM = /^torture (\S+) (\d+) (\d+) ([oe]) (\d+) ([a-z]+) (.*) (\d+)$/su;

/** Undefined for what is no whole line of this run. */
export function parseLine(run: string, text: string): Line | undefined {
  const match = FORM.exec(text);
  if (match?.[1] !== run) return undefined;
  const [, , container, generation, output, number, kind, payload, again] = match;
  const isWhole =
    again === number && (kind === END_KIND ? /^\d+,\d+$/.test(payload) : PAYLOADS[kind] === payload);
  if (!isWhole) return undefined;
  const [o, e] = payload.split(',').map(Number);
  return {
    container: Number(container),
    generation: Number(generation),
    output: output as Output,
    number: Number(number),
    claimed: kind === END_KIND ? { o, e } : undefined,
  };
}

export interface WriterSpec {
  readonly run: string;
  readonly container: number;
  /** Lines at once. */
  readonly burst: number;
  readonly perSecond: number;
  readonly longLines: boolean;
  /** Ends by itself after so many bursts; undefined: when it is told to. */
  readonly bursts: number | undefined;
}

/** So many bursts apart. */
const LONG_EVERY = 20;
const LINES_A_ROUND = 4;

/** For `sh -c`: as in soak/writer.ts, at a pace of its own. */
export function writerScript({ run, container, burst, perSecond, longLines, bursts }: WriterSpec): string {
  const begin = `"torture ${run} ${container} $g`;
  const out = (kind: string, payload: string): string =>
    `printf '%s\\n' ${begin} o $((o=o+1)) ${kind} ${payload} $o"`;
  const err = (kind: string, payload: string): string =>
    `printf '%s\\n' ${begin} e $((e=e+1)) ${kind} ${payload} $e" >&2`;
  const rounds = Math.max(1, Math.round(burst / LINES_A_ROUND));
  return `
stop=; trap 'stop=1; kill $! 2>/dev/null' TERM INT
g=0; [ -f /generation ] && read g </generation; g=$((g+1)); echo $g >/generation
o=0; e=0; b=0
M='${PAYLOADS['medium']}'
T=$M$M$M$M$M$M$M$M$M$M; L=$T$T$T; L=$L$L$L$L$L$L$L$L$L$L
pause() { sleep $1 & [ -n "$stop" ] || wait $!; }
while [ -z "$stop" ]; do
  i=0
  while [ $i -lt ${rounds} ]; do
    ${out('short', 'x')}; ${err('medium', '$M')}; ${out('medium', '$M')}; ${err('short', 'x')}
    i=$((i+1))
  done
  b=$((b+1))
  ${longLines ? `[ $((b % ${LONG_EVERY})) = 0 ] && { ${out('long', '$L')}; ${err('long', '$L')}; }` : ':'}
  ${bursts === undefined ? ':' : `[ $b -ge ${bursts} ] && stop=1`}
  [ -n "$stop" ] || pause ${(1 / perSecond).toFixed(3)}
done
printf '%s\\n' ${begin} o $((o=o+1)) ${END_KIND} $o,$e $o"
`;
}

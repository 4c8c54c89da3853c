/**
 * The lines that the containers write and the oracle knows, in the form of selftest/writer-script.ts. The number of the
 * container is used once in a run. That of the line stands at both ends, so that a cut line shows; the kind names the payload,
 * which therefore can be checked byte by byte.
 */
import { END_KIND, PAYLOADS, scriptOf } from '../selftest/writer-script.js';

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

export function writerScript({ run, container, burst, perSecond, longLines, bursts }: WriterSpec): string {
  const rounds = Math.max(1, Math.round(burst / LINES_A_ROUND));
  return scriptOf(
    { form: 'torture', run, container },
    (out, err) => `b=0
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
done`,
  );
}

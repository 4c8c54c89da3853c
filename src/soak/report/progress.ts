/**
 * What a soak says on stderr while it runs: on a terminal one line that is rewritten in place, elsewhere a line a
 * minute; and the verdict at the end. What comes from the run is made harmless (terminal-text.ts).
 */
import { terminalText } from '../../cli/terminal-text.js';
import { roundedSize } from '../../runtime/units.js';
import type { Criterion, Verdict } from '../../selftest/criteria.js';
import { hasPassed } from '../../selftest/criteria.js';
import { clockTime, grouped } from '../../selftest/report/figures.js';
import { ProgressLine, type ProgressOutput } from '../../selftest/report/progress-line.js';
import { gravestFirst, inOneSentence, VERDICT_WORDS } from '../../selftest/report/verdicts.js';
import { rotationsPerSecond } from '../judge/rotations.js';
import type { Sample } from '../types.js';

const LINE_EVERY_SECONDS = 60;
const ESCAPE = '\u001b';
const COLORS: Readonly<Record<Verdict, number>> = { pass: 32, fail: 31, short: 33 };

export class Progress {
  readonly #line: ProgressLine;
  readonly #rotateEveryMs: number;
  readonly #colors: boolean;
  #lastLineAt = Number.NEGATIVE_INFINITY;
  #lastStep = '';
  #last: Sample | undefined;
  #heapBytes: number | undefined;
  /** As the judge counts them: from the first sample of the run. */
  #rotationsPredicted = 0;
  #rotationsBefore = 0;

  constructor(output: ProgressOutput, rotateEveryMs: number, env: NodeJS.ProcessEnv = process.env) {
    this.#line = new ProgressLine(output);
    this.#rotateEveryMs = rotateEveryMs;
    this.#colors = output.isTTY === true && !env['NO_COLOR'];
  }

  /** How far a step is, before there are samples: `starting containers`, `12 of 55`. */
  step(step: string, detail: string): void {
    if (this.#line.isTerminal) this.#line.rewrite(`${step} ${detail}`);
    else if (step !== this.#lastStep) this.#line.keep(`${step}…`);
    this.#lastStep = step;
  }

  /** `secondsLeft`: to the end of the run; undefined where it only drains. */
  show(sample: Sample, secondsLeft: number | undefined): void {
    const last = this.#last;
    const isNewPhase = last?.phase !== sample.phase;
    if (last && !isNewPhase && sample.phase === 'run') {
      const seconds = sample.seconds - last.seconds;
      this.#rotationsPredicted += rotationsPerSecond(sample, this.#rotateEveryMs) * seconds;
    } else if (isNewPhase) {
      this.#rotationsBefore = sample.rotations;
    }
    this.#last = sample;
    this.#heapBytes = sample.heapBytes ?? this.#heapBytes;
    const line = this.#parts(sample, secondsLeft).join(' · ');
    if (this.#line.isTerminal) {
      this.#line.rewrite(line, (text) => (faultsOf(sample) > 0 ? this.#colored(text, 'fail') : text));
    } else if (isNewPhase || sample.seconds - this.#lastLineAt >= LINE_EVERY_SECONDS) {
      this.#lastLineAt = sample.seconds;
      this.#line.keep(line);
    }
  }

  /** A line that stays. */
  note(text: string): void {
    this.#line.keep(terminalText(text, false));
  }

  /** A table of what was measured, and of what did not pass also the mark; the failed ones last, where the eye is. */
  verdict(criteria: readonly Criterion[]): void {
    const rows = gravestFirst(criteria.toReversed()).toReversed();
    const names = rows.map(({ id }) => terminalText(id, false));
    const width = Math.max(0, ...names.map((name) => name.length));
    for (const [i, { mark, measured, verdict }] of rows.entries()) {
      const word = this.#colored(VERDICT_WORDS[verdict].padEnd(5), verdict);
      this.#line.keep(`${word}  ${names[i].padEnd(width)}  ${terminalText(measured, false)}`);
      if (verdict !== 'pass') this.#line.keep(`${' '.repeat(width + 9)}wanted: ${terminalText(mark, false)}`);
    }
    const passed = hasPassed(criteria);
    const word = this.#colored(passed ? 'PASS' : 'FAIL', passed ? 'pass' : 'fail');
    this.#line.keep(`\n${word}: ${inOneSentence(criteria)}.`);
  }

  /** The most important first: a narrow terminal cuts the rest. */
  #parts(sample: Sample, secondsLeft: number | undefined): string[] {
    const faults = faultsOf(sample);
    const waiting = sample.waiting > 0 ? ` (${sample.waiting} waiting)` : '';
    return [
      secondsLeft === undefined ? sample.phase : `${sample.phase}, ${clockTime(secondsLeft)} left`,
      faults === 0 ? 'no faults' : `${grouped(faults)} faults`,
      `${sample.containers} containers`,
      `streams ${sample.streams}/${sample.streamCapacity}${waiting}`,
      this.#rotations(sample),
      ...(sample.fds === undefined ? [] : [`fds ${sample.fds}`]),
      ...(this.#heapBytes === undefined ? [] : [`heap ${roundedSize(this.#heapBytes)}`]),
      `lines ${grouped(sample.linesSeen)}`,
    ];
  }

  #rotations({ phase, rotations }: Sample): string {
    if (phase !== 'run') return `rotations ${grouped(rotations)}`;
    const predicted = grouped(this.#rotationsPredicted);
    return `rotations ${grouped(rotations - this.#rotationsBefore)} (predicted ${predicted})`;
  }

  #colored(text: string, verdict: Verdict): string {
    return this.#colors ? `${ESCAPE}[${COLORS[verdict]}m${text}${ESCAPE}[0m` : text;
  }
}

function faultsOf(sample: Sample): number {
  return sample.lineFaults + sample.errors + sample.gaps + sample.unaccountedLines;
}

/** What a torture says on stderr: a line that is rewritten on a terminal, the criteria of each seed, a table at the end. */
import { terminalText } from '../cli/terminal-text.js';
import { grouped } from '../selftest/report/figures.js';
import { ProgressLine, type ProgressOutput } from '../selftest/report/progress-line.js';
import { gravestFirst, VERDICT_WORDS } from '../selftest/report/verdicts.js';
import { COLUMNS, rowOf, type SeedReport } from './report.js';
import type { RoundProgress } from './round.js';

const LINE_EVERY_MS = 60_000;

export class TortureProgress {
  readonly #line: ProgressLine;
  #lastLineMs = Number.NEGATIVE_INFINITY;

  constructor(output: ProgressOutput) {
    this.#line = new ProgressLine(output);
  }

  show({ seed, cycle, cycles, kills, inTheMidst, lines }: RoundProgress): void {
    const text = `seed ${seed} · cycle ${cycle} of ${cycles} · ${kills} kills, ${inTheMidst} in the midst · ${grouped(lines)} lines`;
    if (this.#line.isTerminal) {
      this.#line.rewrite(text);
    } else if (performance.now() - this.#lastLineMs >= LINE_EVERY_MS) {
      this.#lastLineMs = performance.now();
      this.note(text);
    }
  }

  /** A line that stays. */
  note(text: string): void {
    this.#line.keep(terminalText(text, false));
  }

  /** What is not met with all that is known of it, the rest in one line. */
  seed({ seed, passed, criteria, apart, result }: SeedReport): void {
    this.note(`${passed ? 'PASS' : 'FAIL'}  seed ${seed}, ${Math.round(result.seconds)} s`);
    for (const { id, mark, measured, verdict } of gravestFirst(criteria)) {
      this.note(`  ${VERDICT_WORDS[verdict]}  ${id}: ${measured}`);
      if (verdict !== 'pass') this.note(`        wanted: ${mark}`);
    }
    for (const text of apart) this.note(`  not the agent's: ${text}`);
  }

  verdict(seeds: readonly SeedReport[], passed: boolean): void {
    const results = seeds.map(({ result }) => result);
    const rows = [
      COLUMNS,
      ...seeds.map(({ seed, result }) => rowOf(`seed ${seed}`, [result])),
      rowOf('in all', results),
    ];
    const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
    this.note('');
    for (const row of rows)
      this.note(
        row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
      );
    this.note('');
    this.note(
      `${passed ? 'PASS' : 'FAIL'}: ${seeds.filter((seed) => seed.passed).length} of ${seeds.length} seeds passed.`,
    );
  }
}

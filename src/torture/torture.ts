/** Puts a torture together: build, engine, one round a seed (round.ts), report, verdict. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { describeError } from '../runtime/errors.js';
import { Scope } from '../runtime/scope.js';
import { builtProgram, checkedBuild } from '../selftest/build.js';
import { machine } from '../selftest/machine.js';
import { makeReportFolder } from '../selftest/report/folder.js';
import type { ProgressOutput } from '../selftest/report/progress-line.js';
import { criteriaOf } from './criteria.js';
import { TortureEngine } from './engine.js';
import { Keeper, whyNoKeeper } from './keeper.js';
import { feasible, type Means, planOf } from './plan.js';
import { TortureProgress } from './progress.js';
import { type SeedReport, seedReport, type TortureReport, writeReport } from './report.js';
import { Round } from './round.js';

const CLOSE_MS = 60_000;

export interface TortureOptions {
  readonly seeds: readonly number[];
  readonly containers: number;
  /** Of the agent, in each seed. */
  readonly kills: number;
  /** Undefined: of the host's busybox, or the usual one. */
  readonly image: string | undefined;
  /** Of an engine; undefined: one of its own, where that can be. */
  readonly endpoint: string | undefined;
  readonly directory: string;
}

export interface TortureEnvironment {
  /** As the user called it, for the report. */
  readonly command: string;
  readonly output: ProgressOutput;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** The built program; undefined: the one that this belongs to. */
  readonly program?: string;
}

/** Answers whether it has passed. Throws AgentError: BUILD_STALE, SELF_TEST_IMPOSSIBLE, AGENT_UNREACHABLE, ENGINE_…. */
export async function runTorture(options: TortureOptions, environment: TortureEnvironment): Promise<boolean> {
  const torture = new Torture({ ...options, directory: path.resolve(options.directory) }, environment);
  return torture.run();
}

class Torture {
  readonly #options: TortureOptions;
  readonly #environment: TortureEnvironment;
  /** Names the run: short, because it stands in every line. */
  readonly #run = `${Math.floor(Date.now() / 1000).toString(36)}${randomBytes(2).toString('hex')}`;
  readonly #progress: TortureProgress;
  readonly #scope = Scope.root('torture', (error, task) =>
    this.#progress.note(`${task}: ${describeError(error)}`),
  );

  constructor(options: TortureOptions, environment: TortureEnvironment) {
    this.#options = options;
    this.#environment = environment;
    this.#progress = new TortureProgress(environment.output);
  }

  async run(): Promise<boolean> {
    const { signal } = this.#environment;
    const program = this.#environment.program ?? builtProgram();
    const build = await checkedBuild(program, (text) => this.#progress.note(text));
    makeReportFolder(this.#options.directory);
    const cut = (): void => void this.#scope.close(CLOSE_MS).catch(() => {});
    signal.addEventListener('abort', cut, { once: true });
    try {
      const keeper = whyNoKeeper() === undefined ? Keeper.start(this.#scope) : undefined;
      const engine = await TortureEngine.open(this.#scope, keeper, {
        ...this.#options,
        run: this.#run,
        tell: (text) => this.#progress.note(text),
      });
      const means: Means = {
        ownsEngine: engine.isOwn,
        readsFiles: engine.readsFiles,
        mounts: (await keeper?.canMount()) ?? false,
      };
      const plans = this.#options.seeds.map((seed) => feasible(planOf(seed, this.#options), means));
      const report: TortureReport = {
        command: this.#environment.command,
        startedAt: new Date().toISOString(),
        build,
        machine: machine(),
        engine: await engine.control.describe(),
        leftOut: [...new Set(plans.flatMap(({ leftOut }) => leftOut))],
        passed: undefined,
        cutShort: undefined,
        seeds: [],
      };
      this.#progress.note(
        `Torture ${this.#run}: build ${build.version} ${build.revision}${build.dirty ? ' (dirty)' : ''}, digest ${build.digest}; engine ${report.engine}${engine.isOwn ? ', our own' : ''}.`,
      );
      for (const text of report.leftOut) this.#progress.note(`Left out: ${text}`);
      try {
        for (const { plan } of plans) {
          const round = this.#scope.child(`seed ${plan.seed}`);
          const { run, options } = { run: this.#run, options: this.#options };
          const { directory } = options;
          const step = this.#progress.show.bind(this.#progress);
          try {
            const result = await new Round({ directory, run, plan, program, engine, keeper, step }).run(
              round,
            );
            this.#add(report, seedReport(result, criteriaOf(result)));
          } finally {
            await round.close(CLOSE_MS);
          }
        }
      } catch (error) {
        if (!signal.aborted) throw error;
        report.cutShort = `Cut short by the user after ${report.seeds.length} of ${plans.length} seeds.`;
        this.#progress.note(report.cutShort);
      }
      report.passed = report.seeds.length === plans.length && report.seeds.every(({ passed }) => passed);
      const file = writeReport(this.#options.directory, report);
      this.#progress.verdict(report.seeds, report.passed);
      this.#progress.note(`Report: ${file}`);
      return report.passed;
    } finally {
      signal.removeEventListener('abort', cut);
      await this.#scope.close(CLOSE_MS);
    }
  }

  #add(report: TortureReport, seed: SeedReport): void {
    report.seeds.push(seed);
    this.#progress.seed(seed);
    writeReport(this.#options.directory, report);
  }
}

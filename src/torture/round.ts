/**
 * One seed, from an empty data directory to its verdict. In each cycle of the plan the agent starts, lines flow, a deed is
 * done and the agent is killed; then it starts once more, the containers write their last lines, and once these are where
 * they belong, or nothing comes any more, the agent is stopped and what there is is held against what was written.
 */
import { cpSync, lstatSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AgentError, describeError } from '../runtime/errors.js';
import { makeFolders } from '../runtime/folders.js';
import type { Scope } from '../runtime/scope.js';
import { within } from '../runtime/within.js';
import { hasPassed } from '../selftest/criteria.js';
import { RUN_LABEL } from '../selftest/engine-control.js';
import { type AgentRun, type KillRecord, TorturedAgent } from './agent.js';
import { Containers } from './containers.js';
import { criteriaOf } from './criteria.js';
import { Deeds } from './deeds.js';
import type { TortureEngine } from './engine.js';
import { Evidence } from './evidence.js';
import type { Keeper } from './keeper.js';
import type { Cycle, Deed, Plan } from './plan.js';
import { FaultyProxy } from './proxy/faulty-proxy.js';
import { Receiver } from './receiver/receiver.js';
import { resentAtMost } from './receiver/resent.js';
import type { RoundResult } from './result.js';
import { Filler } from './small-disk.js';
import { hasNothingPending, Told, type ToldLedger, takeDeadLetters, toldLedger } from './told.js';
import { Witnesses } from './witnesses.js';

/** How long a request may take before the agent gives it up. */
const SINK_TIMEOUT_MS = 2_500;
const KILL_PATIENCE_MS = 3_000;
const KILL_DEADLINE_MS = 20_000;
const FLOW_DEADLINE_MS = 20_000;
const SMALL_DISK_BYTES = 160 * 1024 * 1024;
const JOURNAL = { max_bytes: '64MiB', min_free: '0%' };
const SETTLE_DEADLINE_MS = 60_000;
/** Nothing more is to come once nothing has come for so long. */
const QUIET_MS = 4_000;
const LOOK_EVERY_MS = 250;
const WEATHER_DEADLINE_MS = 30_000;

export interface RoundOptions {
  /** The value of the containers' label. */
  readonly run: string;
  readonly plan: Plan;
  readonly program: string;
  readonly directory: string;
  readonly engine: TortureEngine;
  readonly keeper: Keeper | undefined;
  readonly step: (progress: RoundProgress) => void;
}

export interface RoundProgress {
  readonly seed: number;
  readonly cycle: number;
  readonly cycles: number;
  readonly kills: number;
  readonly inTheMidst: number;
  readonly lines: number;
}

export class Round {
  readonly #options: RoundOptions;
  /** Stands in every line. */
  readonly #name: string;
  readonly #evidence: Evidence;
  readonly #witnesses: Witnesses;
  readonly #told = new Told();
  #ledger: ToldLedger | undefined;
  readonly #kills: KillRecord[] = [];
  readonly #troubles: string[] = [];

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#name = `${options.run}-${options.plan.seed}`;
    this.#evidence = new Evidence(this.#name);
    this.#witnesses = new Witnesses(options.plan);
  }

  /** Throws AgentError where it cannot go on; what it opened ends with `scope`. */
  async run(scope: Scope): Promise<RoundResult> {
    const { plan, directory, keeper, engine, run, program } = this.#options;
    const beganMs = performance.now();
    const folder = path.join(directory, `seed-${plan.seed}`);
    makeFolders(folder, 0o755);
    const small = plan.smallDisk && keeper ? await mountSmall(scope, keeper) : undefined;
    const data = small ?? path.join(folder, 'disk');
    const output = path.join(data, 'out');

    const evidence = this.#evidence;
    const receiver = await Receiver.start(scope, (labels, entry) => evidence.received(labels, entry));
    const proxy = await FaultyProxy.start(scope, {
      receiverPort: receiver.port,
      onAnswered: (port) => receiver.answered(port),
      onLie: (body) => evidence.lied(body),
    });
    const containers = new Containers(engine.control, evidence.roster, {
      run: this.#name,
      image: engine.image,
    });
    // However it ends.
    scope.own('task', 'containers', () => engine.control.removeAll());
    const agent = new TorturedAgent(scope, {
      program,
      folder,
      config: configOf(run, engine.endpoint.url, data, output, proxy.url),
    });
    const filler = small === undefined ? undefined : new Filler(small);
    const deeds = new Deeds({ plan, engine, containers, agent, filler });

    let process = await agent.start();
    await process.ready(scope);
    await containers.start(plan.containers);
    for (const [i, cycle] of plan.cycles.entries()) {
      if (scope.isClosing) throw new AgentError('SELF_TEST_IMPOSSIBLE', 'It was cut short.');
      this.#progress(i);
      if (i > 0) process = await agent.start();
      await this.#cycle(scope, cycle, process, proxy, deeds);
    }
    this.#progress(plan.cycles.length);
    process = await agent.start();
    await process.ready(scope);
    await weatherIsOver(scope, proxy);
    await containers.stop();
    await this.#settle(scope, process);
    await this.#ask(scope, process);
    await this.#askAtLast(scope, process);
    const { code, signal } = await process.stop();
    if (code !== 0) this.#troubles.push(`The agent ended with ${signal ?? code} when it was stopped.`);
    for (const [kind, times] of proxy.happened) this.#witnesses.saw(`weather ${kind}`, times);

    evidence.takeFiles(output);
    const seconds = (performance.now() - beganMs) / 1000;
    const result = this.#judge(receiver, agent, deeds, seconds);
    // What failed is kept for whoever looks for the reason.
    const hasFailed = !hasPassed(criteriaOf(result));
    if (hasFailed && small !== undefined) keepFiles(small, path.join(folder, 'disk'));
    if (!hasFailed) rmSync(path.join(folder, 'disk'), { recursive: true, force: true });
    return result;
  }

  async #cycle(
    scope: Scope,
    { kill, deed, weather }: Cycle,
    process: AgentRun,
    proxy: FaultyProxy,
    deeds: Deeds,
  ): Promise<void> {
    if (kill.moment === 'starting') {
      await scope.sleep(kill.afterMs);
      process.killNow();
    } else {
      const flows = within(FLOW_DEADLINE_MS, Promise.race([process.firstLines, process.exit]));
      if (!(await flows))
        this.#troubles.push(`No line was read within ${FLOW_DEADLINE_MS / 1000} s of a start.`);
      proxy.announce(weather);
      if (deed) await this.#do(scope, deed, process, deeds);
      await scope.sleep(kill.afterMs);
      await this.#ask(scope, process);
      process.orderKill(kill.moment, KILL_PATIENCE_MS);
      if (!(await within(KILL_DEADLINE_MS, process.exit))) {
        this.#troubles.push(`The agent came to no moment for a kill within ${KILL_DEADLINE_MS / 1000} s.`);
        process.killNow();
      }
    }
    const { signal, code } = await process.exit;
    if (signal === 'SIGKILL') this.#witnesses.saw('kill');
    else this.#troubles.push(`The agent ended by itself with ${signal ?? code}.`);
    if (process.kill) {
      this.#kills.push(process.kill);
      const { uncommittedLines, requestsInFlight } = process.kill;
      if (uncommittedLines > 0 && requestsInFlight > 0) this.#witnesses.saw('kill in the midst');
    }
    await scope.sleep(kill.downMs);
  }

  async #do(scope: Scope, deed: Deed, process: AgentRun, deeds: Deeds): Promise<void> {
    try {
      if (await deeds.do(scope, deed, process)) this.#witnesses.saw(`deed ${deed.kind}`);
    } catch (error) {
      this.#troubles.push(`The deed ${deed.kind} failed: ${describeError(error)}`);
    }
  }

  /** Until every last line has come to the receiver and the agent has nothing more to deliver, or nothing comes any more. */
  async #settle(scope: Scope, { client }: AgentRun): Promise<void> {
    const deadline = performance.now() + SETTLE_DEADLINE_MS;
    while (performance.now() < deadline && !scope.isClosing) {
      const isQuiet = this.#evidence.quietMs > QUIET_MS;
      if ((isQuiet || this.#evidence.hasLastLines) && (await hasNothingPending(scope, client))) return;
      await scope.sleep(LOOK_EVERY_MS);
    }
    this.#troubles.push(
      `Lines still came, or waited, ${SETTLE_DEADLINE_MS / 1000} s after the last one was written.`,
    );
  }

  async #ask(scope: Scope, { client }: AgentRun): Promise<void> {
    try {
      await this.#told.ask(scope, client, `after ${this.#witnesses.count('kill')} kills`);
    } catch (error) {
      this.#troubles.push(`The agent does not tell of its lines: ${describeError(error)}`);
    }
  }

  async #askAtLast(scope: Scope, { client }: AgentRun): Promise<void> {
    try {
      this.#ledger = await toldLedger(scope, client);
      await takeDeadLetters(scope, client, this.#evidence.deadLetters);
    } catch (error) {
      this.#troubles.push(`The agent does not tell what became of its lines: ${describeError(error)}`);
    }
  }

  #judge(receiver: Receiver, { log }: TorturedAgent, { pauses }: Deeds, seconds: number): RoundResult {
    const { gaps, samples, nonZero } = this.#told;
    const verdicts = this.#evidence.judge(gaps, log.late);
    return {
      plan: this.#options.plan,
      seconds,
      ...verdicts,
      witnessed: this.#witnesses.list,
      resent: { entries: receiver.repeated, bound: resentAtMost(receiver.pushes, this.#kills, pauses) },
      kills: this.#kills,
      unaccounted: { samples, nonZero },
      ledger: this.#evidence.ledgerFigures(this.#ledger, verdicts.receiver),
      gaps: gaps.length,
      troubles: [...this.#troubles, ...receiver.undecodable.map((text) => `No push request: ${text}`)],
    };
  }

  #progress(cycle: number): void {
    const { plan, step } = this.#options;
    step({
      seed: plan.seed,
      cycle,
      cycles: plan.cycles.length,
      kills: this.#witnesses.count('kill'),
      inTheMidst: this.#witnesses.count('kill in the midst'),
      lines: this.#evidence.atReceiver.lines,
    });
  }
}

/** All but the sockets of locks. */
function keepFiles(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (source) => !lstatSync(source).isSocket() });
}

async function mountSmall(scope: Scope, keeper: Keeper): Promise<string> {
  const folder = await keeper.mountSmall(SMALL_DISK_BYTES);
  scope.own('task', 'small filesystem', () => keeper.unmountSmall());
  return folder;
}

/** Nothing is to be ahead when the last lines are written: the weather needs requests. */
async function weatherIsOver(scope: Scope, proxy: FaultyProxy): Promise<void> {
  const deadline = performance.now() + WEATHER_DEADLINE_MS;
  while (proxy.ahead > 0 && performance.now() < deadline && !scope.isClosing)
    await scope.sleep(LOOK_EVERY_MS);
}

function configOf(
  run: string,
  endpoint: string,
  data: string,
  output: string,
  receiver: string,
): Record<string, unknown> {
  return {
    data_dir: path.join(data, 'data'),
    metrics: { port: 0 },
    journal: JOURNAL,
    sources: {
      containers: {
        type: 'docker',
        endpoint,
        start_at: 'beginning',
        include: { labels: { [RUN_LABEL]: run } },
        stream_max_age: '20s',
      },
    },
    sinks: {
      // Small files, so that kills also meet rotations and compression.
      files: {
        type: 'file',
        directory: output,
        max_bytes: '1MiB',
        max_files: 100_000,
        max_total_bytes: '100GiB',
      },
      receiver: { type: 'loki', url: receiver, timeout: `${SINK_TIMEOUT_MS}ms`, batch_wait: '200ms' },
    },
  };
}

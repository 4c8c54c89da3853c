/**
 * Puts a soak together and takes it apart: engine, proxy, agent, containers, report. Its course is in course.ts.
 *
 * It touches nothing of the engine's but containers that carry its own label, and leaves none behind.
 */
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describeError } from '../runtime/errors.js';
import { Scope } from '../runtime/scope.js';
import { AgentClient } from '../selftest/agent-client.js';
import { builtProgram, checkedBuild } from '../selftest/build.js';
import type { Criterion } from '../selftest/criteria.js';
import { hasPassed } from '../selftest/criteria.js';
import { EngineControl } from '../selftest/engine-control.js';
import { machine } from '../selftest/machine.js';
import { makeReportFolder } from '../selftest/report/folder.js';
import type { ProgressOutput } from '../selftest/report/progress-line.js';
import { type Endpoint, findEndpoint } from '../sources/docker/endpoint.js';
import { readBuildInfo } from '../telemetry/build-info.js';
import { AgentProcess, type SoakAgent } from './agent-process.js';
import { attachToAgent } from './attached-agent.js';
import { CountingProxy } from './counting-proxy.js';
import { Course, type CourseResult } from './course.js';
import { Crowd } from './crowd.js';
import { Faults, type FaultWatch } from './faults.js';
import { judge } from './judge/index.js';
import { counted } from './judge/words.js';
import { LineOracle } from './lines.js';
import { Progress, type ReportFiles, ReportWriter } from './report/index.js';
import { Sampler } from './sampler.js';
import type { Fault, Sample, SoakFacts, SoakOptions } from './types.js';

const USUAL_IMAGE = 'busybox:stable';
/** Of dockerd, where streams rotate every second or containers are replaced. */
const ENGINE_CPU_MARK = 0.1;
const HARD_ROTATION_MS = 1_000;
const CLOSE_MS = 30_000;
const SLACK_SECONDS = 1;
const HEAP_DEADLINE_MS = 120_000;

/** What a fault that is put in on purpose can get at. */
export interface SoakTools {
  readonly scope: Scope;
  readonly agent: SoakAgent;
  /** Undefined where the agent was there before. */
  readonly proxy: CountingProxy | undefined;
  readonly crowd: Crowd;
  readonly tell: (text: string) => void;
  /** `strike` is judged as a fault of this kind, and what it spoils is left out of what else is judged (faults.ts). */
  readonly fault: (kind: string, strike: (watch: FaultWatch) => Promise<void>) => Promise<void>;
}

export interface SoakEnvironment {
  /** As the user called it, for the report. */
  readonly command: string;
  readonly output: ProgressOutput;
  /** Ends it early; `reason` is told. */
  readonly signal: AbortSignal;
  /** Of the login of the agent that is attached to. */
  readonly token?: string | undefined;
  /** Before the name of the agent's program, such as hooks to load. */
  readonly nodeArgs?: readonly string[];
  /** The built program; undefined: the one that this belongs to. */
  readonly program?: string;
  /** `liveness_timeout` of the agent; undefined: its default. */
  readonly livenessTimeoutMs?: number;
  /** Called when the run begins; its scope closes with the run. */
  readonly whileRunning?: (tools: SoakTools) => Promise<void>;
}

export interface SoakOutcome {
  readonly passed: boolean;
  readonly criteria: readonly Criterion[];
  readonly samples: readonly Sample[];
  readonly files: ReportFiles;
  /** What the oracle objects to, the first hundred. */
  readonly faults: readonly string[];
}

/** Throws AgentError: BUILD_STALE, SELF_TEST_IMPOSSIBLE, AGENT_UNREACHABLE, ENGINE_…. */
export async function runSoak(options: SoakOptions, environment: SoakEnvironment): Promise<SoakOutcome> {
  const soak = new Soak(options, environment);
  return soak.run();
}

class Soak {
  readonly #options: SoakOptions;
  readonly #environment: SoakEnvironment;
  /** Names the run: short, because it stands in every line. */
  readonly #run = `${Math.floor(Date.now() / 1000).toString(36)}${randomBytes(2).toString('hex')}`;
  readonly #scope = Scope.root('soak', (error, task) => this.#tell(`${task}: ${describeError(error)}`));
  readonly #progress: Progress;
  readonly #oracle: LineOracle;
  readonly #cut = new AbortController();
  readonly #startedAt = new Date().toISOString();
  readonly #beganMs = performance.now();
  #report: ReportWriter | undefined;

  constructor(options: SoakOptions, environment: SoakEnvironment) {
    this.#options = { ...options, directory: path.resolve(options.directory) };
    this.#environment = environment;
    this.#progress = new Progress(environment.output, options.rotateEveryMs);
    this.#oracle = new LineOracle(this.#run);
  }

  async run(): Promise<SoakOutcome> {
    const { signal } = this.#environment;
    const onAbort = (): void => this.#cutShort('cut short by the user');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#open();
    } catch (error) {
      this.#report?.event(this.#seconds, describeError(error));
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      await this.#scope.close(CLOSE_MS);
    }
  }

  async #open(): Promise<SoakOutcome> {
    const { containers, image = USUAL_IMAGE, directory, attach } = this.#options;
    const program = this.#environment.program ?? builtProgram();
    if (attach === undefined) await checkedBuild(program, (text) => this.#tell(text));
    makeReportFolder(directory);
    const endpoint = findEndpoint({
      endpoint: this.#options.endpoint,
      env: process.env,
      home: homedir(),
      uid: process.getuid?.(),
    });
    // A scope of its own, which still takes requests while what is newer closes.
    const engine = new EngineControl(this.#scope.child('engine'), endpoint, this.#run);
    const engineText = await engine.describe();
    const left = await engine.removeLeftovers();
    if (left > 0) this.#tell(`removed what an earlier soak left behind: ${counted(left, 'container')}`);
    await engine.ensureImage(image, (text) => this.#progress.step('image', text));

    const agents = this.#scope.child('agent');
    const { agent, proxy } =
      attach === undefined
        ? await this.#start(agents, endpoint, program)
        : await this.#attach(agents, attach);
    const { build } = agent;
    this.#report = ReportWriter.open(directory, {
      command: this.#environment.command,
      startedAt: this.#startedAt,
      build,
      machine: machine(),
      engine: engineText,
      options: this.#options,
    });
    this.#progress.note(
      `Soak ${this.#run}: build ${build.version} ${build.revision}${build.dirty ? ' (dirty)' : ''}, digest ${build.digest}; engine ${engineText}.`,
    );
    this.#progress.note(`Report: ${this.#report.files.html}`);
    void agent.lost.then((why) => this.#cutShort(why));

    const crowd = new Crowd(
      engine,
      this.#oracle,
      { run: this.#run, image, size: containers, longLines: attach === undefined },
      (text) => this.#tell(text),
      (started) => this.#progress.step('starting containers', `${started} of ${containers}`),
    );
    // However it ends.
    this.#scope.own('task', 'containers', () => engine.removeAll());
    const sampler = new Sampler({
      agent,
      endpoint,
      proxy,
      oracle: this.#oracle,
      containers: () => crowd.running,
      beganMs: this.#beganMs,
    });
    const faults = new Faults({
      client: agent.client,
      containers: () => crowd.running,
      seconds: () => this.#seconds,
      tell: (text) => this.#tell(text),
    });
    const course = new Course({
      options: this.#options,
      crowd,
      oracle: this.#oracle,
      sampler,
      onSample: (sample, secondsLeft) => this.#sampled(sample, secondsLeft),
      tell: (text) => this.#tell(text),
      step: (step, detail) => this.#progress.step(step, detail),
      cut: this.#cut.signal,
      whileRunning: this.#whileRunning({ agent, proxy }, crowd, faults),
    });
    const result = await course.run(this.#scope);
    return this.#finish(result, agent, crowd.replaced, faults.list);
  }

  #whileRunning(
    parties: Parties,
    crowd: Crowd,
    faults: Faults,
  ): ((scope: Scope) => Promise<void>) | undefined {
    const { whileRunning } = this.#environment;
    return (
      whileRunning &&
      ((scope) =>
        whileRunning({
          ...parties,
          scope,
          crowd,
          tell: (text) => this.#tell(text),
          fault: (kind, strike) => faults.during(scope, kind, strike),
        }))
    );
  }

  /** The agent comes after the proxy, so that it goes before. */
  async #start(scope: Scope, endpoint: Endpoint, program: string): Promise<Parties> {
    const { directory, maxStreams, rotateEveryMs } = this.#options;
    // A socket's path must be short.
    const folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-soak-'));
    scope.own('file', folder, () => rmSync(folder, { recursive: true, force: true }));
    const socket = path.join(folder, 'engine.sock');
    const proxy = await CountingProxy.start(scope, endpoint, socket);
    this.#progress.step('starting the agent', '');
    const agent = await AgentProcess.start(scope, {
      program,
      nodeArgs: this.#environment.nodeArgs ?? [],
      directory,
      run: this.#run,
      endpoint: `unix://${socket}`,
      maxStreams,
      rotateEveryMs,
      livenessTimeoutMs: this.#environment.livenessTimeoutMs,
      onLine: (line, origin) => this.#oracle.take(line, origin),
      tell: (text) => this.#tell(text),
    });
    return { agent, proxy };
  }

  async #attach(scope: Scope, url: string): Promise<Parties> {
    const client = new AgentClient(new URL(url), this.#environment.token);
    const agent = await attachToAgent(scope, {
      client,
      run: this.#run,
      onLine: (line, origin) => this.#oracle.take(line, origin),
      tell: (text) => this.#tell(text),
    });
    this.#tell(
      `attached to ${url}: its transport, max_streams and stream_max_age are its own and must be as this soak has them; its requests are not counted from outside, lines of more than 16 KiB are not written, and its own log is not seen`,
    );
    const own = readBuildInfo().digest;
    if (agent.build.digest !== own)
      this.#tell(`it is another build (${agent.build.digest}) than this program (${own})`);
    return { agent, proxy: undefined };
  }

  async #finish(
    result: CourseResult,
    agent: SoakAgent,
    replaced: number,
    faults: readonly Fault[],
  ): Promise<SoakOutcome> {
    const { samples, sampleSeconds, trees, objects, ranSeconds } = result;
    const { rotateEveryMs, churn, minutes } = this.#options;
    const facts: SoakFacts = {
      options: this.#options,
      sampleSeconds,
      ranSeconds,
      linesClaimed: this.#oracle.claimed,
      replaced,
      faults,
      agentLogLines: agent.log?.lines,
      engineCpuMark: churn || rotateEveryMs <= HARD_ROTATION_MS ? ENGINE_CPU_MARK : undefined,
      trees,
      objects,
    };
    const criteria = [wholeCourse(minutes * 60, ranSeconds, this.#cut.signal), ...judge(samples, facts)];
    const passed = hasPassed(criteria);
    for (const fault of this.#oracle.faults) this.#report?.event(this.#seconds, fault);
    if (!passed) await this.#keepEvidence(agent);
    const files = this.#report?.finish(criteria);
    if (!files) throw new Error('A soak without a report.');
    this.#progress.verdict(criteria);
    this.#progress.note(`Report: ${files.html}`);
    return { passed, criteria, samples, files, faults: this.#oracle.faults };
  }

  /** What the agent holds and its heap, for whoever looks for the reason. */
  async #keepEvidence({ client }: SoakAgent): Promise<void> {
    const { directory } = this.#options;
    const resources = path.join(directory, `resources-${this.#run}.json`);
    const heap = path.join(directory, `heap-${this.#run}.heapsnapshot`);
    try {
      this.#progress.step('keeping the resource tree and a heap snapshot', '');
      writeFileSync(resources, await client.text(this.#scope, '/debug/resources'));
      await client.stream(this.#scope, '/debug/heap', HEAP_DEADLINE_MS, (response) =>
        pipeline(response, createWriteStream(heap)),
      );
      this.#tell(`kept for whoever looks for the reason: ${resources}, ${heap}`);
    } catch (error) {
      this.#tell(`what the agent held could not be kept: ${describeError(error)}`);
    }
  }

  #sampled(sample: Sample, secondsLeft: number | undefined): void {
    this.#report?.sample(sample);
    this.#progress.show(sample, secondsLeft);
  }

  #cutShort(why: string): void {
    if (this.#cut.signal.aborted) return;
    this.#tell(why);
    this.#cut.abort(why);
  }

  get #seconds(): number {
    return (performance.now() - this.#beganMs) / 1000;
  }

  #tell(text: string): void {
    this.#progress.note(text);
    this.#report?.event(this.#seconds, text);
  }
}

interface Parties {
  readonly agent: SoakAgent;
  readonly proxy: CountingProxy | undefined;
}

function wholeCourse(wantedSeconds: number, ranSeconds: number, cut: AbortSignal): Criterion {
  const isWhole = ranSeconds >= wantedSeconds - SLACK_SECONDS;
  const why = cut.aborted ? `: ${String(cut.reason)}` : '';
  return {
    id: 'course',
    mark: 'runs for as long as was asked for',
    measured: `${Math.round(ranSeconds)} of ${Math.round(wantedSeconds)} s${why}`,
    verdict: isWhole ? 'pass' : 'fail',
  };
}

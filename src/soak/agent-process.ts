/**
 * The agent of a soak as a child process: the built program with a configuration of the soak's own. Its lines come back
 * over a pipe, by the stdout sink; its own log goes to a file, and its errors and warnings are counted and told. It ends with
 * the soak, however that ends.
 */
import type { ChildProcess } from 'node:child_process';
import { createWriteStream, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Scope } from '../runtime/scope.js';
import { within } from '../runtime/within.js';
import type { AgentClient } from '../selftest/agent-client.js';
import { startProgram, untilReady } from '../selftest/agent-program.js';
import { RUN_LABEL } from '../selftest/engine-control.js';
import type { BuildInfo } from '../telemetry/build-info.js';
import type { Origin } from './lines.js';

const STOP_DEADLINE_MS = 20_000;
/** Its cap is soon reached: what grows with a journal that fills is not what is looked for. */
const JOURNAL = { max_bytes: '64MiB' };
const BAD_LEVELS: ReadonlySet<unknown> = new Set(['error', 'fatal']);

/** What a soak judges, whether started by it or there before. */
export interface SoakAgent {
  readonly client: AgentClient;
  readonly build: BuildInfo;
  /** Undefined where it is not known. */
  readonly pid: number | undefined;
  /** Lines of its own log by now, and how many of them are errors; undefined where its log is not seen. */
  readonly log: { readonly lines: number; readonly errors: number } | undefined;
  /** Resolves with what is to be said of it once it has ended, or takes no more lines to us, without being asked to. */
  readonly lost: Promise<string>;
  stop(): Promise<void>;
}

export interface AgentProcessOptions {
  readonly program: string;
  /** Before the program's name. */
  readonly nodeArgs: readonly string[];
  /** `agent-<run>.log` stays there; the rest goes with the agent. */
  readonly directory: string;
  readonly run: string;
  /** Of the engine, or of what stands before it. */
  readonly endpoint: string;
  readonly maxStreams: number;
  readonly rotateEveryMs: number;
  /** `liveness_timeout`; undefined: its default. */
  readonly livenessTimeoutMs: number | undefined;
  readonly onLine: (line: string, origin: Origin) => void;
  readonly tell: (text: string) => void;
}

export class AgentProcess implements SoakAgent {
  readonly client: AgentClient;
  readonly lost: Promise<string>;
  readonly log = { lines: 0, errors: 0 };
  #build: BuildInfo | undefined;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #tell: (text: string) => void;
  #isStopping = false;
  /** Why it was lost. */
  #why: string | undefined;

  private constructor(
    child: ChildProcess,
    client: AgentClient,
    { onLine, tell, directory, run }: AgentProcessOptions,
  ) {
    this.client = client;
    this.#child = child;
    this.#tell = tell;
    const file = createWriteStream(path.join(directory, `agent-${run}.log`));
    if (!child.stdout || !child.stderr) throw new Error('The agent was started without pipes.');
    createInterface({ input: child.stderr }).on('line', (line) => {
      file.write(`${line}\n`);
      this.#heed(line);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { labels, text } = parseLine(line);
      onLine(text, { container: labels['container'] ?? '', output: labels['stream'] ?? '' });
    });
    this.#ended = new Promise((resolve) => child.once('close', () => file.end(resolve)));
    this.lost = new Promise((resolve) => {
      const lose = (why: string): void => {
        this.#why = why;
        resolve(why);
      };
      child.once('error', (error) => lose(`the agent does not start: ${error.message}`));
      child.once('close', (code, signal) => {
        if (!this.#isStopping) lose(`the agent ended by itself with ${signal ?? code}`);
      });
    });
  }

  /** Resolves when it is ready. Throws AGENT_UNREACHABLE where it does not get so. */
  static async start(scope: Scope, options: AgentProcessOptions): Promise<AgentProcess> {
    const { program, nodeArgs, directory, run } = options;
    const folder = path.join(directory, `agent-${run}`);
    const { child, client } = await startProgram({
      program,
      preload: 'selftest/lifeline.js',
      nodeArgs,
      folder,
      config: configOf(options, folder),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const onExit = (): void => void child.kill('SIGKILL');
    process.once('exit', onExit);
    const agent = new AgentProcess(child, client, options);
    scope.own('task', 'agent', async () => {
      await agent.stop();
      process.off('exit', onExit);
      rmSync(folder, { recursive: true, force: true });
    });
    await untilReady(scope, client, () => agent.#why);
    agent.#build = await client.json<BuildInfo>(scope, '/api/v1/build');
    return agent;
  }

  get build(): BuildInfo {
    if (!this.#build) throw new Error('The agent is not ready.');
    return this.#build;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#child.kill('SIGTERM');
    if (!(await within(STOP_DEADLINE_MS, this.#ended))) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** A line of its own log. Something else than JSON is what Node.js itself says. */
  #heed(line: string): void {
    this.log.lines++;
    let entry: { level?: unknown; msg?: unknown };
    try {
      entry = JSON.parse(line) as typeof entry;
    } catch {
      if (/error|warning/i.test(line)) this.#tell(`the agent says: ${line.slice(0, 300)}`);
      return;
    }
    const isBad = BAD_LEVELS.has(entry.level);
    if (isBad) this.log.errors++;
    if (isBad || entry.level === 'warn')
      this.#tell(`the agent says (${String(entry.level)}): ${String(entry.msg)}`);
  }
}

/** Of the stdout sink. What is none of its lines is taken as one, for the oracle to object to. */
function parseLine(source: string): { labels: Readonly<Record<string, string>>; text: string } {
  try {
    const { labels, line } = JSON.parse(source) as { labels: Record<string, string>; line: string };
    return { labels, text: line };
  } catch {
    return { labels: {}, text: source };
  }
}

function configOf(
  { endpoint, run, maxStreams, rotateEveryMs, livenessTimeoutMs }: AgentProcessOptions,
  folder: string,
): object {
  return {
    data_dir: path.join(folder, 'data'),
    metrics: { port: 0 },
    journal: JOURNAL,
    sources: {
      containers: {
        type: 'docker',
        endpoint,
        transport: 'api',
        start_at: 'beginning',
        include: { labels: { [RUN_LABEL]: run } },
        max_streams: maxStreams,
        stream_max_age: `${rotateEveryMs}ms`,
        ...(livenessTimeoutMs === undefined ? {} : { liveness_timeout: `${livenessTimeoutMs}ms` }),
      },
    },
    sinks: { soak: { type: 'stdout' } },
  };
}

/**
 * Takes the samples of a soak: from the agent's metrics and health, from the system, from the proxy and from the oracle.
 * A figure that cannot be had is undefined, or NaN where the sample must have a number: never 0.
 */
import type { Scope, ScopeTree } from '../runtime/scope.js';
import { Exposition } from '../selftest/exposition.js';
import { cpuSeconds, enginePid, openDescriptors, residentBytes } from '../selftest/process-figures.js';
import type { Endpoint } from '../sources/docker/endpoint.js';
import type { SoakAgent } from './agent-process.js';
import type { CountingProxy } from './counting-proxy.js';
import type { LineOracle } from './lines.js';
import type { Phase, Sample } from './types.js';

const PREFIX = 'log_capturer_';
/** A connection that was just closed is let go a moment later: the least of a few looks is what stays. */
const LOOKS = 3;
const LOOK_PAUSE_MS = 20;
/** Each class is counted over the whole heap: a second or two for all, many on a busy machine. */
const OBJECTS_DEADLINE_MS = 120_000;

export interface SamplerParts {
  readonly agent: SoakAgent;
  readonly endpoint: Endpoint;
  readonly proxy: CountingProxy | undefined;
  readonly oracle: LineOracle;
  /** Of the containers that run now. */
  readonly containers: () => number;
  /** Performance.now() of when the soak began. */
  readonly beganMs: number;
}

/** What `/debug/resources` answers, as far as it is needed here. */
interface Resources {
  readonly tree: ScopeTree;
  readonly memory: { readonly heapUsed: number; readonly external: number; readonly code?: number };
}

export class Sampler {
  readonly #parts: SamplerParts;

  constructor(parts: SamplerParts) {
    this.#parts = parts;
  }

  /** `collects`: with the memory that is left after a forced collection. Throws AGENT_UNREACHABLE. */
  async take(scope: Scope, phase: Phase, collects: boolean): Promise<Sample> {
    const { agent, endpoint, proxy, oracle, containers, beganMs } = this.#parts;
    const { client, pid } = agent;
    const memory = collects ? (await this.#resources(scope, '?collect=true'))?.memory : undefined;
    const { status } = await client.json<{ status: string }>(scope, '/health');
    const metrics = new Exposition(await client.text(scope, '/metrics'));
    const figure = (name: string): number => metrics.sum(PREFIX + name) ?? Number.NaN;
    const seconds = (performance.now() - beganMs) / 1000;
    const engine = enginePid(endpoint);
    const sample: Sample = {
      seconds,
      phase,
      resources: metrics.by(`${PREFIX}resources`, 'kind'),
      unowned: metrics.by(`${PREFIX}unowned_resources`, 'kind'),
      fds: metrics.sum('process_open_fds'),
      heapBytes: memory?.heapUsed,
      externalBytes: memory?.external,
      codeBytes: memory?.code,
      residentBytes:
        (pid === undefined ? undefined : residentBytes(pid)) ?? metrics.sum('process_resident_memory_bytes'),
      streams: figure('active_streams'),
      streamCapacity: figure('stream_capacity'),
      waiting: figure('streams_waiting'),
      rotations: figure('stream_rotations_total'),
      heartbeats: figure('heartbeats_total'),
      linesRead: figure('lines_read_total'),
      linesLate: figure('late_lines_total'),
      gaps: figure('stream_gaps_total'),
      unaccountedLines: figure('unaccounted_lines'),
      logRequests: figure('log_requests_total'),
      errors: agent.log?.errors ?? metrics.by(`${PREFIX}errors_logged_total`, 'level')['error'] ?? Number.NaN,
      health: status,
      agentCpuSeconds:
        (pid === undefined ? undefined : cpuSeconds(pid)) ?? metrics.sum('process_cpu_seconds_total'),
      engineCpuSeconds: engine === undefined ? undefined : cpuSeconds(engine),
      proxy: proxy?.counts,
      containers: containers(),
      linesSeen: oracle.seen,
      linesSeenLate: oracle.late,
      lineFaults: oracle.faultCount,
    };
    return pid === undefined ? sample : { ...sample, fds: (await descriptors(scope, pid)) ?? sample.fds };
  }

  /** The scopes that live now; undefined where the agent does not tell. */
  async tree(scope: Scope): Promise<ScopeTree | undefined> {
    return (await this.#resources(scope, ''))?.tree;
  }

  /** Live objects by class after a collection; undefined where the agent does not tell. */
  async objects(scope: Scope): Promise<Readonly<Record<string, number>> | undefined> {
    return this.#parts.agent.client
      .json<Readonly<Record<string, number>>>(scope, '/debug/objects', OBJECTS_DEADLINE_MS)
      .catch(() => undefined);
  }

  async #resources(scope: Scope, query: string): Promise<Resources | undefined> {
    return this.#parts.agent.client.json<Resources>(scope, `/debug/resources${query}`).catch(() => undefined);
  }
}

async function descriptors(scope: Scope, pid: number): Promise<number | undefined> {
  let least = openDescriptors(pid);
  for (let look = 1; look < LOOKS && least !== undefined; look++) {
    await scope.sleep(LOOK_PAUSE_MS);
    least = Math.min(least, openDescriptors(pid) ?? least);
  }
  return least;
}

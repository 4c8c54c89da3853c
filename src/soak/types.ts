/**
 * What the parts of a soak tell each other: a crowd of containers writes numbered lines, an agent reads them while its
 * streams rotate, samples are taken, and criteria judge the samples.
 */
import type { ScopeTree } from '../runtime/scope.js';
import type { Criterion } from '../selftest/criteria.js';
import type { BuildInfo } from '../telemetry/build-info.js';

export interface SoakOptions {
  readonly containers: number;
  readonly minutes: number;
  /** `stream_max_age` of the agent, in milliseconds. */
  readonly rotateEveryMs: number;
  /** Replace containers while it runs. */
  readonly churn: boolean;
  /** Any image with `sh` and `sleep`; undefined: the usual one. */
  readonly image: string | undefined;
  /** URL of an agent that runs already; undefined: one is started. */
  readonly attach: string | undefined;
  /** Of the engine; undefined: found as the docker command finds it. */
  readonly endpoint: string | undefined;
  /** Where report, dumps and the agent's data go. */
  readonly directory: string;
  /** `max_streams` of the agent. */
  readonly maxStreams: number;
}

/** `baseline`: before the first container. `warm-up`: not judged. `drained`: after the last container. */
export type Phase = 'baseline' | 'warm-up' | 'run' | 'draining' | 'drained';

/** As counted by the proxy between agent and engine. */
export interface ProxyCounts {
  /** Requests for the log of a container. */
  readonly logRequests: number;
  /** Of these: which follow. */
  readonly followRequests: number;
  /** Connections that were cut before a request was heard. */
  readonly unheard: number;
}

/** All counters are totals since the agent started; bytes, seconds. Figures that nobody tells are undefined, never 0. */
export interface Sample {
  /** Since the soak began. */
  readonly seconds: number;
  readonly phase: Phase;
  /** What scopes own, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  /** What the process holds and no scope owns, less the baseline, by kind. */
  readonly unowned: Readonly<Record<string, number>>;
  readonly fds: number | undefined;
  /** After a forced collection; undefined in samples without one. */
  readonly heapBytes: number | undefined;
  readonly externalBytes: number | undefined;
  /** Of the heap: compiled code and what belongs to it. */
  readonly codeBytes: number | undefined;
  readonly residentBytes: number | undefined;
  readonly streams: number;
  readonly streamCapacity: number;
  readonly waiting: number;
  readonly rotations: number;
  readonly heartbeats: number;
  readonly linesRead: number;
  readonly gaps: number;
  readonly unaccountedLines: number;
  readonly logRequests: number;
  /** Lines at level error or above in the agent's own log. */
  readonly errors: number;
  readonly health: string;
  readonly agentCpuSeconds: number | undefined;
  readonly engineCpuSeconds: number | undefined;
  readonly proxy: ProxyCounts | undefined;
  /** Of the containers that run now. */
  readonly containers: number;
  /** Lines that the agent says it delivered late. */
  readonly linesLate: number;
  /** Lines that the oracle saw, each once; of those, that came behind later ones; and what it objects to. */
  readonly linesSeen: number;
  readonly linesSeenLate: number;
  readonly lineFaults: number;
}

/** What was done to the engine, or to the way to it, from the first blow until the agent was well again. */
export interface Fault {
  /** One of a few, such as `engine-restarted`. */
  readonly kind: string;
  /** Seconds, as in samples. */
  readonly from: number;
  readonly to: number;
  /** Seconds until the alarm came, from when there was something to notice, and those in which it has to; undefined: none has to. */
  readonly alarm: { readonly after: number | undefined; readonly within: number } | undefined;
  /** Seconds from the last blow until the agent was well; undefined: it did not get well. */
  readonly recovered: number | undefined;
  /** Why it could not be done. */
  readonly failure: string | undefined;
}

/** What the judge must know beside the samples. Undefined: could not be had. */
export interface SoakFacts {
  readonly options: SoakOptions;
  /** Seconds between samples, as meant. */
  readonly sampleSeconds: number;
  /** How long the run was, by the clock. */
  readonly ranSeconds: number;
  /** Lines written in all, last lines included, as the writers' last lines claim. */
  readonly linesClaimed: number;
  /** Containers that were replaced while it ran. */
  readonly replaced: number;
  /** In order of time; none overlaps another. */
  readonly faults: readonly Fault[];
  /** Lines of any level in the agent's own log: that none is an error means nothing where it is silent. */
  readonly agentLogLines: number | undefined;
  /** The mark for dockerd's CPU, in cores; undefined: told, not judged. */
  readonly engineCpuMark: number | undefined;
  /** Scopes at the end of the baseline, at the end of the run, and in the last sample. */
  readonly trees:
    | { readonly baseline: ScopeTree; readonly run: ScopeTree; readonly drained: ScopeTree }
    | undefined;
  /** Live objects by class, collected: before the first container, and after the last. */
  readonly objects:
    | {
        readonly before: Readonly<Record<string, number>>;
        readonly after: Readonly<Record<string, number>>;
      }
    | undefined;
}

/** What is written as JSON, and shown as HTML. */
export interface SoakReport {
  readonly command: string;
  readonly startedAt: string;
  readonly build: BuildInfo;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly engine: string;
  readonly options: SoakOptions;
  /** Undefined while it runs. */
  readonly passed: boolean | undefined;
  readonly criteria: readonly Criterion[];
  /** What happened at which second: phases, faults put in on purpose, warnings. */
  readonly events: readonly { readonly seconds: number; readonly text: string }[];
  readonly samples: readonly Sample[];
}

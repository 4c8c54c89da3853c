/**
 * What a seed does: a pure function of the seed, the number of containers and the number of kills. Nothing of the machine
 * goes into it; what the machine cannot do is taken out afterwards, and told (`feasible`).
 *
 * A plan is a row of cycles. In each the agent is started, lines flow, a deed is done, requests to the receiver meet the
 * weather, and the agent is killed. Every deed and every weather comes once before any comes again.
 */
import { Random } from './random.js';

/**
 * Where in the agent a kill strikes, each time with lines uncommitted and requests in flight (kill-hook.ts). `appended`:
 * lines have just been encoded. `committed`: a commit has just become durable. `written`: output is written, its record is not. `recorded`:
 * now it is. `sent`: the body of a request has just gone out. `answered`: an answer has just come, and no cursor knows.
 */
export const MOMENTS = ['appended', 'committed', 'written', 'recorded', 'sent', 'answered'] as const;
export type Moment = (typeof MOMENTS)[number];

/** `starting`: from outside and at any point of the agent's start, recovery included. */
export interface Kill {
  readonly moment: Moment | 'starting';
  /** From the first lines until the moment is waited for; of `starting`, from the start of the process. Milliseconds. */
  readonly afterMs: number;
  /** How long no agent runs then. */
  readonly downMs: number;
}

/** What befalls one request between agent and receiver (proxy/faulty-proxy.ts). */
export type Weather =
  /** The connection is reset before a byte gets through. */
  | { readonly kind: 'reset' }
  /** Only this share of its bytes gets through, then the connection is reset. */
  | { readonly kind: 'cut-request'; readonly share: number }
  /** The receiver stores it, and only so many bytes of its answer get through. */
  | { readonly kind: 'cut-answer'; readonly bytes: number }
  /** Nothing gets through for longer than the agent waits. */
  | { readonly kind: 'stall' }
  /** The receiver stores it, and its answer comes later than the agent waits. */
  | { readonly kind: 'late-answer' }
  /** The answer comes late, but in time. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The receiver never sees it, and this is answered. */
  | { readonly kind: 'answer'; readonly status: 400 | 429 | 500 }
  /** The receiver never sees it, and 204 is answered: a lie that no agent can notice. */
  | { readonly kind: 'lie' };

/** What is done while the agent lives. `place`: the container's number in the plan. */
export type Deed =
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'restart'; readonly place: number }
  | { readonly kind: 'rename'; readonly place: number }
  | { readonly kind: 'recreate'; readonly place: number }
  | { readonly kind: 'short-lived'; readonly count: number; readonly lines: number }
  | { readonly kind: 'disk-full'; readonly ms: number }
  | { readonly kind: 'engine-restart' };

export interface ContainerPlan {
  readonly transport: 'file' | 'api';
  /** Of its log; undefined: it does not rotate. */
  readonly rotation:
    | { readonly maxBytes: number; readonly files: number; readonly compress: boolean }
    | undefined;
  /** Lines at once, and how often a second. */
  readonly burst: number;
  readonly perSecond: number;
  /** Lines of more than 16 KiB now and then. */
  readonly longLines: boolean;
}

export interface Cycle {
  readonly weather: readonly Weather[];
  readonly deed: Deed | undefined;
  readonly kill: Kill;
}

export interface Plan {
  readonly seed: number;
  /** The agent has a small filesystem of its own, which can be filled. */
  readonly smallDisk: boolean;
  readonly containers: readonly ContainerPlan[];
  readonly cycles: readonly Cycle[];
}

export interface PlanSize {
  readonly containers: number;
  readonly kills: number;
}

/** What a machine lets be done. */
export interface Means {
  /** The engine is ours. */
  readonly ownsEngine: boolean;
  /** The engine's log files can be read. */
  readonly readsFiles: boolean;
  /** A filesystem can be mounted. */
  readonly mounts: boolean;
}

const KIB = 1024;
/** One of so many starts is killed before it has got anywhere. */
const STARTING_EVERY = 10;
const WEATHERS_A_CYCLE = 2;
/** Some cycles outlast the agent's patience with a request that is not answered. */
const LONG_CYCLE = { share: 0.15, afterMs: 3_500 };

export function planOf(seed: number, { containers, kills }: PlanSize): Plan {
  const random = new Random(seed);
  const smallDisk = random.next() < 0.5;
  const deeds = inTurn(random, () => deedKinds(random, containers, smallDisk));
  const weathers = inTurn(random, () => weatherKinds(random));
  const moments = inTurn(random, () => [...MOMENTS]);
  const kill = (i: number): Kill => {
    const downMs = random.next() < 0.5 ? 0 : random.between(100, 1_200);
    if (i % STARTING_EVERY === STARTING_EVERY - 1)
      return { moment: 'starting', afterMs: random.between(0, 900), downMs };
    const isLong = random.next() < LONG_CYCLE.share;
    return { moment: moments(), afterMs: isLong ? LONG_CYCLE.afterMs : random.between(200, 1_500), downMs };
  };
  return {
    seed,
    smallDisk,
    containers: Array.from({ length: containers }, (_, place) => containerPlan(random, place)),
    cycles: Array.from({ length: kills }, (_, i) => {
      const struck = kill(i);
      // A start that is cut short has time for nothing else.
      if (struck.moment === 'starting') return { weather: [], deed: undefined, kill: struck };
      return {
        weather: Array.from({ length: WEATHERS_A_CYCLE }, () => weathers()),
        deed: i % 2 === 0 ? deeds() : undefined,
        kill: struck,
      };
    }),
  };
}

/** The plan without what `means` do not allow, and a sentence on each thing that was left out. */
export function feasible(
  plan: Plan,
  { ownsEngine, readsFiles, mounts }: Means,
): { plan: Plan; leftOut: string[] } {
  const leftOut = new Set<string>();
  const can = ({ kind }: Deed): boolean => {
    if (kind === 'engine-restart' && !ownsEngine) {
      leftOut.add('The engine is not restarted: it is not one that was started for this run.');
      return false;
    }
    if (kind === 'disk-full' && !mounts) {
      leftOut.add('No disk is filled: mounting a small filesystem needs Linux and root.');
      return false;
    }
    return true;
  };
  const cycles = plan.cycles.map((cycle) =>
    cycle.deed && !can(cycle.deed) ? { ...cycle, deed: undefined } : cycle,
  );
  if (!readsFiles)
    leftOut.add("No container is read by its log file: the engine's files cannot be read from here.");
  const containers = plan.containers.map((one) => (readsFiles ? one : { ...one, transport: 'api' as const }));
  return {
    plan: { ...plan, smallDisk: plan.smallDisk && mounts, cycles, containers },
    leftOut: [...leftOut],
  };
}

/** One line on what is done, such as `deed recreate of container 3`. */
export function inWords(plan: Plan): string[] {
  const rotation = ({ rotation: at }: ContainerPlan): string =>
    at
      ? `rotates at ${at.maxBytes / KIB} KiB, ${at.files} ${at.compress ? 'compressed ' : ''}files`
      : 'does not rotate';
  return [
    ...plan.containers.map(
      (one, place) =>
        `container ${place}: by ${one.transport}, ${one.burst * one.perSecond} lines/s, ${rotation(one)}${one.longLines ? ', long lines' : ''}`,
    ),
    ...plan.cycles.map(({ weather, deed, kill }, i) => {
      const parts = [
        ...(deed ? [`deed ${parameters(deed)}`] : []),
        ...weather.map((one) => `weather ${parameters(one)}`),
        `kill ${kill.moment} after ${kill.afterMs} ms, down ${kill.downMs} ms`,
      ];
      return `cycle ${i + 1}: ${parts.join('; ')}`;
    }),
  ];
}

function parameters({ kind, ...rest }: Deed | Weather): string {
  return [kind, ...Object.entries(rest).map(([name, value]) => `${name}=${value}`)].join(' ');
}

/** Answers the items of a shuffled list one after the other, and then of the next list. */
function inTurn<T>(random: Random, list: () => readonly T[]): () => T {
  let rest: T[] = [];
  return () => {
    if (rest.length === 0) rest = random.shuffled(list());
    return rest.shift() as T;
  };
}

function containerPlan(random: Random, place: number): ContainerPlan {
  const burst = random.between(8, 30);
  const perSecond = random.pick([2, 4, 8]);
  // Half of them by each way, and of each half some that rotate slowly, some in a storm.
  const kind = Math.floor(place / 2) % 4;
  return {
    transport: place % 2 === 0 ? 'file' : 'api',
    rotation: rotationOf(random, kind),
    // What rotates in a storm writes at a pace at which a file lasts for a second at least.
    ...(kind === 2 ? { burst: 8, perSecond: 4 } : { burst, perSecond }),
    longLines: kind !== 2 && random.next() < 0.5,
  };
}

function rotationOf(random: Random, kind: number): ContainerPlan['rotation'] {
  switch (kind) {
    case 1:
      return { maxBytes: 500 * KIB, files: 5, compress: random.next() < 0.5 };
    case 2:
      return random.pick([
        { maxBytes: 10 * KIB, files: 3, compress: false },
        { maxBytes: 10 * KIB, files: 3, compress: true },
        { maxBytes: 50 * KIB, files: 1, compress: false },
        { maxBytes: 50 * KIB, files: 3, compress: true },
      ]);
    default:
      return undefined;
  }
}

function deedKinds(random: Random, containers: number, smallDisk: boolean): Deed[] {
  const place = (): number => random.between(0, containers - 1);
  return [
    { kind: 'pause', ms: random.between(300, 3_500) },
    { kind: 'restart', place: place() },
    { kind: 'rename', place: place() },
    { kind: 'recreate', place: place() },
    { kind: 'short-lived', count: random.between(2, 4), lines: random.between(20, 400) },
    ...(smallDisk ? [{ kind: 'disk-full' as const, ms: random.between(500, 2_500) }] : []),
    { kind: 'engine-restart' },
  ];
}

function weatherKinds(random: Random): Weather[] {
  return [
    { kind: 'reset' },
    { kind: 'cut-request', share: random.between(1, 99) / 100 },
    { kind: 'cut-answer', bytes: random.between(1, 40) },
    { kind: 'stall' },
    { kind: 'late-answer' },
    { kind: 'slow', ms: random.between(200, 1_200) },
    { kind: 'answer', status: 400 },
    { kind: 'answer', status: 429 },
    { kind: 'answer', status: 500 },
    { kind: 'lie' },
  ];
}

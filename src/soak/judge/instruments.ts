/**
 * The instruments of a soak, and what shows that each is alive.
 *
 * An instrument that reads zero, or nothing, proves nothing: a soak whose rotations read 0 throughout has not shown that
 * rotation does not leak. So every field of a sample has a rule here, and a criterion whose instrument breaks its rule
 * fails. Where zero is the good reading, the rule asks only that the figure is told.
 */
import type { Sample } from '../types.js';
import { increased, type Seen } from './seen.js';
import { counted, figure } from './words.js';

/** Fields of a sample, and those of the facts that stand beside them. */
export type InstrumentName =
  | Exclude<keyof Sample, 'phase'>
  | 'linesClaimed'
  | 'agentLogLines'
  | 'trees'
  | 'objects';

/** Between one beat of a container and the next. */
export const HEARTBEAT_SECONDS = 30;

/**
 * `counts`: it grows over the run. `lives`: above zero at least once in the run. `always`: above zero wherever it is told.
 * `rises`: that, and higher in the run than it was at least before. `breathes`: that, and never the same for half of the run.
 * `told`: zero is good, nothing is not.
 */
type Life = 'counts' | 'lives' | 'always' | 'rises' | 'breathes' | 'told';

const SAMPLED: {
  readonly [name in Exclude<keyof Sample, 'phase' | 'health'>]: readonly [
    Life,
    (sample: Sample) => number | undefined,
  ];
} = {
  seconds: ['counts', ({ seconds }) => seconds],
  resources: ['rises', ({ resources }) => total(resources)],
  unowned: ['told', ({ unowned }) => total(unowned)],
  fds: ['rises', ({ fds }) => fds],
  heapBytes: ['breathes', ({ heapBytes }) => heapBytes],
  externalBytes: ['always', ({ externalBytes }) => externalBytes],
  codeBytes: ['always', ({ codeBytes }) => codeBytes],
  residentBytes: ['breathes', ({ residentBytes }) => residentBytes],
  streams: ['lives', ({ streams }) => streams],
  streamCapacity: ['always', ({ streamCapacity }) => streamCapacity],
  waiting: ['told', ({ waiting }) => waiting],
  rotations: ['counts', ({ rotations }) => rotations],
  heartbeats: ['counts', ({ heartbeats }) => heartbeats],
  linesRead: ['counts', ({ linesRead }) => linesRead],
  linesLate: ['told', ({ linesLate }) => linesLate],
  gaps: ['told', ({ gaps }) => gaps],
  unaccountedLines: ['told', ({ unaccountedLines }) => unaccountedLines],
  logRequests: ['counts', ({ logRequests }) => logRequests],
  errors: ['told', ({ errors }) => errors],
  agentCpuSeconds: ['counts', ({ agentCpuSeconds }) => agentCpuSeconds],
  engineCpuSeconds: ['counts', ({ engineCpuSeconds }) => engineCpuSeconds],
  proxy: ['counts', ({ proxy }) => (proxy ? Math.min(proxy.logRequests, proxy.followRequests) : undefined)],
  containers: ['lives', ({ containers }) => containers],
  linesSeen: ['counts', ({ linesSeen }) => linesSeen],
  linesSeenLate: ['told', ({ linesSeenLate }) => linesSeenLate],
  lineFaults: ['told', ({ lineFaults }) => lineFaults],
};

/** Sampled now and then only, because a garbage collection goes before. */
const NOW_AND_THEN: readonly InstrumentName[] = ['heapBytes', 'externalBytes', 'codeBytes'];
/** A sample that came while the agent was busy may miss what is optional; more than that is a dead instrument. */
const TOLD_SHARE = 0.9;
/** Nor may it be silent for so long at once: a share of the run, and seconds in a short one. */
const LONGEST_SILENCE = { share: 0.15, seconds: 20, secondsOfRare: 90 };
/** Fewer figures in half a run may be the same by chance. */
const ENOUGH_TO_BREATHE = 10;

/** What is wrong with an instrument, in words; undefined where it shows life. */
export function silence(name: InstrumentName, seen: Seen): string | undefined {
  switch (name) {
    case 'health':
      return seen.run.every(({ health }) => health) && seen.run.length > 0 ? undefined : 'health is not told';
    case 'linesClaimed':
      return seen.facts.linesClaimed > 0 ? undefined : 'the writers claim to have written nothing';
    case 'agentLogLines':
      return seen.facts.agentLogLines ? undefined : 'the log of the agent has no line at all';
    case 'trees':
      return seen.facts.trees ? undefined : 'the trees of scopes are not told';
    case 'objects':
      return total(seen.facts.objects?.before) && total(seen.facts.objects?.after)
        ? undefined
        : 'no object was counted';
    case 'unowned':
      return silenceOfKinds(seen) ?? silenceOfSamples(name, seen);
    default:
      return silenceOfSamples(name, seen);
  }
}

/** Why an instrument cannot be had in this kind of soak, so that what it would show is not judged. */
export function absence(name: InstrumentName, { facts, samples }: Seen): string | undefined {
  if (name === 'engineCpuSeconds') {
    const isWanted = facts.engineCpuMark !== undefined;
    const isTold = samples.some(({ engineCpuSeconds }) => engineCpuSeconds !== undefined);
    return isWanted || isTold ? undefined : 'the process of the engine was not found';
  }
  const isOurs = facts.options.attach === undefined;
  if (isOurs) return undefined;
  if (name === 'proxy') return 'no proxy stands between an attached agent and its engine';
  if (name === 'agentLogLines' && facts.agentLogLines === undefined)
    return 'the log of an attached agent is not read';
  return undefined;
}

/** Of the census every kind is told, 0 or not; one that is missing was not looked at. */
function silenceOfKinds({ run }: Seen): string | undefined {
  const kinds = new Set(run.flatMap(({ unowned }) => Object.keys(unowned ?? {})));
  const lacking = [...kinds].filter((kind) => run.some(({ unowned }) => unowned && !(kind in unowned)));
  return lacking.length > 0 ? `${lacking.join(', ')} of unowned is not told throughout` : undefined;
}

/** The longest time in the run, without its faults, in which it told nothing. */
function longestSilence({ stretches }: Seen, read: (sample: Sample) => number | undefined): number {
  const silences = stretches.flatMap((stretch) => {
    const told = stretch.filter((sample) => Number.isFinite(read(sample))).map(({ seconds }) => seconds);
    const times = [stretch[0].seconds, ...told, stretch[stretch.length - 1].seconds];
    return times.slice(1).map((seconds, i) => seconds - times[i]);
  });
  return Math.max(0, ...silences);
}

function silenceOfSamples(name: keyof typeof SAMPLED, seen: Seen): string | undefined {
  const [life, read] = SAMPLED[name];
  const isRare = NOW_AND_THEN.includes(name);
  const looked = isRare ? seen.samples : seen.calm;
  const told = looked.map((sample) => read(sample) ?? Number.NaN).filter(Number.isFinite);
  const share = told.length / looked.length;
  if (seen.run.length === 0 || told.length === 0 || (!isRare && share < TOLD_SHARE)) {
    return `${name} is told in ${figure(told.length)} of ${counted(looked.length, 'sample')}`;
  }
  const { share: longest, seconds, secondsOfRare } = LONGEST_SILENCE;
  const silent = longestSilence(seen, read);
  if (silent > Math.max(isRare ? secondsOfRare : seconds, seen.runSeconds * longest))
    return `${name} told nothing for ${figure(silent)} s`;
  if (life === 'told') return undefined;
  if (life === 'lives') return told.every((value) => value <= 0) ? `${name} reads 0 throughout` : undefined;
  if (life !== 'counts' && told.some((value) => value <= 0)) return `${name} reads 0`;
  if (life === 'rises' && !rises(seen, read)) return `${name} is no higher with containers than without`;
  if (life === 'breathes' && !breathes(seen, read)) return `${name} stood still for half of the run`;
  if (life !== 'counts') return undefined;
  if (name === 'heartbeats' && seen.runSeconds <= HEARTBEAT_SECONDS) return undefined;
  return increased(seen, read) > 0 ? undefined : `${name} stood at ${figure(told[0])} throughout the run`;
}

function rises({ baseline, run }: Seen, read: (sample: Sample) => number | undefined): boolean {
  const figures = (samples: readonly Sample[]): number[] => samples.flatMap((sample) => read(sample) ?? []);
  return Math.max(...figures(run)) > Math.min(...figures(baseline));
}

function breathes({ run }: Seen, read: (sample: Sample) => number | undefined): boolean {
  const half = run[0].seconds + (run[run.length - 1].seconds - run[0].seconds) / 2;
  const figures = run.filter((sample) => sample.seconds >= half).flatMap((sample) => read(sample) ?? []);
  return figures.length < ENOUGH_TO_BREATHE || new Set(figures).size > 1;
}

function total(figures: Readonly<Record<string, number>> | undefined): number | undefined {
  if (!figures || Object.keys(figures).length === 0) return undefined;
  let sum = 0;
  for (const value of Object.values(figures)) sum += value;
  return sum;
}

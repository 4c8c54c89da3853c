/** What `GET /api/v1/flow` answers, and what it says of the pipeline's parts. Times are RFC 3339. */
import type { Ledger } from './ledger.js';

export interface FlowSource {
  readonly name: string;
  readonly type: string;
  readonly state: string;
  /** One sentence; empty where nothing is wrong. */
  readonly reason: string;
  /** How many are read how. */
  readonly containers: { readonly file: number; readonly api: number; readonly none: number };
  /** Open streams of the engine's API, how many there may be, and who waits for a turn. */
  readonly streams: number;
  readonly streamCapacity: number;
  readonly waiting: number;
  readonly lines: number;
  readonly linesPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface FlowJournal {
  readonly bytes: number;
  /** What it may hold now: the disk's free space may allow less than `maxBytes`. */
  readonly capacity: number;
  readonly maxBytes: number;
  readonly segments: number;
  readonly oldest: string | null;
  readonly lines: number;
  readonly linesPerSecond: number;
  readonly uncommitted: number;
  readonly damagedBlocks: number;
  readonly lastError: string | null;
  /** What sinks have not read yet. */
  readonly neededBy: readonly { readonly sink: string; readonly bytes: number }[];
}

export interface FlowSink {
  readonly name: string;
  readonly type: string;
  readonly state: string;
  readonly reason: string;
  readonly linesPerSecond: number;
  readonly lines: number;
  readonly pending: number;
  readonly pendingBytes: number;
  readonly lagSeconds: number;
  readonly circuit: string;
  readonly lastError: string | null;
  /** By reason. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly dropped: number;
}

export interface Flow {
  readonly sources: readonly FlowSource[];
  readonly journal: FlowJournal;
  readonly sinks: readonly FlowSink[];
  readonly ledger: Ledger;
}

/** `none`: neither good nor bad. */
export type Tone = 'good' | 'warn' | 'bad' | 'none';

export interface Condition {
  readonly tone: Tone;
  /** Two or three words. */
  readonly words: string;
}

const SINK_STATES: Readonly<Record<string, Condition>> = {
  opening: { tone: 'none', words: 'opening' },
  idle: { tone: 'good', words: 'up to date' },
  delivering: { tone: 'good', words: 'delivering' },
  limited: { tone: 'warn', words: 'held back by the server' },
  retrying: { tone: 'warn', words: 'failing, tried again' },
  closed: { tone: 'none', words: 'closed' },
};

export function conditionOfSink({
  state,
  circuit,
  reason,
}: Pick<FlowSink, 'state' | 'circuit' | 'reason'>): Condition {
  if (circuit === 'open') return { tone: 'bad', words: 'failing, circuit open' };
  if (circuit === 'half-open') return { tone: 'bad', words: 'failing, one try under way' };
  const condition = Object.hasOwn(SINK_STATES, state)
    ? SINK_STATES[state]
    : { tone: 'none' as const, words: state };
  return reason !== '' && condition.tone === 'good' ? { ...condition, tone: 'warn' } : condition;
}

export function conditionOfSource({
  state,
  reason,
  linesPerSecond,
}: Pick<FlowSource, 'state' | 'reason' | 'linesPerSecond'>): Condition {
  if (state === 'unhealthy') return { tone: 'bad', words: 'not working' };
  if (state === 'degraded' || reason !== '') return { tone: 'warn', words: 'in trouble' };
  return { tone: 'good', words: linesPerSecond > 0 ? 'reading' : 'quiet' };
}

export function conditionOfJournal({
  bytes,
  capacity,
  lastError,
  damagedBlocks,
  neededBy,
}: FlowJournal): Condition {
  if (lastError !== null) return { tone: 'bad', words: 'cannot write' };
  if (damagedBlocks > 0) return { tone: 'warn', words: 'damaged blocks' };
  const needed = Math.max(0, ...neededBy.map(({ bytes }) => bytes));
  if (capacity > 0 && needed > 0.8 * capacity) return { tone: 'warn', words: 'nearly full of unread lines' };
  return { tone: 'good', words: bytes > 0.95 * capacity ? 'full, oldest go' : 'writing' };
}

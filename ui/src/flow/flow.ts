/** What `GET /api/v1/flow` says of the pipeline's parts, in a tone and in words. */
import type { FlowJournal, FlowSink, FlowSource } from '../../../src/server/shapes/flow.js';

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

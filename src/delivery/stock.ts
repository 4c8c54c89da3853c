/**
 * Brings a sink's totals to where its cursor is when it is opened. The two agree where the journal keeps the cursor: both
 * are of one commit. They do not
 *
 * - for a sink that was not there before: what lies before its cursor is not its own;
 * - where segments went and no commit told it, or the sink was not configured then: what is missing is lost;
 * - for a sink that keeps its own cursor, which a kill leaves ahead of the journal's, and a power failure behind it: the
 *   blocks between the two are counted again, from their directories, with the sink's `match` of today. What of them the
 *   journal no longer has counts as delivered: the sink has passed it.
 */
import type { Journal, JournalCursor, Loss } from '../journal/types.js';
import type { Cursor } from '../pipeline/contract.js';
import { LANES } from '../pipeline/streams.js';
import type { Ledger } from './ledger.js';
import type { Selection } from './selection.js';

const READ_BYTES = 1024 * 1024;

export interface StockParts {
  readonly journal: Pick<Journal, 'openCursor' | 'linesGone' | 'stats'>;
  readonly ledger: Ledger;
  readonly selection: Selection;
  /** The sink's own, where it keeps one. */
  readonly retained: Cursor | undefined;
}

/** What is to be counted of one lane. */
interface Lane {
  readonly lane: number;
  /** Up to where the totals speak, and the cursor's place: both not before the oldest segment. */
  readonly from: number;
  readonly to: number;
  /** Before `from`, lost or passed; or before the sink's time. */
  readonly missing: number;
  readonly loss: Loss | undefined;
}

/**
 * To be called in one step with the opening of the cursor, and before anything is delivered. What it finds is counted,
 * and the cursor stored with it, in the step in which the promise resolves. Rejects as `read` does, with nothing counted.
 */
export async function takeStock(parts: StockParts, cursor: JournalCursor): Promise<void> {
  const { ledger, retained } = parts;
  const isNew = !ledger.hasBegun;
  const lanes = cursor.value.map((_, lane) => compare(parts, cursor, lane));
  const between = lanes.filter(({ from, to }) => from !== to);
  const counted =
    between.length > 0
      ? await count(parts, cursor.name, between)
      : new Map<number, { wanted: number; others: number }>();
  if (isNew) ledger.begin(Date.now());
  for (const { lane, missing, loss, from, to } of lanes) {
    const { wanted = 0, others = 0 } = counted.get(lane) ?? {};
    const sign = to < from ? -1 : 1;
    ledger.taken(lane, missing + sign * (wanted + others));
    if (isNew) ledger.before(missing + wanted + others);
    else ledger.recounted((loss ? 0 : missing) + sign * wanted, sign * others);
  }
  const losses = lanes.flatMap(({ lane, loss }) => (loss ? [{ ...loss, lane }] : []));
  if (losses.length > 0) ledger.lostMeanwhile(losses);
  const at = lanes.map(({ to }) => to);
  const hasMoved = isNew || between.length > 0 || at.some((lsn, lane) => lsn !== cursor.value[lane]);
  if (hasMoved) cursor.advance(at, retained);
}

function compare({ journal, ledger }: StockParts, cursor: JournalCursor, lane: number): Lane {
  const oldest = journal.stats.oldestLsn;
  const gone = journal.linesGone(lane);
  const at = cursor.value[lane];
  const to = Math.max(at, oldest);
  const stored = ledger.hasBegun ? cursor.stored?.[lane] : undefined;
  const from = Math.max(stored ?? oldest, oldest);
  const isBehind = stored === undefined || stored < oldest;
  const missing = isBehind ? gone - ledger.takenOf(lane) : 0;
  // Of a new sink nobody knows how much that was, and a sink that lost what it had counted cannot tell either.
  const lines = stored === undefined ? 0 : missing;
  const hasLost = at < oldest && (lines > 0 || stored === undefined || stored > at);
  const loss = hasLost ? ({ why: 'cap', lines, fromLsn: at, toLsn: oldest } as const) : undefined;
  return { lane, from, to, missing, loss };
}

/** Lines of each lane between its two places, by whether the sink wants them. */
async function count(
  { journal, ledger, selection }: StockParts,
  name: string,
  lanes: readonly Lane[],
): Promise<Map<number, { wanted: number; others: number }>> {
  const begin = Array<number>(LANES).fill(journal.stats.oldestLsn);
  for (const { lane, from, to } of lanes) begin[lane] = Math.min(from, to);
  const reader = journal.openCursor(`${name} (counting)`, begin);
  try {
    await reader.locate();
    const counted = new Map<number, { wanted: number; others: number }>();
    for (const { lane, from, to } of lanes) {
      const lines = { wanted: 0, others: 0 };
      const end = Math.max(from, to);
      const before = reader.linesBefore(lane);
      let damaged = 0;
      for (let at = begin[lane]; at < end; ) {
        const { blocks, losses, next } = await reader.read(lane, at, READ_BYTES);
        for (const loss of losses) {
          if (loss.toLsn <= end) lines.wanted += loss.lines;
          else damaged += loss.lines;
        }
        for (const block of blocks) {
          if (block.lsn >= end) continue;
          const others = selection.linesOfOthers(block);
          lines.others += others;
          lines.wanted += block.lines - others;
        }
        if (next === at) break;
        at = next;
      }
      // Of damage in the last segment only what was counted at `from` tells whether it lies before that.
      const hidden = from > to ? ledger.takenOf(lane) - before - lines.wanted - lines.others : 0;
      lines.wanted += Math.max(0, Math.min(hidden, damaged));
      counted.set(lane, lines);
    }
    return counted;
  } finally {
    reader.close();
  }
}

/** The newest lines of the journal that a client wants, for the tail to begin with. */
import { setImmediate } from 'node:timers/promises';
import type { Block } from '../../pipeline/contract.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { type Labels, parseLabelText } from '../../pipeline/streams.js';
import { type StreamFacts, streamFacts } from '../../query/shown-line.js';
import { type LineBytes, lineEvent } from './line.js';
import type { Selection } from './selection.js';

/** What a client is kept waiting for at most, in characters. */
const MAX_CHARS = 512 * 1024;

interface Candidate extends LineBytes {
  readonly facts: StreamFacts;
}

/** Events of the last `count` lines by time, fewer where they are long. Lets the event loop breathe after each block. */
export async function firstLines(
  blocks: readonly Block[],
  count: number,
  selection: Selection,
  signal: AbortSignal,
): Promise<string[]> {
  const lines = new BlockLines();
  const found: Candidate[] = [];
  for (const block of blocks) {
    if (signal.aborted) return [];
    try {
      decodeBlock(block.payload, lines);
      collect(lines, block.lane, selection, found);
    } catch {
      // The readers that must account for damage count it; here it is only not shown.
    }
    await setImmediate();
  }
  found.sort((a, b) => a.seconds - b.seconds || a.nanos - b.nanos);
  const events: string[] = [];
  let chars = 0;
  for (const line of found.slice(-count).reverse()) {
    const event = lineEvent(line.facts, line, true);
    chars += event.length;
    if (chars > MAX_CHARS) break;
    events.push(event);
  }
  return events.reverse();
}

function collect(lines: BlockLines, lane: number, selection: Selection, found: Candidate[]): void {
  const { data } = lines;
  const wanted = lines.streams.map((text): { facts: StreamFacts; labels: Labels } | undefined => {
    const labels = parseLabelText(text);
    const facts = streamFacts(labels, text);
    return selection.wantsStream(lane, facts.container, labels) ? { facts, labels } : undefined;
  });
  selection.begin(data);
  for (let row = 0; row < lines.length; row++) {
    const stream = wanted[lines.stream[row]];
    const start = lines.start[row];
    const end = lines.end[row];
    const from = lines.metadataStart[row];
    const to = lines.metadataEnd[row];
    if (!stream || !selection.wants(start, end, from, to, stream.labels)) continue;
    const { facts } = stream;
    const seconds = lines.seconds[row];
    const nanos = lines.nanos[row];
    found.push({ facts, data, start, end, pairs: data, from, to, seconds, nanos });
  }
}

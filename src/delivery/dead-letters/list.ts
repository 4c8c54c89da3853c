/** Dead letters line by line, page by page, in the order in which they were written. */
import { isUtf8 } from 'node:buffer';
import { shownLabels } from '../../pipeline/hidden-labels.js';
import { timeText } from '../../pipeline/line-time.js';
import { fieldsIn } from '../../pipeline/metadata.js';
import { BlockLines, decodeBlock } from '../../pipeline/push-request.js';
import { type Labels, parseLabelText } from '../../pipeline/streams.js';
import type { BundleFacts, StoredBundle } from './bundles.js';
import { isMeant, type LetterFilter } from './filter.js';
import type { DeadLetters } from './store.js';

/** A page ends with the line that brings it beyond. */
const PAGE_BYTES = 1024 * 1024;

/** One line that a sink refused, as everybody sees it. */
export interface DeadLetter {
  /** `<bundle>-<line>`; a line that is refused once more gets another one. */
  readonly id: string;
  readonly sink: string;
  readonly reason: string;
  /** What the sink's server said of it, or of one refused with it; empty where it was not asked. */
  readonly said: string;
  readonly tenant: string | undefined;
  readonly attempts: number;
  /** RFC 3339; `time` is the line's own, with nanoseconds. */
  readonly rejected: string;
  readonly time: string;
  readonly labels: Labels;
  readonly line: string;
  /** Structured metadata of the line, where it has any. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The line's bytes, where they are no UTF-8. */
  readonly base64?: string;
}

export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

export interface PlaceOfLetter {
  readonly bundle: number;
  readonly line: number;
}

const ID = /^(\d{1,15})-(\d{1,9})$/;

/** The place that an id names; undefined for what is none. */
export function placeOf(id: string): PlaceOfLetter | undefined {
  const [, bundle, line] = ID.exec(id) ?? [];
  return bundle === undefined ? undefined : { bundle: Number(bundle), line: Number(line) };
}

/** At most `limit` letters from `from` on. Rejects with a system error. */
export async function listLetters(
  store: DeadLetters,
  filter: LetterFilter,
  from: PlaceOfLetter,
  limit: number,
): Promise<DeadLetterPage> {
  const letters: DeadLetter[] = [];
  let bytes = 0;
  for (const facts of store.bundles()) {
    if (facts.id < from.bundle || !isMeant(facts, filter)) continue;
    const stored = await store.read(facts);
    if (!stored) continue;
    for (const letter of lettersOf(facts, stored, facts.id === from.bundle ? from.line : 0)) {
      if (letters.length >= limit || bytes >= PAGE_BYTES) return { letters, next: letter.id };
      letters.push(letter);
      bytes += letter.line.length;
    }
  }
  return { letters, next: undefined };
}

/** Labels that nobody can read are a reason to refuse lines. */
function labelsOf(text: string): Labels {
  try {
    return shownLabels(parseLabelText(text));
  } catch {
    return { unreadable: text };
  }
}

function* lettersOf(
  { id }: BundleFacts,
  { bundle, payload }: StoredBundle,
  from: number,
): Iterable<DeadLetter> {
  const { sink, reason, said, tenant, attempts, rejectedMs } = bundle;
  const common = { sink, reason, said, tenant, attempts, rejected: new Date(rejectedMs).toISOString() };
  const lines = new BlockLines();
  decodeBlock(payload, lines);
  const labels = lines.streams.map(labelsOf);
  for (let row = from; row < lines.length; row++) {
    const bytes = lines.data.subarray(lines.start[row], lines.end[row]);
    const fields = fieldsIn(lines.data, lines.metadataStart[row], lines.metadataEnd[row]);
    yield {
      id: `${id}-${row}`,
      ...common,
      time: timeText(lines.seconds[row], lines.nanos[row]),
      labels: labels[lines.stream[row]],
      line: bytes.toString('utf8'),
      ...(fields && { fields }),
      ...(isUtf8(bytes) ? {} : { base64: bytes.toString('base64') }),
    };
  }
}

/**
 * Which labels the lines of the history have, and how far back it goes: JSON
 * `{"labels":{"container":["web",…],…},"oldest":time|null,"newest":time|null}`, names of the newest segments first.
 */
import { EMPTY_SPAN, type Span, widened } from '../../journal/span.js';
import { shownLabels } from '../../pipeline/hidden-labels.js';
import { timeText } from '../../pipeline/line-time.js';
import { parseLabelText } from '../../pipeline/streams.js';
import type { Job, JobContext } from '../job-context.js';
import type { LabelsRequest } from '../requests.js';

const MAX_VALUES = 1_000;

export async function* labels({ archive, onSpan }: JobContext, { files }: LabelsRequest): Job {
  const values = new Map<string, Set<string>>();
  const texts = new Set<string>();
  let span: Span = EMPTY_SPAN;
  for (const file of files.toReversed()) {
    const index = await archive.index(file);
    if (index && index.length > 0) span = widened(span, ...index.span);
    if (index && !file.span && index.damaged === 0) onSpan(file.base, index.span);
    for (const text of index?.labels.toReversed() ?? []) {
      if (texts.has(text)) continue;
      texts.add(text);
      for (const [name, value] of Object.entries(shownLabels(parseLabelText(text)))) add(values, name, value);
    }
    yield undefined;
  }
  const [first, last] = span;
  yield JSON.stringify({
    labels: Object.fromEntries([...values].map(([name, values]) => [name, [...values]])),
    oldest: first > last ? null : timeText(first, 0),
    // All of its second.
    newest: first > last ? null : timeText(last, 999_999_999),
  });
}

function add(values: Map<string, Set<string>>, name: string, value: string): void {
  const known = values.get(name) ?? new Set();
  if (known.size < MAX_VALUES) known.add(value);
  values.set(name, known);
}

/** Stages that let lines through or not: drop, limit, sampling; and `match`, which has stages of its own. */
import { LEVELS, parseQuery, type Query, queryText } from '../../../query/index.js';
import { whyNotPattern } from '../patterns.js';
import type { Section } from '../section.js';
import { isTrue, whole } from '../units.js';
import type { Pipeline } from './pipeline.js';

/** Of a processor `rate_limit`. */
const MOST_A_SECOND = 10_000_000;

export function drop(stage: Section, to: Pipeline): void {
  stage.pass('drop_counter_reason', 'separator');
  const sources = stage.texts('source');
  const expression = stage.text('expression');
  const value = stage.text('value');
  const olderThan = stage.text('older_than');
  const longerThan = stage.text('longer_than');
  const missing = (text: string): void => to.draft.missing(stage, text);
  if (olderThan !== undefined)
    return missing('lines are not dropped by their age; max_age of the sink refuses old ones.');
  if (longerThan !== undefined)
    return missing('lines are not dropped by their length; max_line_bytes of the source cuts long ones.');
  if (sources.length > 1)
    return missing('one field is looked at, not several; write a query under drop of a "filter".');
  const why = expression === undefined ? undefined : whyNotPattern(expression);
  if (why !== undefined) return missing(`the expression is not possible here: ${why}.`);
  const [source] = sources;
  const query: Query = { labels: [], lines: [], levels: [], fields: [] };
  if (source === undefined) {
    if (expression === undefined) return missing('it does not say what is dropped.');
    to.addReader('filter', {
      drop: [queryText({ ...query, lines: [{ operator: '|~', value: expression }] })],
    });
    return;
  }
  const name = to.name(source) ?? source;
  if (!/^[A-Za-z_]\w*$/.test(name)) return missing(`"${source}" is no field.`);
  const isLevel = /^(?:detected_)?level$/.test(name);
  const wanted = isLevel ? value?.toLowerCase() : value;
  // A pattern is looked for anywhere in the value there, and is of all of it here.
  const test =
    expression === undefined
      ? ({ name, operator: wanted === undefined ? '!=' : '=', value: wanted ?? '' } as const)
      : ({ name, operator: '=~', value: `(?${isLevel ? 'is' : 's'}).*(?:${expression}).*` } as const);
  const text = queryText(isLevel ? { ...query, levels: [test] } : { ...query, fields: [test] });
  to.add('filter', { drop: [text] });
  if (isLevel && wanted !== undefined && !(LEVELS as readonly string[]).includes(wanted))
    to.draft.different(
      stage,
      `"level" is one of ${LEVELS.join(', ')} in queries; write the one that is meant.`,
    );
}

export function limit(stage: Section, to: Pipeline): void {
  const rate = Math.min(Number(stage.text('rate')), MOST_A_SECOND);
  const burst = whole(stage.text('burst'), 1, MOST_A_SECOND);
  stage.pass('by_label_name', 'max_distinct_labels', 'drop');
  if (!(rate > 0)) return to.draft.missing(stage, 'it has no rate above 0.');
  if (!isTrue(stage.text('drop')))
    to.draft.missing(
      stage,
      'lines above the rate are dropped here, and wait there; the history takes bursts, so leave the processor "rate_limit" out to have them all.',
    );
  to.draft.different(stage, 'the rate is that of each stream, not of all together.');
  to.add('rate_limit', { lines_per_second: rate, ...(burst === undefined ? {} : { burst }) });
}

export function sampling(stage: Section, to: Pipeline): void {
  stage.pass('drop_counter_reason');
  const rate = Number(stage.text('rate'));
  if (rate > 0 && rate <= 1) to.add('sample', { rate });
  else to.draft.missing(stage, 'its rate is not above 0 and at most 1.');
}

/** Stages for some lines only. Answers the stages, and what they are for; undefined where there is nothing more to do. */
export function match(stage: Section, to: Pipeline): Pipeline | undefined {
  stage.pass('pipeline_name', 'drop_counter_reason');
  const selector = stage.text('selector') ?? '';
  const query = queryOf(selector);
  const isDropping = stage.text('action') === 'drop';
  if (!query) {
    stage.pass('stages');
    to.draft.missing(
      stage,
      'its selector has more than labels and |= != |~ !~, which is not known here; its stages are left out.',
    );
    return undefined;
  }
  if (isDropping) {
    stage.pass('stages');
    to.addReader('filter', { drop: [queryText(query)] });
    return undefined;
  }
  if (query.lines.length + query.fields.length + query.levels.length > 0) {
    stage.pass('stages');
    to.draft.missing(
      stage,
      'processors are for streams, chosen by labels; what only some lines of a stream should pass is left out.',
    );
    return undefined;
  }
  return to.within(query.labels);
}

function queryOf(selector: string): Query | undefined {
  if (!selector.trim().startsWith('{')) return undefined;
  try {
    return parseQuery(selector);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

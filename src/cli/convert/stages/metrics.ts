/** The stage `metrics`: a processor of that name. */
import { queryText } from '../../../query/index.js';
import type { Draft, Tree } from '../draft.js';
import type { Section } from '../section.js';
import { isTrue } from '../units.js';
import { notFound, type Pipeline } from './pipeline.js';

export function metrics(stage: Section, to: Pipeline): void {
  const known = namesOf(to.draft);
  const list = stage.places().flatMap(({ name, ...place }) => {
    const metric = stage.section(name);
    const converted = metric ? convertMetric(name, metric, to, known) : undefined;
    if (typeof converted !== 'string') return converted ? [converted] : [];
    to.draft.missing(place, converted);
    return [];
  });
  if (list.length === 0) return;
  to.add('metrics', { metrics: list });
  to.draft.different(
    stage,
    'metrics are called log_capturer_custom_… here, and have the labels that each names under labels; look at dashboards and alerts.',
  );
}

const TWICE = 'a metric of that name is there already; give it another one.';

/** Of all processors so far. */
function namesOf({ processors }: Draft): Set<string> {
  return new Set(
    processors.flatMap(({ metrics = [] }) => (metrics as readonly Tree[]).map(({ name }) => String(name))),
  );
}

function isNew(name: string, known: Set<string>): boolean {
  return !known.has(name) && known.add(name).has(name);
}

/** A metric, or why there is none. */
function convertMetric(name: string, metric: Section, to: Pipeline, known: Set<string>): Tree | string {
  const kind = (metric.text('type') ?? '').toLowerCase();
  const source = metric.text('source') || name;
  const help = metric.text('description') || undefined;
  metric.pass('prefix', 'max_idle_duration');
  const config = metric.section('config');
  const action = config?.text('action')?.toLowerCase();
  const wanted = config?.text('value');
  const isAll = isTrue(config?.text('match_all'));
  const buckets = (config?.texts('buckets') ?? []).map(Number);
  const plain = name.replace(/\W/g, '_').replace(/^[^A-Za-z]+/, '');
  if (!/^[A-Za-z]\w{0,90}$/.test(plain)) return 'its name has no letters of ASCII, or too many.';
  if (kind !== 'counter' && kind !== 'histogram')
    return `there is no "${kind}"; counters and histograms there are.`;
  if (isTrue(config?.text('count_entry_bytes')))
    return 'bytes of lines are counted for all containers already: log_capturer_bytes_read_total.';
  const isNumber = kind === 'histogram' || action === 'add';
  const field = isNumber ? to.field(source) : to.name(source);
  if (field === undefined && !isAll) return notFound(source);
  if (kind === 'histogram') {
    if (buckets.some((bound, i) => !Number.isFinite(bound) || (i > 0 && bound <= buckets[i - 1])))
      return 'its buckets do not rise.';
    const own = plain.replace(/_(?:total|bucket|sum|count)$/, '');
    if (!isNew(own, known)) return TWICE;
    return {
      name: own,
      kind,
      ...(help ? { help } : {}),
      value: field,
      ...(buckets.length > 0 ? { buckets } : {}),
    };
  }
  const own = plain.endsWith('_total') ? plain : `${plain}_total`;
  if (!isNew(own, known)) return TWICE;
  const where = isAll || action === 'add' || field === undefined ? undefined : whereText(field, wanted);
  return {
    name: own,
    ...(help ? { help } : {}),
    ...(where === undefined ? {} : { where }),
    ...(action === 'add' && field !== undefined ? { value: field } : {}),
  };
}

function whereText(name: string, value: string | undefined): string {
  const test =
    value === undefined ? ({ operator: '!=', value: '' } as const) : ({ operator: '=', value } as const);
  const isLevel = /^(?:detected_)?level$/.test(name);
  return queryText({
    labels: [],
    lines: [],
    levels: isLevel ? [test] : [],
    fields: isLevel ? [] : [{ name, ...test }],
  });
}

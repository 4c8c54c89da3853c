/**
 * Prometheus' text exposition format 0.0.4, read strictly and without the library that wrote it:
 *
 *   # HELP name text
 *   # TYPE name counter|gauge|histogram
 *   name{label="value",…} number        values escape \\, \" and \n
 *
 * A family is in one piece and has both comments before its samples; no series comes twice.
 */
export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;

export class Exposition {
  readonly families = new Map<string, Family>();
  /** `name{a="b",c="d"}`, labels sorted by name. */
  readonly series = new Map<string, number>();
  /** All label sets of a sample name, with their values. */
  readonly byName = new Map<string, [labels: Readonly<Record<string, string>>, value: number][]>();

  /** Throws on whatever the format does not allow, and on counters and histograms that cannot be. */
  constructor(text: string) {
    if (!text.endsWith('\n')) throw new Error('The last line does not end.');
    let help: { name: string; text: string } | undefined;
    let current: { name: string; type: Family['type'] } | undefined;
    for (const line of text.slice(0, -1).split('\n')) {
      const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
      if (line === '') continue;
      if (comment?.[1] === 'HELP') {
        help = { name: comment[2], text: comment[3] };
        current = undefined;
      } else if (comment) {
        const [, , name, type] = comment;
        if (help?.name !== name) throw new Error(`${name} has no help before its type.`);
        if (!NAME.test(name) || this.families.has(name))
          throw new Error(`${name} is no name, or comes twice.`);
        if (type !== 'counter' && type !== 'gauge' && type !== 'histogram')
          throw new Error(`What is a ${type}?`);
        if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is a ${type}.`);
        this.families.set(name, { type, help: help.text });
        current = { name, type };
      } else this.#addSample(line, current);
    }
    for (const [name, { type }] of this.families) if (type === 'histogram') this.#checkHistogram(name);
  }

  /** The value of a series; undefined where there is none. */
  get(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return this.series.get(seriesName(name, labels));
  }

  /** Over all label sets of a name. */
  sum(name: string): number {
    return (this.byName.get(name) ?? []).reduce((sum, [, value]) => sum + value, 0);
  }

  /** The values of one label of a name. */
  labelValues(name: string, label: string): string[] {
    return (this.byName.get(name) ?? []).map(([labels]) => labels[label]);
  }

  #addSample(line: string, family: { name: string; type: Family['type'] } | undefined): void {
    const match = SAMPLE.exec(line);
    if (!match) throw new Error(`Not a sample: ${line}`);
    const [, name, labelText, number] = match;
    const suffix = family && name.startsWith(family.name) ? name.slice(family.name.length) : undefined;
    const isItsOwn =
      family?.type === 'histogram' ? /^_(bucket|sum|count)$/.test(suffix ?? '') : suffix === '';
    if (!isItsOwn) throw new Error(`${name} stands below ${family?.name}.`);
    const value = numberOf(number);
    if (family?.type !== 'gauge' && !(value >= 0)) throw new Error(`${line} counts backwards.`);
    const labels = labelsOf(labelText ?? '');
    const series = seriesName(name, labels);
    if (this.series.has(series)) throw new Error(`${series} comes twice.`);
    this.series.set(series, value);
    const others = this.byName.get(name);
    if (others) others.push([labels, value]);
    else this.byName.set(name, [[labels, value]]);
  }

  /** Buckets grow up to `+Inf`, which is the count. */
  #checkHistogram(name: string): void {
    const last = new Map<string, { bound: number; value: number }>();
    for (const [{ le, ...labels }, value] of this.byName.get(`${name}_bucket`) ?? []) {
      const of = seriesName(name, labels);
      const before = last.get(of) ?? { bound: Number.NEGATIVE_INFINITY, value: 0 };
      const bound = numberOf(le);
      if (bound <= before.bound || value < before.value)
        throw new Error(`The buckets of ${of} are in disorder.`);
      last.set(of, { bound, value });
    }
    for (const [labels, count] of this.byName.get(`${name}_count`) ?? []) {
      const end = last.get(seriesName(name, labels));
      if (end?.bound !== Number.POSITIVE_INFINITY || end.value !== count)
        throw new Error(`The buckets of ${name} do not end in its count.`);
    }
  }
}

export function seriesName(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${pairs.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}}`;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const at = LABEL.lastIndex;
    const match = LABEL.exec(text);
    if (!match || match[1] in labels) throw new Error(`Not labels: ${text.slice(at)}`);
    labels[match[1]] = match[2].replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function numberOf(text: string): number {
  const special = { '+Inf': Number.POSITIVE_INFINITY, '-Inf': Number.NEGATIVE_INFINITY, NaN: Number.NaN }[
    text
  ];
  const value = special ?? Number(text);
  if (special === undefined && (text.trim() === '' || Number.isNaN(value)))
    throw new Error(`Not a number: ${text}`);
  return value;
}

/**
 * `scrape_configs`: sources, and processors for their streams.
 *
 * There the stages of a scrape are for its targets. Processors are for streams, which are chosen by labels: so a scrape's streams need
 * something that no other's have. Where they have nothing of the kind, its stages are left out rather than applied to others.
 */
import type { Comparison } from '../../pipeline/match.js';
import { escaped } from '../../query/text.js';
import { DockerTargets } from './docker.js';
import { type Draft, given } from './draft.js';
import { type FileFormat, type FileOptions, FileTargets, PodTargets } from './files.js';
import { JournalTargets, SyslogTargets } from './listeners.js';
import { type LabelChanges, type Relabelled, relabel } from './relabel.js';
import type { Section } from './section.js';
import { convertStages } from './stages/index.js';
import { Pipeline } from './stages/pipeline.js';

/** Streams of one scrape. */
interface Streams {
  readonly scrape: Section;
  readonly targets: Relabelled;
  /** True for these streams and, among those of the sources, for no others; undefined where there is no such thing. */
  readonly selector: readonly Comparison[] | undefined;
  /** By which the next processors know them, where it is theirs alone. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly fields?: readonly string[];
  /** What wraps the lines was dealt with by the source. */
  readonly isUnwrapped?: boolean;
}

/** `positions`: where Promtail keeps how far it has read. */
export function convertScrapes(root: Section, positions: string | undefined, draft: Draft): void {
  const scrapes = root.sections('scrape_configs');
  const parts = [
    // Known by what they do not have, so before others lose it.
    ...scrapes.flatMap((scrape) => journalStreams(scrape, draft)),
    ...scrapes.flatMap((scrape) => syslogStreams(scrape, draft)),
    ...fileStreams(scrapes, positions, draft),
    ...dockerStreams(scrapes, draft),
  ];
  const isAlone = parts.length === 1;
  for (const part of parts) convertStreams(isAlone ? { ...part, selector: [] } : part, parts, draft);
  for (const scrape of scrapes)
    if (!parts.some((part) => part.scrape === scrape)) explainNothing(scrape, draft);
}

function convertStreams(streams: Streams, all: readonly Streams[], draft: Draft): void {
  const { scrape, targets, selector, labels = {}, fields = [], isUnwrapped = false } = streams;
  if (!selector) return leaveOut(scrape, draft);
  const changes = relabel(scrape.sections('relabel_configs'), targets, draft);
  const [first, ...others] = scrape.sections('pipeline_stages');
  if (isUnwrapped) first?.section(firstStageOf(scrape) ?? '');
  const stages = isUnwrapped || !first ? others : [first, ...others];
  Object.assign(changes.add, labels, { ...changes.add });
  const keys = given({ ...changes });
  if (Object.keys(keys).length > 0) draft.process('labels', selector, keys);
  const behind = selectorBehind(selector, changes, all);
  if (!behind) return leaveOut(scrape, draft);
  const pipeline = new Pipeline(draft, behind);
  pipeline.know(...fields.filter((field) => !Object.values(changes.from_fields).includes(field)));
  convertStages(stages, pipeline);
}

/** What is done to streams that cannot be told from others. */
function leaveOut(scrape: Section, draft: Draft): void {
  const parts = [...scrape.sections('pipeline_stages'), ...scrape.sections('relabel_configs')];
  for (const part of parts) part.pass(...part.places().map(({ name }) => name));
  if (parts.length > 0)
    draft.missing(
      scrape,
      'its streams cannot be told from those of another scrape by their labels, so what is done to them there is left out here; give them a label of their own and write processors with a match.',
    );
}

/** By which streams are known behind the processor that changed their labels; undefined where by nothing any more. */
function selectorBehind(
  selector: readonly Comparison[],
  { rename, drop, add }: LabelChanges,
  all: readonly Streams[],
): readonly Comparison[] | undefined {
  const isNegative = selector.every(({ operator, value }) => operator === '=' && value === '');
  const job = add['job'];
  const isOwn = all.filter((other) => other.labels?.['job'] === job || knowsJob(other, job)).length <= 1;
  if (selector.length > 0 && isNegative && job !== undefined && isOwn)
    return [{ name: 'job', operator: '=', value: job }];
  if (!isNegative && selector.some(({ name }) => drop.includes(name))) return undefined;
  return selector.map((comparison) => ({ ...comparison, name: rename[comparison.name] ?? comparison.name }));
}

function knowsJob({ selector }: Streams, job: string | undefined): boolean {
  return selector?.some(({ name, value }) => name === 'job' && value.split('|').includes(job ?? '')) ?? false;
}

function journalStreams(scrape: Section, draft: Draft): Streams[] {
  const journal = scrape.section('journal');
  if (!journal) return [];
  const targets = new JournalTargets(journal, nameOf(scrape), draft);
  const selector = ['job', 'logstream', 'app_name'].map(
    (name): Comparison => ({ name, operator: '=', value: '' }),
  );
  return [{ scrape, targets, selector, labels: targets.labels, fields: ['level', 'syslog_identifier'] }];
}

function syslogStreams(scrape: Section, draft: Draft): Streams[] {
  const syslog = scrape.section('syslog');
  if (!syslog) return [];
  const targets = new SyslogTargets(syslog, nameOf(scrape), draft);
  const selector: Comparison[] = [{ name: 'app_name', operator: '=~', value: '.+' }];
  return [{ scrape, targets, selector, labels: targets.labels, fields: ['level', 'severity', 'facility'] }];
}

function fileStreams(scrapes: readonly Section[], positions: string | undefined, draft: Draft): Streams[] {
  const hasContainers = scrapes.some((scrape) => scrape.has('docker_sd_configs'));
  const groups = scrapes.flatMap((scrape) => {
    const format = formatOf(scrape);
    const encoding = scrape.text('encoding')?.toLowerCase();
    const more = given({
      promtail_positions: positions,
      encoding: encoding === 'utf-8' ? undefined : encoding,
    });
    const options: FileOptions = { name: nameOf(scrape), format, more };
    const files = scrape.sections('static_configs').map((target) => new FileTargets(target, options, draft));
    const pods = scrape.sections('kubernetes_sd_configs').slice(0, 1);
    const targets = [...files, ...pods.map((config) => new PodTargets(config, options, draft))];
    return targets.length > 0 ? [{ scrape, targets, format }] : [];
  });
  return groups.map(({ scrape, targets, format }) => {
    const jobs = [...new Set(targets.map(({ job }) => job))];
    const others = groups.filter((group) => group.scrape !== scrape).flatMap((group) => group.targets);
    const isShared = others.some(({ job }) => jobs.includes(job));
    const selector: Comparison[] = [
      jobs.length === 1
        ? { name: 'job', operator: '=', value: jobs[0] }
        : { name: 'job', operator: '=~', value: jobs.map((job) => escaped(job)).join('|') },
      // A container may be of the same job.
      ...(hasContainers ? [{ name: 'logstream', operator: '=', value: '' } as const] : []),
    ];
    return {
      scrape,
      targets: targets[0],
      selector: isShared ? undefined : selector,
      isUnwrapped: format !== 'plain' && firstStageOf(scrape) === format,
    };
  });
}

function dockerStreams(scrapes: readonly Section[], draft: Draft): Streams[] {
  const found = scrapes.flatMap((scrape) => {
    const [config, ...more] = scrape.sections('docker_sd_configs');
    for (const other of more)
      draft.missing(other, 'one engine is read by a source; add a source of type docker with its endpoint.');
    return config ? [{ scrape, config }] : [];
  });
  const known = new Map<string, DockerTargets>();
  for (const { config } of found) {
    const host = config.text('host') ?? '';
    const first = known.get(host);
    if (first) {
      first.share();
      config.pass('filters', 'refresh_interval', 'port');
    } else known.set(host, new DockerTargets(config, 'containers', draft));
  }
  return found.map(({ scrape, config }) => {
    const targets = known.get(config.text('host') ?? '') as DockerTargets;
    if (found.length > 1)
      draft.missing(
        config,
        'one source reads all containers of an engine: look at its include, and at which scrape was for which containers.',
      );
    draft.different(
      config,
      'where Promtail stopped in containers is not known: their last 24 hours come once more, and start_at: end takes new lines only. Streams have all labels of the preset promtail.',
    );
    const first = firstStageOf(scrape);
    const selector: Comparison[] = [{ name: 'logstream', operator: '=~', value: '.+' }];
    return {
      scrape,
      targets,
      selector: found.length > 1 ? undefined : selector,
      isUnwrapped: first === 'docker',
    };
  });
}

/** Names are those of Promtail's targets, where they have one. */
function nameOf(scrape: Section): string {
  return scrape.text('job_name') || 'files';
}

function formatOf(scrape: Section): FileFormat {
  const first = firstStageOf(scrape);
  return first === 'cri' || first === 'docker' ? first : 'plain';
}

function firstStageOf(scrape: Section): string | undefined {
  return scrape.sections('pipeline_stages')[0]?.places()[0]?.name;
}

function explainNothing(scrape: Section, draft: Draft): void {
  scrape.text('job_name');
  const kinds = scrape
    .places()
    .filter(({ name }) => !['job_name', 'pipeline_stages', 'relabel_configs'].includes(name));
  scrape.pass('pipeline_stages', 'relabel_configs', ...kinds.map(({ name }) => name));
  const names = kinds.map(({ name }) => name).join(', ') || 'nothing';
  draft.missing(scrape, `there is no source for ${names}; containers, files, journald and syslog there are.`);
}

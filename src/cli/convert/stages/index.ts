/** `pipeline_stages`, in their order. */
import type { Section } from '../section.js';
import { drop, limit, match, sampling } from './choose.js';
import { json, logfmt, output, regex } from './extract.js';
import { labelDrop, labels, staticLabels, structuredMetadata, tenant } from './labels.js';
import { metrics } from './metrics.js';
import type { Pipeline } from './pipeline.js';
import { multiline, replace, timestamp } from './rewrite.js';

/** `parent` holds the stage by its name, where what the stage says is a mapping of names. */
type Convert = (stage: Section, to: Pipeline, parent: Section) => void;

const STAGES: Readonly<Record<string, Convert>> = {
  drop,
  json,
  labels,
  limit,
  logfmt,
  metrics,
  multiline,
  output,
  regex,
  replace,
  sampling,
  static_labels: staticLabels,
  structured_metadata: structuredMetadata,
  tenant,
  timestamp,
};

/** What is told of stages that there are not. */
const WITHOUT: Readonly<Record<string, string>> = {
  cri: 'lines are wrapped by the runtime or they are not: this can be the first stage of files only, where it is format: cri of the source.',
  decolorize: 'colours stay in the line; the page shows none.',
  docker:
    'lines are wrapped by the engine or they are not: this can be the first stage of files only, where it is format: docker of the source.',
  eventlogmessage: 'there is no event log.',
  geoip: 'addresses are not looked up.',
  labelallow:
    'labels are dropped by their names: list those that should go in a processor "labels" under drop.',
  pack: 'what is packed into the line goes beside it: fields are sent to Loki as structured metadata, labels stay labels.',
  template: 'there are no templates; a "parse" takes fields as they are, a "labels" renames them.',
};

const MAX_DEPTH = 8;

export function convertStages(stages: readonly Section[], to: Pipeline, depth = 0): void {
  for (const stage of stages) for (const { name } of stage.places()) convertStage(stage, name, to, depth);
}

function convertStage(parent: Section, name: string, to: Pipeline, depth: number): void {
  if (name === 'labeldrop') return labelDrop(undefined, to, parent);
  const stage = parent.section(name);
  const place = parent.place(name);
  if (stage && name === 'match') {
    const inner = match(stage, to);
    if (!inner) return undefined;
    if (depth >= MAX_DEPTH) return to.draft.missing(place, 'it is nested too deeply.');
    return convertStages(stage.sections('stages'), inner, depth + 1);
  }
  if (stage && Object.hasOwn(STAGES, name)) return STAGES[name](stage, to, parent);
  parent.pass(name);
  for (const { name: key } of stage?.places() ?? []) stage?.pass(key);
  return to.draft.missing(
    place,
    Object.hasOwn(WITHOUT, name) ? WITHOUT[name] : `there is no stage "${name}" here.`,
  );
}

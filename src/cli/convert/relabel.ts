/**
 * `relabel_configs`: rules that make labels of what is known of a target. Ours come with their labels, so a rule is one of: nothing to
 * do, another name, a label taken from the container or a field, a fixed value, a choice of targets. What is none of that is told.
 */
import type { Draft } from './draft.js';
import { textsOf } from './patterns.js';
import type { Place, Section } from './section.js';

/** What a kind of source makes of `__meta_…` and the like. */
export type Origin =
  /** A label that its streams have anyway. */
  | { readonly label: string }
  /** A field that its lines have. */
  | { readonly field: string }
  /** It sees to the label itself. */
  | { readonly take: (target: string, rule: Place) => void }
  /** Why there is nothing like it, and what to do. */
  | { readonly missing: string };

export interface Relabelled {
  /** What the names of hidden labels are of: `__meta_docker_container_name`. */
  origin(name: string): Origin | undefined;
  /** Captures only, or leaves out, what matches. False where it cannot. */
  choose?(name: string, pattern: string, action: 'keep' | 'drop', rule: Place): boolean;
}

/** What remains to be done by a processor `labels`. */
export interface LabelChanges {
  readonly drop: string[];
  readonly rename: Record<string, string>;
  readonly add: Record<string, string>;
  readonly from_fields: Record<string, string>;
}

/** The whole value, or the whole without the slash that names of containers begin with. */
const WHOLE = /^\^?(?:\/\??)?\(\.[*+]\)\$?$/;
const FIRST_GROUP = /^\$?\$(?:1|\{1\})$/;
/** Means nothing to a label: where a target is reached, and what other rules are made of. */
const INNER = /^__(?:path__|path_exclude__|host__|address__|tmp)/;

export function relabel(rules: readonly Section[], to: Relabelled, draft: Draft): LabelChanges {
  const changes: LabelChanges = { drop: [], rename: {}, add: {}, from_fields: {} };
  for (const rule of rules) applyRule(rule, to, changes, draft);
  return changes;
}

function applyRule(rule: Section, to: Relabelled, changes: LabelChanges, draft: Draft): void {
  const action = (rule.text('action') || 'replace').toLowerCase();
  const sources = rule.texts('source_labels');
  const pattern = rule.text('regex') ?? '(.*)';
  const replacement = rule.text('replacement') ?? '$1';
  const target = rule.text('target_label') ?? '';
  rule.text('separator');
  const missing = (text: string): void => draft.missing(rule, text);

  if (action === 'labeldrop') {
    const names = textsOf(pattern);
    if (names) changes.drop.push(...names.filter((name) => !name.startsWith('__')));
    else
      missing(
        `labels are dropped by their names, not by a pattern; list them in a processor "labels" under drop.`,
      );
    return;
  }
  if (action === 'keep' || action === 'drop') {
    if (sources.length === 1 && to.choose?.(sources[0], pattern, action, rule)) return;
    missing(
      `"${action}" by ${sources.join(' and ') || 'nothing'} has no counterpart; choose with include and exclude of the source, or with a processor "filter".`,
    );
    return;
  }
  if (action !== 'replace') {
    missing(
      `there is no "${action}"; name the labels one by one, in container_labels or a processor "labels".`,
    );
    return;
  }
  if (INNER.test(target)) return;
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(target) || target.startsWith('__')) {
    missing(
      target === '__tenant_id__'
        ? 'the tenant by target is the label that tenant_label of the sink names.'
        : 'its target_label is no label of a stream.',
    );
    return;
  }
  if (!replacement.includes('$')) {
    if (sources.length === 0 || pattern === '(.*)') changes.add[target] = replacement;
    else
      missing(
        'a fixed value where a pattern matches has no counterpart; a processor "labels" with a match may do.',
      );
    return;
  }
  const [name] = sources;
  const isWhole = WHOLE.test(pattern) && FIRST_GROUP.test(replacement);
  if (sources.length !== 1 || !isWhole) {
    missing(
      `values of ${sources.join(' and ') || 'labels'} are taken whole here, not cut or joined; look whether the label "${target}" is needed.`,
    );
    return;
  }
  const origin = to.origin(name);
  if (origin === undefined) missing(`${name} is not known here, so there is no label "${target}".`);
  else if ('missing' in origin) missing(`no label "${target}": ${origin.missing}`);
  else if ('take' in origin) origin.take(target, rule);
  else if ('field' in origin) changes.from_fields[target] = origin.field;
  else if (origin.label === target) return;
  else if (Object.hasOwn(changes.rename, origin.label))
    missing(
      `the label "${origin.label}" is "${changes.rename[origin.label]}" already, and has one name only.`,
    );
  else changes.rename[origin.label] = target;
}

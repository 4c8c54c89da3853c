/** Stages that change labels, the tenant, or what goes beside a line. */
import { textsOf } from '../patterns.js';
import type { Section } from '../section.js';
import { notFound, type Pipeline } from './pipeline.js';

const TENANT = 'tenant';

export function labels(_stage: Section, to: Pipeline, parent: Section): void {
  const from: Record<string, string> = {};
  for (const { name, value, ...place } of parent.entries('labels')) {
    const source = value || name;
    const field = to.field(source);
    if (field !== undefined) from[name] = field;
    else to.draft.missing(place, `${notFound(source)} There is no label "${name}".`);
  }
  if (Object.keys(from).length > 0) to.add('labels', { from_fields: from });
  for (const [label, field] of Object.entries(from)) to.becomesLabel(field, label);
}

export function staticLabels(_stage: Section, to: Pipeline, parent: Section): void {
  const add = Object.fromEntries(parent.entries('static_labels').map(({ name, value }) => [name, value]));
  if (Object.keys(add).length > 0) to.add('labels', { add });
}

export function labelDrop(_stage: Section | undefined, to: Pipeline, parent: Section): void {
  const drop = parent.texts('labeldrop').flatMap((name) => textsOf(name) ?? []);
  if (drop.length > 0) to.add('labels', { drop });
}

export function structuredMetadata(_stage: Section, to: Pipeline, parent: Section): void {
  for (const { name, value, ...place } of parent.entries('structured_metadata')) {
    const source = value || name;
    const field = to.field(source);
    if (field === undefined) to.draft.missing(place, notFound(source));
    else if (field !== name) to.draft.different(place, `the field is called "${field}" here.`);
  }
  to.draft.sendsFields = true;
}

export function tenant(stage: Section, to: Pipeline): void {
  const label = stage.text('label');
  const source = stage.text('source');
  const value = stage.text('value');
  if (label !== undefined) return setTenantLabel(label, stage, to);
  const field = to.field(source ?? '');
  if (value !== undefined) to.add('labels', { add: { [TENANT]: value } });
  else if (field !== undefined) to.add('labels', { from_fields: { [TENANT]: field } });
  else return to.draft.missing(stage, notFound(source ?? ''));
  to.draft.different(stage, `the tenant is a label of the streams here, "${TENANT}".`);
  setTenantLabel(TENANT, stage, to);
}

function setTenantLabel(label: string, stage: Section, { draft }: Pipeline): void {
  for (const sink of Object.values(draft.sinks)) {
    if ((sink['tenant_label'] ?? label) === label) sink['tenant_label'] = label;
    else
      draft.missing(
        stage,
        `the tenant comes from one label, and that is "${String(sink['tenant_label'])}" already.`,
      );
  }
}

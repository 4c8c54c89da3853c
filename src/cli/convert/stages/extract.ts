/** Stages that take fields out of lines: json, logfmt, regex; and `output`, which makes one of them the line. */
import { fitName } from '../../../pipeline/fields.js';
import { whyNotPattern } from '../patterns.js';
import type { Section } from '../section.js';
import { isTrue } from '../units.js';
import type { Pipeline } from './pipeline.js';

/** A path of JMESPath that is nothing but names: `a.b."c-d"`. */
const PATH = /^(?:[A-Za-z_]\w*|"[^"\\]+")(?:\.(?:[A-Za-z_]\w*|"[^"\\]+"))*$/;

export function json(stage: Section, to: Pipeline): void {
  if (!isOfLine(stage, to)) return;
  const fields = new Map<string, string>();
  for (const { name, value, ...place } of stage.entries('expressions')) {
    const path = value || name;
    // Names with other signs are quoted there, and sometimes are not.
    const steps = PATH.test(path) ? path.matchAll(/"([^"]+)"|[^.]+/g) : undefined;
    if (steps) fields.set(name, [...steps].map(([plain, quoted = plain]) => fitName(quoted)).join('_'));
    else
      to.draft.missing(
        place,
        `only names and the names in them, as a.b, are found in JSON; there is no field "${name}".`,
      );
  }
  if (fields.size > 0) to.addParser(stage, { format: 'json', fields: [...new Set(fields.values())] }, fields);
  if (isTrue(stage.text('drop_malformed'))) to.add('filter', { drop: ['| processing_error="parse: json"'] });
}

export function logfmt(stage: Section, to: Pipeline): void {
  if (!isOfLine(stage, to)) return;
  const fields = new Map(stage.entries('mapping').map(({ name, value }) => [name, fitName(value || name)]));
  if (fields.size > 0)
    to.addParser(stage, { format: 'logfmt', fields: [...new Set(fields.values())] }, fields);
}

export function regex(stage: Section, to: Pipeline): void {
  if (!isOfLine(stage, to)) return;
  const pattern = stage.text('expression') ?? '';
  const why = whyNotPattern(pattern);
  const names = [...pattern.matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].map(([, name]) => name);
  if (why !== undefined) to.draft.missing(stage, `the expression is not possible here: ${why}.`);
  else if (names.length === 0)
    to.draft.missing(stage, 'the expression has no named groups, so there are no fields.');
  else to.addParser(stage, { format: 'regex', pattern }, new Map(names.map((name) => [name, name])));
}

export function output(stage: Section, to: Pipeline): void {
  const source = stage.text('source') ?? '';
  if (!to.becomeLine(source))
    to.draft.missing(
      stage,
      `the line stays as it is: "${source}" is not taken out of it by the stage right before; set message_field of a "parse" where that is possible.`,
    );
}

/** Fields are taken out of lines, not out of other fields. */
function isOfLine(stage: Section, to: Pipeline): boolean {
  const source = stage.text('source') ?? '';
  if (source === '') return true;
  stage.pass('expressions', 'mapping', 'expression', 'drop_malformed');
  to.draft.missing(
    stage,
    `fields are taken out of the line, not out of "${source}"; where that is most of the line, a "parse" with message_field before this makes it the line.`,
  );
  return false;
}

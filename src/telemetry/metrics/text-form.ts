/** Prometheus' text form 0.0.4: `# HELP name text`, `# TYPE name type`, then `name{label="value",…} number`, a line each. */

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const MUST_BE_ESCAPED = /[\\"\n]/;

export function headOf(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${type}`;
}

/** What stands between the braces. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${quoted(labels[name])}"`;
  return text;
}

export function sampleLine(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${numberText(value)}` : `${name}{${labels}} ${numberText(value)}`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function quoted(value: string): string {
  if (!MUST_BE_ESCAPED.test(value)) return value;
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

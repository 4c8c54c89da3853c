/** The configuration for readers: docs/configuration.md, made from the one schema. */
import { impliedNames } from './implied.js';
import { defaultOf, isRequired } from './json-schema.js';
import { acceptedWords, optionsOf, shapeOf } from './keys.js';
import type { AnySchema } from './leaf.js';
import { configSchema } from './schema/index.js';

const HEAD = `# Configuration

Made from the schema that the program itself uses; \`log-capturer check\` shows what yours comes to, with every default.

- The file is \`--config FILE\`, else \`./log-capturer.yaml\`, else \`/etc/log-capturer/config.yaml\`, else none: everything has a default.
- Flags go before environment variables, those before the file.
- Every key by environment: \`LOG_CAPTURER_\` and its path, \`LOG_CAPTURER_SERVER_PORT=8500\` for \`server.port\`; \`LOG_CAPTURER_LOKI_URL\` is short for \`LOG_CAPTURER_SINKS_LOKI_URL\`.
- \`\${NAME}\` and \`\${NAME:-default}\` in any value stand for environment variables, \`$\${\` for a plain \`\${\`.
- Paths are taken from the folder where the program is started; \`~\` is the user's home.
- Every secret (\`token\`, \`password\`, \`bearer_token\`, the \`url\` of a webhook) may be given as \`<key>_file\` instead, the path of a file that holds it. Secrets are never shown.
- A list of sections is given by environment as a whole: \`LOG_CAPTURER_PROCESSORS='[{ type: multiline }]'\`.
- A component that is called like its type (\`loki\`, \`stdout\`, \`stdin\`…) need not say it; \`containers\` is of type docker.
- Sizes: \`64k\` = \`64KiB\` = 65,536 bytes, \`10MB\` = 10,000,000. Durations: \`200ms\`, \`5m\`, \`24h\`, \`7d\`.
- Editors complete and check the file where its first line is \`# yaml-language-server: $schema=<path>\`, with the path of [config.schema.json](config.schema.json), or of what \`log-capturer schema\` prints.
- A running agent takes the file a moment after it changes, at SIGHUP, and when \`log-capturer reload\` asks: only what is different begins anew. One that is wrong, or that changes \`data_dir\`, \`server\`, \`metrics\` or standard input, is refused as a whole, and the one in force goes on ([decision 35](decisions/0035-a-configuration-that-is-changed.md)).
- \`log-capturer check\` ends with 1 where the configuration is wrong, and with 2 where its file cannot be read; every other command with 2 for both.
`;

const STREAM_LABELS = `## Stream labels

What a \`match\` compares, and Loki indexes. \`log-capturer check\` shows those of every container, and which sinks take it.
A \`match\` that no stream satisfies delivers nothing: with \`label_preset: promtail\` it is \`{logstream="stderr"}\`, not \`{stream="stderr"}\`.

| \`label_preset\` | the container's name | \`stdout\` or \`stderr\` | and where they are known |
|---|---|---|---|
| \`default\` | \`container\` | \`stream\` | \`service_name\`, \`host\`, \`compose_project\`, \`compose_service\`, \`swarm_stack\`, \`swarm_service\` |
| \`promtail\` | \`container\` | \`logstream\` | \`host\`, \`service\`, \`project\`, \`job\` |
| \`docker-driver\` | \`container_name\` | \`source\` | \`host\`, \`compose_project\`, \`compose_service\`, \`swarm_stack\`, \`swarm_service\` |

- \`service_name\` is the service of compose or swarm, else the container's name; \`service\` the same, but there with such a service only; \`project\` is that of compose, \`job\` the Docker label \`logging_jobname\`, \`host\` the engine's name.
- Beside them, with every preset: those of \`labels\` and of \`container_labels\`; where names are equal the latter count, then the former, then the preset's.
- \`catch_up="true"\`: lines that were there before the agent first met the container, while it catches up with them. So \`{catch_up!="true"}\` leaves old lines out.
- \`gap="<reason>"\`, without the label that says stdout or stderr: a line of the agent's own that stands where lines of the container are missing ([reasons](errors.md#reasons-of-gaps)). So \`{gap=~".+"}\` finds all gaps, and \`{container="web",gap=""}\` what a container wrote.
- Of type \`stdin\`: \`container\` and \`stream="stdout"\`; of type \`demo\`: \`container\`, \`service_name\` and \`stream\`.
`;

type Row = readonly [key: string, accepts: string, preset: string, what: string];

/** Markdown. */
export function configReference(): string {
  const shape = shapeOf(configSchema);
  if (shape.kind !== 'section') return HEAD;
  const top: Row[] = [];
  const parts: string[] = [];
  for (const [key, { schema, what }] of shape.keys) {
    const below = shapeOf(schema);
    if (below.kind === 'leaf') top.push(...rowsOf(key, schema, what));
    else if (below.kind === 'section') parts.push(`## ${key}\n\n${what}\n\n${table(rowsBelow('', schema))}`);
    else {
      const isList = below.kind === 'list';
      const none = (): void => void top.push(...rowsOf(key, schema, what));
      parts.push(...componentParts(key, below.value, isList, what, none));
    }
  }
  return [HEAD, `## At the top\n\n${table(top)}`, ...parts, STREAM_LABELS].join('\n');
}

/** One part a type; `none` is called where the names hold plain values. */
function componentParts(
  key: string,
  component: AnySchema,
  isList: boolean,
  what: string,
  none: () => void,
): string[] {
  const options = optionsOf(component);
  if (!options && shapeOf(component).kind === 'section')
    return [`## ${key}\n\n${what}\n\n${table(rowsBelow('', component))}`];
  if (!options) {
    none();
    return [];
  }
  const implied = isList
    ? ''
    : ` Names that imply their type: ${impliedNames(component).map(code).join(', ')}.`;
  const intro = `## ${key}\n\n${what}${implied}\n`;
  const parts = [...options].map(
    ([type, option]) => `### ${key}, type ${type}\n\n${table(rowsBelow('', option))}`,
  );
  return [intro, ...parts];
}

function rowsBelow(prefix: string, schema: AnySchema): Row[] {
  const shape = shapeOf(schema);
  if (shape.kind !== 'section') return [];
  return [...shape.keys].flatMap(([key, below]) => rowsOf(`${prefix}${key}`, below.schema, below.what));
}

function rowsOf(key: string, schema: AnySchema, what: string): Row[] {
  const shape = shapeOf(schema);
  if (shape.kind === 'section') return [[key, 'a section', '', what], ...rowsBelow(`${key}.`, schema)];
  if (shape.kind === 'list') {
    const entry = shapeOf(shape.value);
    const accepts =
      entry.kind === 'leaf' ? `a list, each ${entry.form?.accepts ?? ''}` : 'a list of sections';
    return [[key, accepts, '', what], ...rowsBelow(`${key}[].`, shape.value)];
  }
  const given = defaultOf(schema);
  const preset = isRequired(schema) ? 'required' : given === undefined ? '' : code(JSON.stringify(given));
  if (shape.kind === 'named') {
    const value = shapeOf(shape.value);
    const accepts = value.kind === 'leaf' && value.form ? `names, each with ${value.form.accepts}` : 'names';
    return [[key, accepts, preset, what]];
  }
  const accepts = shape.form?.accepts ?? acceptedWords(schema).map(code).join(' or ');
  return [[key, accepts, preset, what]];
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(([key, ...cells]) => `| ${[code(key), ...cells.map(cell)].join(' | ')} |`);
  return `${['| key | value | default | what it is |', '|---|---|---|---|', ...lines].join('\n')}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

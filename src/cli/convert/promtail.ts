/** A configuration of Promtail as one of ours, and what could not be carried over. */
import { stringify } from 'yaml';
import { terminalText } from '../../runtime/terminal-text.js';
import { convertClients } from './clients.js';
import { Draft, given, type Note } from './draft.js';
import { convertScrapes } from './scrape.js';
import { type Section, Source } from './section.js';
import { whole } from './units.js';

export interface Converted {
  /** With the notes as comments at the top. */
  readonly yaml: string;
  /** By line. */
  readonly notes: readonly Note[];
}

/** What Promtail's page and metrics are reached at where it is not told. */
const PROMTAIL_PORT = 80;
/** What is told of keys that nobody asked for. */
const UNKNOWN = 'there is nothing like it here.';
const UNKNOWN_KEYS: Readonly<Record<string, string>> = {
  headers: 'the sink loki sends no headers of its own; a proxy on the way can add them.',
  limits_config: 'nothing but the disk limits what is read; a processor "rate_limit" lets less through.',
  oauth2: 'there is basic authentication and bearer_token; a proxy on the way can do the rest.',
};
const TITLES: Readonly<Record<Note['kind'], string>> = {
  missing: 'Not carried over:',
  different: 'Carried over and yet different, or not needed:',
};

/** `name` is what messages call the file. Throws CONFIG_INVALID where it is no YAML. */
export function convertPromtail(text: string, name: string): Converted {
  const source = new Source(text, name);
  const draft = new Draft();
  convertClients(source.root, draft);
  convertServer(source.root, draft);
  const positions = source.root.section('positions');
  const file = positions?.text('filename') || undefined;
  positions?.pass('sync_period', 'ignore_invalid_yaml');
  if (source.root.has('target_config')) {
    source.root.pass('target_config');
    draft.different(
      source.root.place('target_config'),
      'not needed: files and containers are seen as they come.',
    );
  }
  convertScrapes(source.root, file, draft);
  for (const place of source.rest()) {
    const key = place.path.split('.').at(-1) ?? '';
    // Texts for anchors: what is made of them stands where they are referred to.
    if (!place.path.startsWith('x-')) draft.missing(place, UNKNOWN_KEYS[key] ?? UNKNOWN);
  }
  if (draft.processors.some(({ type }) => type === 'parse') && !draft.sendsFields)
    for (const sink of Object.values(draft.sinks)) sink['structured_metadata'] = false;
  if (Object.keys(draft.sources).length === 0) {
    // Without any source the containers of this host are captured, and nobody asked for that.
    draft.sources['containers'] = { type: 'docker', exclude: { names: ['*'] } };
    draft.missing(
      source.root.place('scrape_configs'),
      'nothing of it has a source here, so nothing is captured; write a source.',
    );
  }
  const notes = onlyOnce(draft.notes);
  return { yaml: `${head(notes, name)}${bodyOf(draft)}`, notes };
}

function convertServer(root: Section, draft: Draft): void {
  const server = root.section('server');
  if (!server) return;
  const port = whole(server.text('http_listen_port'), 0, 65_535) ?? PROMTAIL_PORT;
  const host = server.text('http_listen_address') || '0.0.0.0';
  const level = server.text('log_level');
  server.pass('disable', 'grpc_listen_port', 'grpc_listen_address', 'profiling_enabled');
  if (level !== undefined && /^(?:debug|info|warn|error)$/.test(level)) draft.top['log_level'] = level;
  if (port === 0) return;
  draft.top['metrics'] = { host, port };
  draft.different(
    server,
    `metrics stay at port ${port}, with other names (docs/metrics.md); the page is at http://127.0.0.1:8401.`,
  );
}

/** Several sources may have the same to say of one place. */
function onlyOnce(notes: readonly Note[]): Note[] {
  const known = new Map(notes.map((note) => [`${note.kind} ${note.path} ${note.text}`, note]));
  return [...known.values()].sort((a, b) => a.line - b.line);
}

function head(notes: readonly Note[], name: string): string {
  const parts = (['missing', 'different'] as const).flatMap((kind) => {
    const own = notes.filter((note) => note.kind === kind);
    return own.length === 0 ? [] : ['', TITLES[kind], ...own.map((note) => `  ${noteText(note)}`)];
  });
  const lines = [`Made from ${name}, a configuration of Promtail.`, ...parts];
  return lines
    .map((line) => `# ${terminalText(line.replace(/\s+$/, ''), false)}`.trimEnd())
    .join('\n')
    .concat('\n\n');
}

/** One line. Values of the configuration, which may be secrets, are in none. */
export function noteText({ path, line, text }: Note): string {
  return `line ${line}, ${path.replace(/[\r\n]+/g, ' ')}: ${text.replace(/[\r\n]+/g, ' ')}`;
}

function bodyOf({ top, sources, processors, sinks }: Draft): string {
  const tree = given({ ...top, sources, processors, sinks });
  return stringify(withoutReferences(tree), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** `${` means a variable in every text here; what does not look like one is a text there. */
function withoutReferences(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/\$\{(?![A-Za-z_]\w*(?::-[^}]*)?\})/g, '$$$${');
  if (Array.isArray(value)) return value.map(withoutReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, withoutReferences(of)]));
}

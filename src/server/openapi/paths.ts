/** Every route of the server but the window's own files: what it is for, what it takes, what it answers. */
import { ANSWERS } from './answers.js';
import { byName, count, flag, list, object, oneOf, type Schema, text } from './schema.js';

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly description: string;
  readonly schema: Schema;
  readonly required?: boolean;
}

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With `{id}` for what varies. */
  readonly path: string;
  readonly group: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  /** By media type. */
  readonly body?: Readonly<Record<string, Schema>>;
  /** Status of the answer; 200 where nothing is said. */
  readonly status?: number;
  readonly answer: Readonly<Record<string, Schema>>;
  /** It changes something or looks into the process: only with a login, or from this machine. */
  readonly isPrivate?: boolean;
  /** Also for who is not logged in. */
  readonly isOpen?: boolean;
}

const json = (schema: Schema): Route['answer'] => ({ 'application/json': schema });
const events = (description: string): Route['answer'] => ({ 'text/event-stream': text(description) });
const file = (type: string, description: string): Route['answer'] => ({ [type]: text(description) });

const parameter = (name: string, description: string, schema: Schema = text()): Parameter => ({
  name,
  in: 'query',
  description,
  schema,
});
const required = (given: Parameter): Parameter => ({ ...given, required: true });

const query = parameter(
  'query',
  'Labels and filters in Loki\'s language, `{container=~"web-.*"} |= "timeout" !~ "(?i)health" | level="error"`; other text is looked for as it is, without regard to case. Nothing: all lines.',
);
const TIMES = 'RFC 3339, seconds since 1970, an age such as 15m, or now.';
const range = [
  parameter('from', `${TIMES} Default: an hour ago.`),
  parameter('to', `${TIMES} Lines before it. Default: now.`),
];
const letters = [
  parameter('sink', 'Of this sink only.'),
  parameter('reason', 'Refused for this reason only.'),
  parameter('since', 'Refused since then, RFC 3339.'),
  parameter('until', 'Refused until then.'),
];
const id: Parameter = {
  name: 'id',
  in: 'path',
  description: 'Of the alert.',
  schema: text(),
  required: true,
};
const END = 'At last `event: end`, or `event: failed` `{"error"}`. Closing the connection cancels.';

const LINES: readonly Route[] = [
  {
    method: 'get',
    path: '/api/v1/tail',
    group: 'lines',
    summary: 'Lines as they come',
    description:
      'Server-sent events: `data:` a line; `event: skipped` `{"lines"}` where they came too fast, at that place; `event: end` `{"reason"}`.',
    parameters: [
      query,
      parameter('container', 'Only this container; may be given more than once.'),
      parameter('grep', 'Only lines with this text, letter by letter.'),
      parameter('n', 'So many of the newest lines first.', { ...count(), default: 200, maximum: 10_000 }),
      parameter('follow', '0: end after these.', oneOf(['0', '1'])),
      parameter('catch_up', '1: also lines older than the agent.', oneOf(['0', '1'])),
    ],
    answer: { 'text/event-stream': ANSWERS.Line },
  },
  {
    method: 'get',
    path: '/api/v1/search',
    group: 'lines',
    summary: 'Lines of the history',
    description: `Server-sent events in their final order: \`event: labels\` \`{"<n>":{…}}\` before they are named; \`event: lines\` \`{"lines":[…]}\`, each with the number of its \`labels\`; \`event: progress\` \`{"scannedBytes","totalBytes","reachedTime","found"}\`. ${END}`,
    parameters: [
      query,
      ...range,
      parameter('limit', 'Most lines.', { ...count(), minimum: 1, maximum: 10_000, default: 1000 }),
      parameter('direction', 'backward: the newest first.', oneOf(['backward', 'forward'])),
      parameter('full', '1: lines whole.', oneOf(['0', '1'])),
    ],
    answer: events('See above.'),
  },
  {
    method: 'get',
    path: '/api/v1/histogram',
    group: 'lines',
    summary: 'How many lines, by level, over time',
    description: `Server-sent events: \`event: counts\` \`{"from","to","stepMs","levels":{"error":[…]},"complete"}\`, each the whole so far. ${END}`,
    parameters: [
      query,
      ...range,
      parameter('buckets', 'How many steps.', { ...count(), minimum: 1, maximum: 1000, default: 60 }),
    ],
    answer: events('See above.'),
  },
  {
    method: 'get',
    path: '/api/v1/search/download',
    group: 'lines',
    summary: 'Lines of the history as a file, the oldest first, without a limit',
    parameters: [
      query,
      ...range,
      parameter('format', 'text: time container stream line.', oneOf(['text', 'jsonl'])),
    ],
    answer: {
      'text/plain': text('One line each: time container stream line.'),
      'application/x-ndjson': ANSWERS.Line,
    },
  },
  {
    method: 'get',
    path: '/api/v1/context',
    group: 'lines',
    summary: 'A line and what stands around it in its container',
    parameters: [
      required(parameter('container', 'Its name.')),
      required(parameter('time', TIMES)),
      parameter('stream', 'stdout or stderr.'),
      parameter('before', 'Lines before it.', { ...count(), default: 50, maximum: 1000 }),
      parameter('after', 'Lines after it.', { ...count(), default: 50, maximum: 1000 }),
      parameter('full', '1: the lines whole, up to 4 MiB.', oneOf(['0', '1'])),
    ],
    answer: json(ANSWERS.Context),
  },
  {
    method: 'get',
    path: '/api/v1/labels',
    group: 'lines',
    summary: 'Labels of the history with their values, and how far it reaches',
    answer: json(ANSWERS.Labels),
  },
];

const FIGURES: readonly Route[] = [
  {
    method: 'get',
    path: '/health',
    group: 'state',
    summary: 'How the agent is; 503 only where a restart would help',
    isOpen: true,
    answer: json(ANSWERS.Health),
  },
  {
    method: 'get',
    path: '/ready',
    group: 'state',
    summary: 'That it answers',
    isOpen: true,
    answer: json(object({ ready: flag() })),
  },
  {
    method: 'get',
    path: '/metrics',
    group: 'state',
    summary: "Prometheus' metrics",
    answer: file('text/plain', 'See docs/metrics.md.'),
  },
  {
    method: 'get',
    path: '/api/v1/build',
    group: 'state',
    summary: 'Which build it is, and which one lies on the disk',
    answer: json(ANSWERS.BuildNow),
  },
  {
    method: 'get',
    path: '/api/v1/containers',
    group: 'state',
    summary: 'Containers: how each is read, how much, how fast',
    answer: json(object({ containers: list(ANSWERS.Container) })),
  },
  {
    method: 'get',
    path: '/api/v1/flow',
    group: 'state',
    summary: 'Sources, journal and sinks with their rates, and the ledger',
    answer: json(ANSWERS.Flow),
  },
  {
    method: 'get',
    path: '/api/v1/sinks',
    group: 'state',
    summary: 'Figures of each sink',
    answer: json(object({ sinks: list(ANSWERS.Sink) })),
  },
  {
    method: 'get',
    path: '/api/v1/journal',
    group: 'state',
    summary: 'Figures of the journal',
    answer: json(ANSWERS.Journal),
  },
  {
    method: 'get',
    path: '/api/v1/ledger',
    group: 'proof',
    summary: 'What became of every line, in figures that add up',
    answer: json(ANSWERS.Ledger),
  },
  {
    method: 'get',
    path: '/api/v1/gaps',
    group: 'proof',
    summary: 'Where lines are missing: the last thousand, the newest first',
    answer: json(object({ gaps: list(ANSWERS.Gap), counts: byName(count(), 'By reason, in this run.') })),
  },
  {
    method: 'get',
    path: '/api/v1/resources',
    group: 'proof',
    summary: 'What the process holds, and who owns it',
    parameters: [parameter('text', 'As text for people.')],
    answer: json(ANSWERS.Resources),
  },
  {
    method: 'get',
    path: '/api/v1/resources/history',
    group: 'proof',
    summary: 'The same over time, with slopes and what they say',
    answer: json(ANSWERS.ResourceHistory),
  },
];

const DEAD_LETTERS: readonly Route[] = [
  {
    method: 'get',
    path: '/api/v1/dead-letters',
    group: 'dead letters',
    summary: 'Lines that sinks refused for good',
    parameters: [
      ...letters,
      parameter('n', 'Most of them.', { ...count(), minimum: 1, maximum: 1000, default: 100 }),
      parameter('from', 'The `next` of the answer before.'),
    ],
    answer: json(ANSWERS.DeadLetters),
  },
  {
    method: 'post',
    path: '/api/v1/dead-letters/redrive',
    group: 'dead letters',
    summary: 'Gives them to their sink once more; answers when it is done',
    isPrivate: true,
    parameters: letters,
    answer: json(ANSWERS.Redriven),
  },
  {
    method: 'post',
    path: '/api/v1/dead-letters/delete',
    group: 'dead letters',
    summary: 'Deletes them; which ones is to be said',
    isPrivate: true,
    parameters: letters,
    answer: json(object({ deleted: count() })),
  },
];

const SETTINGS: readonly Route[] = [
  {
    method: 'get',
    path: '/api/v1/config',
    group: 'settings',
    summary: 'The configuration, every default filled in, secrets hidden',
    answer: json(ANSWERS.Config),
  },
  {
    method: 'post',
    path: '/api/v1/config/check',
    group: 'settings',
    summary: 'What another configuration would come to, and what is wrong with it; nothing is applied',
    isPrivate: true,
    body: { 'text/yaml': text('At most 128 KiB. Without a body: the file as it is on the disk.') },
    answer: json(ANSWERS.ConfigCheck),
  },
  {
    method: 'post',
    path: '/api/v1/config/reload',
    group: 'settings',
    summary: 'Reads the configuration file anew and applies what is different, or refuses it as a whole',
    isPrivate: true,
    answer: json(ANSWERS.ConfigReload),
  },
];

const ALERTS: readonly Route[] = [
  {
    method: 'get',
    path: '/api/v1/alerts',
    group: 'alerts',
    summary: 'Alerts on lines, with their state and last deliveries',
    answer: json(object({ alerts: list(ANSWERS.Alert) })),
  },
  {
    method: 'post',
    path: '/api/v1/alerts',
    group: 'alerts',
    summary: 'Makes one',
    isPrivate: true,
    body: { 'application/json': ANSWERS.AlertGiven },
    status: 201,
    answer: json(ANSWERS.Alert),
  },
  {
    method: 'put',
    path: '/api/v1/alerts/{id}',
    group: 'alerts',
    summary: 'Changes one that was made here',
    isPrivate: true,
    parameters: [id],
    body: { 'application/json': ANSWERS.AlertGiven },
    answer: json(ANSWERS.Alert),
  },
  {
    method: 'delete',
    path: '/api/v1/alerts/{id}',
    group: 'alerts',
    summary: 'Deletes one that was made here',
    isPrivate: true,
    parameters: [id],
    answer: json(object({ deleted: flag() })),
  },
  {
    method: 'post',
    path: '/api/v1/alerts/{id}/test',
    group: 'alerts',
    summary: 'Sends a test message to its webhook',
    isPrivate: true,
    parameters: [id],
    answer: json(object({})),
  },
];

const debug = (
  name: string,
  summary: string,
  answer: Route['answer'],
  parameters: Parameter[] = [],
): Route => ({
  method: 'get',
  path: `/debug/${name}`,
  group: 'debugging',
  summary,
  isPrivate: true,
  parameters,
  answer,
});

const DEBUG: readonly Route[] = [
  debug('resources', 'As /api/v1/resources', json(ANSWERS.Resources), [
    parameter('text', 'As text for people.'),
    parameter('collect', 'true: collects garbage first.', oneOf(['true'])),
  ]),
  debug('objects', 'Objects on the heap by class', json(byName(count()))),
  debug('profile', 'A CPU profile', file('application/json', 'A .cpuprofile.'), [
    parameter('seconds', 'How long, at most 60.', { type: 'number', default: 10, maximum: 60 }),
  ]),
  debug(
    'heap',
    'A heap snapshot; stops the agent for a moment',
    file('application/json', 'A .heapsnapshot.'),
  ),
];

const API: readonly Route[] = [
  {
    method: 'get',
    path: '/api/v1/openapi.json',
    group: 'this API',
    summary: 'This document',
    answer: json({ type: 'object', description: 'OpenAPI 3.1.' }),
  },
  {
    method: 'get',
    path: '/api/v1/docs',
    group: 'this API',
    summary: 'Leads to the page that shows this document',
    status: 302,
    answer: {},
  },
  { method: 'get', path: '/', group: 'this API', summary: 'The page', answer: file('text/html', 'HTML.') },
  {
    method: 'get',
    path: '/login',
    group: 'this API',
    summary: 'Leads to the page',
    isOpen: true,
    status: 303,
    answer: {},
  },
  {
    method: 'post',
    path: '/login',
    group: 'this API',
    summary: 'Gives a cookie for the token, and leads to the page',
    isOpen: true,
    body: { 'application/x-www-form-urlencoded': object({ token: text() }) },
    status: 303,
    answer: {},
  },
];

export const ROUTES: readonly Route[] = [
  ...LINES,
  ...FIGURES,
  ...DEAD_LETTERS,
  ...ALERTS,
  ...SETTINGS,
  ...DEBUG,
  ...API,
];

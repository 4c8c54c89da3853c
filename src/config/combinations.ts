/** Keys of one section that are right by themselves and wrong, or useless, together. */
import { CATCH_UP_LABEL, GAP_LABEL } from '../pipeline/streams.js';
import type { ConfigPath, Places, Problem } from './problems.js';
import { pathText } from './problems.js';
import type {
  FilterProcessorConfig,
  LabelsProcessorConfig,
  MultilineProcessorConfig,
  ParseProcessorConfig,
} from './processor-types.js';
import { hasUserinfo } from './secrets.js';
import type { Config, LoginConfig, SyslogSourceConfig, TlsConfig } from './types.js';

/** Loki takes 15 names a stream; containers bring their own. */
const MAX_COMMON_LABELS = 10;
/** What readers say of each line themselves. */
const OWN_LABELS = ['stream', CATCH_UP_LABEL, GAP_LABEL];

export function wrongCombinations(config: Config, places: Places): Problem[] {
  const problems: Problem[] = [];
  const complain = (path: ConfigPath, message: string): void => {
    problems.push({ place: places.key(path), message: `${pathText(path)}: ${message}` });
  };
  const { labels, server, metrics } = config;
  if (Object.keys(labels).length > MAX_COMMON_LABELS)
    complain(['labels'], `at most ${MAX_COMMON_LABELS}, because Loki takes 15 with those of the container`);
  for (const name of OWN_LABELS) {
    if (name in labels) complain(['labels', name], 'is set by the agent itself; choose another name');
  }
  if (metrics.port !== 0 && metrics.port === server.port)
    complain(
      ['metrics', 'port'],
      'is the port of the server, which serves /metrics too; leave this one out with 0',
    );

  for (const [name, source] of Object.entries(config.sources)) {
    if (source.type === 'docker') checkTls(source.tls, ['sources', name, 'tls'], complain);
    if (source.type === 'syslog') checkPorts(source, ['sources', name], complain);
    if (source.type === 'journald' && source.directory !== undefined && source.file !== undefined)
      complain(['sources', name, 'file'], 'stands for itself; leave directory out');
  }
  for (const [i, processor] of config.processors.entries()) {
    if (processor.type === 'parse') checkParse(processor, ['processors', i], complain);
    if (processor.type === 'filter') checkFilter(processor, ['processors', i], complain);
    if (processor.type === 'labels') checkLabels(processor, ['processors', i], complain);
  }
  for (const [i, processor] of config.processors.entries()) {
    if (processor.type === 'multiline') checkEvents(processor, ['processors', i], complain);
  }
  checkLineMetrics(config.processors, complain);
  for (const [name, sink] of Object.entries(config.sinks)) {
    if ('tls' in sink) checkTls(sink.tls, ['sinks', name, 'tls'], complain);
    if ('url' in sink) checkLogin(sink, ['sinks', name], complain);
  }
  return problems;
}

type Complain = (path: ConfigPath, message: string) => void;
/** All ways in which sinks can say who they are. */
type Login = LoginConfig & { readonly url: string; readonly apiKey?: string; readonly token?: string };

function checkParse({ format, pattern }: ParseProcessorConfig, path: ConfigPath, complain: Complain): void {
  if (format === 'regex' && pattern === undefined) complain([...path, 'format'], 'needs pattern');
  if (format !== 'regex' && pattern !== undefined) complain([...path, 'pattern'], 'is for format regex only');
}

function checkPorts(
  { tcpPort, udpPort, tls }: SyslogSourceConfig,
  path: ConfigPath,
  complain: Complain,
): void {
  if (tcpPort === 0 && udpPort === 0)
    complain([...path, 'tcp_port'], 'listens nowhere where both ports are 0; leave the source out');
  if (tls && tcpPort === 0) complain([...path, 'tls'], 'is for TCP only, which is left out');
}

function checkFilter({ keep, drop }: FilterProcessorConfig, path: ConfigPath, complain: Complain): void {
  if (keep.length + drop.length === 0) complain(path, 'needs keep or drop');
}

function checkLabels(config: LabelsProcessorConfig, path: ConfigPath, complain: Complain): void {
  const { drop, rename, add, fromFields } = config;
  if (drop.length + Object.keys({ ...rename, ...add, ...fromFields }).length === 0)
    complain(path, 'needs drop, rename, add or from_fields');
}

/** Counters and histograms as Prometheus tells them apart, and each name once. */
function checkLineMetrics(processors: Config['processors'], complain: Complain): void {
  const known = new Set<string>();
  for (const [i, processor] of processors.entries()) {
    if (processor.type !== 'metrics') continue;
    for (const [j, { name, kind }] of processor.metrics.entries()) {
      const path = ['processors', i, 'metrics', j, 'name'];
      if (kind === 'counter' && !name.endsWith('_total'))
        complain(path, 'must end with _total, being a counter');
      if (kind === 'histogram' && /_(total|bucket|sum|count)$/.test(name))
        complain(path, 'must not end with _total, _bucket, _sum or _count, being a histogram');
      if (known.has(name)) complain(path, 'is the name of another metric too');
      known.add(name);
    }
  }
}

function checkTls(tls: TlsConfig | undefined, path: ConfigPath, complain: Complain): void {
  if (tls?.certFile && !tls.keyFile) complain([...path, 'cert_file'], 'needs key_file');
  if (tls?.keyFile && !tls.certFile) complain([...path, 'key_file'], 'needs cert_file');
}

function checkEvents(
  { languages, start, continues }: MultilineProcessorConfig,
  path: ConfigPath,
  complain: Complain,
): void {
  if (languages && (start !== undefined || continues !== undefined))
    complain([...path, 'languages'], 'does nothing beside start or continue; use two processors for both');
}

function checkLogin(sink: Login, path: ConfigPath, complain: Complain): void {
  const { url, username, password, bearerToken, apiKey, token } = sink;
  if (username !== undefined && password === undefined) complain([...path, 'username'], 'needs password');
  if (password !== undefined && username === undefined) complain([...path, 'password'], 'needs username');
  if (username?.includes(':')) complain([...path, 'username'], 'must have no colon');
  const ways = [
    ...(username === undefined ? [] : ['username and password']),
    ...(bearerToken === undefined ? [] : ['bearer_token']),
    ...(apiKey === undefined ? [] : ['api_key']),
    ...(token === undefined ? [] : ['token']),
    ...(hasUserinfo(url) ? ['the user in url'] : []),
  ];
  if (ways.length > 1) complain(path, `${ways.join(' and ')} exclude each other; keep one way to log in`);
}

/** Keys of one section that are right by themselves and wrong, or useless, together. */
import { CATCH_UP_LABEL, GAP_LABEL } from '../pipeline/streams.js';
import type { ConfigPath, Places, Problem } from './problems.js';
import { pathText } from './problems.js';
import { hasUserinfo } from './secrets.js';
import type { Config, LokiSinkConfig, TlsConfig } from './types.js';

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
  }
  for (const [name, sink] of Object.entries(config.sinks)) {
    if (sink.type !== 'loki') continue;
    checkTls(sink.tls, ['sinks', name, 'tls'], complain);
    checkLogin(sink, ['sinks', name], complain);
  }
  return problems;
}

type Complain = (path: ConfigPath, message: string) => void;

function checkTls(tls: TlsConfig | undefined, path: ConfigPath, complain: Complain): void {
  if (tls?.certFile && !tls.keyFile) complain([...path, 'cert_file'], 'needs key_file');
  if (tls?.keyFile && !tls.certFile) complain([...path, 'key_file'], 'needs cert_file');
}

function checkLogin(sink: LokiSinkConfig, path: ConfigPath, complain: Complain): void {
  const { url, username, password, bearerToken } = sink;
  if (username !== undefined && password === undefined) complain([...path, 'username'], 'needs password');
  if (password !== undefined && username === undefined) complain([...path, 'password'], 'needs username');
  if (username?.includes(':')) complain([...path, 'username'], 'must have no colon');
  const ways = [
    ...(username === undefined ? [] : ['username and password']),
    ...(bearerToken === undefined ? [] : ['bearer_token']),
    ...(hasUserinfo(url) ? ['the user in url'] : []),
  ];
  if (ways.length > 1) complain(path, `${ways.join(' and ')} exclude each other; keep one way to log in`);
}

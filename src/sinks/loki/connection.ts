/** The way to Loki. */
import type { LokiSinkConfig } from '../../config/types.js';
import { LANES } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';
import { Connection } from '../http/connection.js';
import { serverUrl } from '../http/server-url.js';

/** Most requests in flight for one lane. */
export const REQUESTS_PER_LANE = 4;
const PUSH_PATH = '/loki/api/v1/push';
const NO_TENANT = {};

export function lokiConnection(config: LokiSinkConfig, scope: Scope, env: NodeJS.ProcessEnv): Connection {
  const target = {
    who: 'Loki',
    url: pushUrl(config.url),
    headers: { 'content-type': 'application/x-protobuf' },
    connections: LANES * REQUESTS_PER_LANE,
  };
  return new Connection(target, config, scope, env);
}

export function tenantHeaders(tenant: string | undefined): Readonly<Record<string, string>> {
  return tenant === undefined ? NO_TENANT : { 'x-scope-orgid': tenant };
}

/** The push endpoint of what `url` names: Loki, a folder where it is, or the endpoint itself. Throws CONFIG_INVALID. */
export function pushUrl(text: string): URL {
  const url = serverUrl(text, 'Loki', 'http://127.0.0.1:3100');
  if (!url.pathname.endsWith('/push')) url.pathname = `${url.pathname.replace(/\/+$/, '')}${PUSH_PATH}`;
  return url;
}

/** Keys that sinks which make requests have in common. */
import { z } from 'zod';
import { duration, flag, size, text, textLike } from '../../leaves.js';
import { password, token, webAddress } from '../../secrets.js';
import type { SectionTable } from '../../section.js';
import type {
  BatchConfig,
  HttpSinkConfig,
  HttpWayConfig,
  LoginConfig,
  RequestSinkConfig,
} from '../../types.js';
import { MIB, SECOND, tls } from '../shared.js';

const BASIC = 'For basic authentication';

export const login: SectionTable<LoginConfig> = {
  username: ['username', text('a name').optional(), `${BASIC}.`],
  password: ['password', password().optional(), `${BASIC}.`],
  bearerToken: ['bearer_token', token().optional(), 'Sent as Authorization: Bearer.'],
};

export const way: SectionTable<Pick<HttpWayConfig, 'tls' | 'proxyUrl' | 'timeoutMs'>> = {
  tls: ['tls', tls.optional(), 'For https.'],
  proxyUrl: [
    'proxy_url',
    webAddress('http://127.0.0.1:3128').optional(),
    'Proxy on the way; default: by HTTP_PROXY, HTTPS_PROXY and NO_PROXY.',
  ],
  timeoutMs: ['timeout', duration(SECOND, '10s').default(10 * SECOND), 'For one request.'],
};

export const batch: SectionTable<BatchConfig> = {
  batchWaitMs: [
    'batch_wait',
    duration(0, '1s').default(SECOND),
    'How long lines may wait for others, so that a request holds many of each stream.',
  ],
  batchBytes: [
    'batch_bytes',
    size(64 * 1024, '1MiB', 8 * MIB).default(MIB),
    'Most bytes of a request as the history counts them, before they are put into the form of the server.',
  ],
};

export const gzip = (preset: boolean): SectionTable<Pick<RequestSinkConfig, 'gzip'>> => ({
  gzip: ['gzip', flag().default(preset), 'Whether bodies are compressed.'],
});

export const headers: SectionTable<Pick<HttpSinkConfig, 'headers'>> = {
  headers: [
    'headers',
    z.record(textLike('the name of a header', "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"), password()).default({}),
    'Headers of every request; their values are treated as secrets.',
  ],
};

/** `server:` and `metrics:`: what the agent serves. */
import { basePath, oneOf, path, text, texts, whole } from '../leaves.js';
import { token } from '../secrets.js';
import { section } from '../section.js';
import type { MetricsConfig, ServerConfig, ServerTlsConfig } from '../types.js';

/** Without the defaults that depend on the machine. */
export type GivenServer = Omit<ServerConfig, 'host'> & { readonly host?: string };
export type GivenMetrics = Omit<MetricsConfig, 'host'> & { readonly host?: string };

const HOST = 'a host name or address, such as 127.0.0.1';

const serverTls = section<ServerTlsConfig>({
  certFile: [
    'cert_file',
    path('a file with a certificate in PEM form'),
    'Certificate, and those above it; a renewed one is taken within a minute.',
  ],
  keyFile: ['key_file', path('a file with a key in PEM form'), 'Key of the certificate.'],
});

export const server = section<GivenServer>({
  host: [
    'host',
    text(HOST).optional(),
    'Address that the page and the API are served on; default: 127.0.0.1, in the image 0.0.0.0, which is all of the machine.',
  ],
  port: ['port', whole(0, 65_535, 8401).default(8401), 'Port of the page and the API; 0 takes any free one.'],
  auth: [
    'auth',
    oneOf('auto', 'token', 'none').default('auto'),
    'Whether a login is needed; auto: where others than this machine can reach the server.',
  ],
  token: [
    'token',
    token().optional(),
    'Token of the login; without one it is made and kept in the data directory.',
  ],
  allowedHosts: [
    'allowed_hosts',
    texts('["logs.example.org"]').default([]),
    'Names under which the server may be asked, beside localhost, the name of this host and IP addresses.',
  ],
  basePath: [
    'base_path',
    basePath().default(''),
    'What all paths begin with, such as /logs, behind a proxy that passes it on; default: nothing.',
  ],
  tls: ['tls', serverTls.optional(), 'HTTPS instead of HTTP.'],
});

export const metrics = section<GivenMetrics>({
  host: [
    'host',
    text(HOST).optional(),
    'Address that metrics are served on, without a login; default: 127.0.0.1, in the image 0.0.0.0.',
  ],
  port: [
    'port',
    whole(0, 65_535, 8001).default(8001),
    'Port of the metrics; 0: none of their own, they are at /metrics of the server always.',
  ],
});

/** What a configuration may say and hardly ever should. */
import { isLoopback } from '../server/address.js';
import { hasUserinfo } from './secrets.js';
import type { Config, SinkConfig, TlsConfig } from './types.js';

/** A configuration file as it was read. */
export interface ConfigText {
  /** As people are shown it. */
  readonly name: string;
  readonly text: string;
  /** Permission bits; 0 where it is no file. */
  readonly mode: number;
}

const OTHERS_MAY_READ = 0o004;

/** One sentence each, for people. */
export function warningsOf(config: Config, file: ConfigText | undefined): string[] {
  const warnings: string[] = [];
  const { server } = config;
  if (server.auth === 'none' && !isLoopback(server.host)) {
    warnings.push(`server.auth is none: everybody who can reach ${server.host} can read all lines.`);
  }
  if (server.auth === 'none' && server.token !== undefined) {
    warnings.push('server.token is not asked for while server.auth is none.');
  }
  for (const [name, source] of Object.entries(config.sources)) {
    if (source.type === 'docker') warnings.push(...tlsWarnings(`sources.${name}`, source.tls));
  }
  for (const [name, sink] of Object.entries(config.sinks)) {
    if ('tls' in sink) warnings.push(...tlsWarnings(`sinks.${name}`, sink.tls));
    if (sink.type === 'loki' && sink.tenantLabel !== undefined && sink.tenant === undefined) {
      warnings.push(
        `sinks.${name}.tenant_label without tenant: a Loki with authentication answers 401 to lines without the label ${sink.tenantLabel}.`,
      );
    }
    if (!('url' in sink)) continue;
    const isPlain = sink.url.toLowerCase().startsWith('http:');
    if (isPlain && sink.tls) warnings.push(`sinks.${name}.tls says nothing: its url begins with http://.`);
    if (
      isPlain &&
      (secretsIn(name, sink).length > 0 || hasUserinfo(sink.url)) &&
      !isLoopback(hostOf(sink.url))
    ) {
      warnings.push(`sinks.${name} sends its login without encryption: its url begins with http://.`);
    }
  }
  if (file && file.mode & OTHERS_MAY_READ) {
    const open = secretsOf(config).filter(([, secret]) => file.text.includes(secret));
    for (const [key] of open) {
      warnings.push(
        `${key} stands in ${file.name}, which every user may read: chmod 600 ${file.name}${key.includes('.headers.') ? '' : `, or use ${key}_file`}.`,
      );
    }
  }
  return warnings;
}

function tlsWarnings(component: string, tls: TlsConfig | undefined): string[] {
  if (!tls?.insecureSkipVerify) return [];
  return [`${component}.tls.insecure_skip_verify: whoever is in between can read and change everything.`];
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

function secretsOf({ server, sinks }: Config): Secret[] {
  const own: Secret[] = server.token === undefined ? [] : [['server.token', server.token]];
  return [...own, ...Object.entries(sinks).flatMap(([name, sink]) => secretsIn(name, sink))];
}

type Secret = readonly [key: string, secret: string];

function secretsIn(name: string, sink: SinkConfig): Secret[] {
  const { password, bearerToken, apiKey, token, headers = {} } = sink as Partial<Secrets>;
  const given: readonly (readonly [string, string | undefined])[] = [
    ['password', password],
    ['bearer_token', bearerToken],
    ['api_key', apiKey],
    ['token', token],
    ...Object.entries(headers).map(([header, value]) => [`headers.${header}`, value] as const),
  ];
  return given.flatMap(([key, secret]) =>
    secret === undefined ? [] : [[`sinks.${name}.${key}`, secret] as const],
  );
}

/** Of all types of sinks. */
interface Secrets {
  readonly password: string;
  readonly bearerToken: string;
  readonly apiKey: string;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
}

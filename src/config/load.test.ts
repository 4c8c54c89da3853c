import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultDataDir, defaultHost, defaultJournalBytes } from './defaults.js';
import { loadConfig } from './load.js';
import { configYaml } from './render.js';
import { loadKit } from './testing/load-kit.js';

const kit = loadKit();
const { load, problems } = kit;

function exists(...paths: string[]): (path: string) => boolean {
  return (path) => paths.includes(path);
}

describe('what is accepted', () => {
  test('nothing at all gives the defaults of the design', () => {
    const { config, file } = load(undefined, { INVOCATION_ID: '1' });
    expect(file).toBeUndefined();
    expect(config).toEqual({
      dataDir: defaultDataDir({ INVOCATION_ID: '1' }),
      logLevel: 'info',
      labels: {},
      server: { host: '127.0.0.1', port: 8401, auth: 'auto', allowedHosts: [], basePath: '' },
      metrics: { host: '127.0.0.1', port: 8001 },
      journal: {
        maxBytes: expect.any(Number),
        maxAgeMs: 7 * 86_400_000,
        minFree: 0.05,
        syncIntervalMs: 200,
      },
      deadLetters: { maxBytes: 64 * 1024 ** 2, maxAgeMs: 30 * 86_400_000 },
      alerts: {},
      processors: [],
      sources: {
        containers: {
          type: 'docker',
          transport: 'auto',
          startAt: 86_400_000,
          maxHistoryBytes: 64 * 1024 ** 2,
          containerLabels: {},
          labelPreset: 'default',
          maxLineBytes: 512 * 1024,
          maxStreams: 50,
          streamMaxAgeMs: 300_000,
          livenessTimeoutMs: 60_000,
        },
      },
      sinks: {},
    });
    expect(config.journal.maxBytes).toBeLessThanOrEqual(2 * 1024 ** 3);
    expect(config.journal.maxBytes).toBeGreaterThanOrEqual(64 * 1024 ** 2);
  });

  test.each(['', '# only a comment\n', 'sources:\nsinks:\nlabels:\njournal:\n', '---\n', '{}'])(
    'an empty file is no configuration: %j',
    (text) => {
      expect(load(text).config).toEqual(load(undefined).config);
    },
  );

  test('every key', () => {
    const { config } = load(
      `
data_dir: ./here
log_level: debug
labels: { env: prod }
server: { host: 0.0.0.0, port: 9000, auth: token, allowed_hosts: [logs.example.org] }
metrics: { host: 0.0.0.0, port: 0 }
journal: { max_bytes: 1GiB, max_age: 24h, min_free: 7.5%, sync_interval: 0 }
dead_letters: { max_bytes: 2MiB, max_age: 1d }
alerts:
  slow:
    query: '{container="web"} |= "timeout"'
    threshold: 10
    window: 1h
    cool_down: 10s
    send_resolved: true
    webhook: { type: slack, url: "https://hooks.example.org/services/T0/B0/secret" }
    enabled: false
sources:
  containers:
    type: docker
    endpoint: https://engine:2376
    tls: { ca_file: ca.pem, cert_file: /cert.pem, key_file: ~/key.pem, server_name: engine, insecure_skip_verify: true }
    transport: api
    start_at: beginning
    max_history_bytes: 64k
    include: { names: ["web-*"], labels: { team: "1" }, images: [nginx], compose_projects: [shop] }
    exclude: { labels: { log-capturer.enabled: "false" } }
    container_labels: { com.acme.team: team }
    label_preset: promtail
    max_line_bytes: 65536
    max_streams: 10000
    stream_max_age: 1s
    liveness_timeout: 5s
  sample: { type: demo, lines_per_second: 5, containers: 2 }
  pipe: { type: stdin, container: make, max_line_bytes: 2KiB }
  host: { type: journald, units: [ssh.service], matches: [_UID=0, +, "_CMDLINE=a b"], directory: logs, fields: [_PID], start_at: end, max_line_bytes: 2KiB }
  net: { type: syslog, host: "::", tcp_port: 6514, udp_port: 0, tls: { cert_file: /c.pem, key_file: k.pem, client_ca_file: /ca.pem }, max_connections: 5, idle_timeout: 1h, max_line_bytes: 8k, use_message_time: false }
sinks:
  loki:
    match: '{env="prod"}'
    url: http://loki:3100/
    tenant: a
    tenant_label: team
    username: u
    tls: { insecure_skip_verify: false }
    proxy_url: http://proxy:3128
    timeout: 5s
    batch_wait: 0
    structured_metadata: false
    batch_bytes: 3MiB
    max_line_bytes: 64k
    max_age: 1d
    password: pass word
  out: { type: stdout, match: '{stream="stderr"}' }
  local: { type: file, directory: logs, format: json, max_bytes: 10MB, max_age: 1h, max_files: 3, max_total_bytes: 1GiB, compress: false }
`,
      { HOME: '/home/me' },
    );
    expect(config).toEqual({
      dataDir: path.join(kit.cwd, 'here'),
      logLevel: 'debug',
      labels: { env: 'prod' },
      server: {
        host: '0.0.0.0',
        port: 9000,
        auth: 'token',
        allowedHosts: ['logs.example.org'],
        basePath: '',
      },
      metrics: { host: '0.0.0.0', port: 0 },
      journal: { maxBytes: 1024 ** 3, maxAgeMs: 86_400_000, minFree: 0.075, syncIntervalMs: 0 },
      deadLetters: { maxBytes: 2 * 1024 ** 2, maxAgeMs: 86_400_000 },
      alerts: {
        slow: {
          query: '{container="web"} |= "timeout"',
          threshold: 10,
          windowMs: 3_600_000,
          coolDownMs: 10_000,
          sendResolved: true,
          webhook: { type: 'slack', url: 'https://hooks.example.org/services/T0/B0/secret' },
          enabled: false,
        },
      },
      sources: {
        containers: {
          type: 'docker',
          endpoint: 'https://engine:2376',
          tls: {
            caFile: path.join(kit.cwd, 'ca.pem'),
            certFile: '/cert.pem',
            keyFile: '/home/me/key.pem',
            serverName: 'engine',
            insecureSkipVerify: true,
          },
          transport: 'api',
          startAt: 'beginning',
          maxHistoryBytes: 65536,
          include: { names: ['web-*'], labels: { team: '1' }, images: ['nginx'], composeProjects: ['shop'] },
          exclude: { labels: { 'log-capturer.enabled': 'false' } },
          containerLabels: { 'com.acme.team': 'team' },
          labelPreset: 'promtail',
          maxLineBytes: 65536,
          maxStreams: 10_000,
          streamMaxAgeMs: 1000,
          livenessTimeoutMs: 5000,
        },
        sample: { type: 'demo', linesPerSecond: 5, containers: 2 },
        pipe: { type: 'stdin', container: 'make', maxLineBytes: 2048 },
        host: {
          type: 'journald',
          units: ['ssh.service'],
          matches: ['_UID=0', '+', '_CMDLINE=a b'],
          directory: path.join(kit.cwd, 'logs'),
          fields: ['_PID'],
          startAt: 'end',
          maxLineBytes: 2048,
        },
        net: {
          type: 'syslog',
          host: '::',
          tcpPort: 6514,
          udpPort: 0,
          tls: { certFile: '/c.pem', keyFile: path.join(kit.cwd, 'k.pem'), clientCaFile: '/ca.pem' },
          maxConnections: 5,
          idleTimeoutMs: 3_600_000,
          maxLineBytes: 8192,
          useMessageTime: false,
        },
      },
      processors: [],
      sinks: {
        loki: {
          type: 'loki',
          match: '{env="prod"}',
          url: 'http://loki:3100/',
          tenant: 'a',
          tenantLabel: 'team',
          username: 'u',
          password: 'pass word',
          tls: { insecureSkipVerify: false },
          proxyUrl: 'http://proxy:3128',
          timeoutMs: 5000,
          batchWaitMs: 0,
          structuredMetadata: false,
          batchBytes: 3 * 1024 ** 2,
          maxLineBytes: 65536,
          maxAgeMs: 86_400_000,
        },
        out: { type: 'stdout', match: '{stream="stderr"}' },
        local: {
          type: 'file',
          directory: path.join(kit.cwd, 'logs'),
          format: 'json',
          maxBytes: 10_000_000,
          maxAgeMs: 3_600_000,
          maxFiles: 3,
          maxTotalBytes: 1024 ** 3,
          compress: false,
        },
      },
    });
    const yaml = configYaml(config)
      .replace('<hidden>', 'https://hooks.example.org/services/T0/B0/secret')
      .replace('<hidden>', 'pass word');
    expect(load(yaml).config).toEqual(config);
  });

  test('flags go before the environment, that before the file', () => {
    const text = 'data_dir: /file\nserver: { host: h.file, port: 1 }\nlog_level: warn';
    const env = {
      LOG_CAPTURER_SERVER_HOST: 'h.env',
      LOG_CAPTURER_SERVER_PORT: '2',
      LOG_CAPTURER_LOG_LEVEL: '',
    };
    const { config } = load(text, env, { port: '3' });
    expect(config).toMatchObject({ dataDir: '/file', server: { host: 'h.env', port: 3 }, logLevel: 'warn' });
  });

  test('any key by environment, in sections that the file has or has not', () => {
    const { config } = load('sinks: { my-logs: { type: file, directory: /a } }', {
      LOG_CAPTURER_DATA_DIR: '/d',
      LOG_CAPTURER_LABELS_ENV: 'prod',
      LOG_CAPTURER_JOURNAL_MAX_BYTES: '100MiB',
      LOG_CAPTURER_SOURCES_CONTAINERS_START_AT: 'end',
      LOG_CAPTURER_SOURCES_CONTAINERS_INCLUDE_NAMES: 'web-*, api-*',
      LOG_CAPTURER_SINKS_MY_LOGS_MAX_FILES: '4',
      LOG_CAPTURER_SINKS_MY_LOGS_COMPRESS: 'false',
      LOG_CAPTURER_SINKS_OTHER_ONE_TYPE: 'file',
      LOG_CAPTURER_SINKS_OTHER_ONE_DIRECTORY: '/b',
      LOG_CAPTURER_SINKS_OTHER_ONE_MAX_TOTAL_BYTES: '2GiB',
    });
    expect(config.dataDir).toBe('/d');
    expect(config.labels).toEqual({ env: 'prod' });
    expect(config.journal.maxBytes).toBe(100 * 1024 ** 2);
    expect(config.sources).toEqual({
      containers: expect.objectContaining({
        type: 'docker',
        startAt: 'end',
        include: { names: ['web-*', 'api-*'] },
      }),
    });
    expect(Object.keys(config.sinks)).toEqual(['my-logs', 'other_one']);
    expect(config.sinks['my-logs']).toMatchObject({ maxFiles: 4, compress: false, directory: '/a' });
    expect(config.sinks['other_one']).toMatchObject({ directory: '/b', maxTotalBytes: 2 * 1024 ** 3 });
  });

  test('variables that Kubernetes sets for a service called log-capturer are none of ours', () => {
    const env = {
      LOG_CAPTURER_SERVICE_HOST: '10.0.0.1',
      LOG_CAPTURER_SERVICE_PORT: '8401',
      LOG_CAPTURER_SERVICE_PORT_HTTP: '8401',
      LOG_CAPTURER_PORT: 'tcp://10.0.0.1:8401',
      LOG_CAPTURER_PORT_8401_TCP: 'tcp://10.0.0.1:8401',
      LOG_CAPTURER_PORT_8401_TCP_ADDR: '10.0.0.1',
    };
    expect(load('', env).config).toEqual(load('').config);
    expect(problems('', { LOG_CAPTURER_PORT: '8401' })).toHaveLength(1);
  });

  test('variables in text', () => {
    const text = `labels: { a: "\${A}", b: "x-\${B:-y}-\${C:-z}", c: "$\${A}", d: "\${EMPTY}" }\nserver: { port: "\${PORT:-7}" }`;
    const { config } = load(text, { A: '${B}', B: '', EMPTY: '' });
    expect(config.labels).toEqual({ a: '${B}', b: 'x-y-z', c: '${A}', d: '' });
    expect(config.server.port).toBe(7);
  });

  test('a source given by environment alone replaces the default one', () => {
    const { config } = load(undefined, { LOG_CAPTURER_SOURCES_SAMPLE_TYPE: 'demo' });
    expect(config.sources).toEqual({ sample: { type: 'demo', linesPerSecond: 20, containers: 4 } });
  });

  test('the data directory of a checkout, a service, an image and a development container', () => {
    expect(defaultDataDir({}, exists())).toBe('./data');
    expect(defaultDataDir({ INVOCATION_ID: 'x' }, exists('/data'))).toBe('/var/lib/log-capturer');
    expect(defaultDataDir({}, exists('/.dockerenv', '/data'))).toBe('/data');
    expect(defaultDataDir({}, exists('/.dockerenv'))).toBe('./data');
    expect(defaultHost(exists('/.dockerenv', '/data'))).toBe('0.0.0.0');
    expect(defaultHost(exists('/run/.containerenv', '/data'))).toBe('0.0.0.0');
    expect(defaultHost(exists('/.dockerenv'))).toBe('127.0.0.1');
    expect(defaultHost(exists('/data'))).toBe('127.0.0.1');
  });

  test('the size of the journal is known before its folder is', () => {
    expect(defaultJournalBytes(path.join(kit.cwd, 'a/b/c'))).toBe(defaultJournalBytes(kit.cwd));
  });

  test('./log-capturer.yaml is found', () => {
    writeFileSync(path.join(kit.cwd, 'log-capturer.yaml'), 'server: { port: 1234 }');
    expect(loadConfig({ cwd: kit.cwd, env: {} })).toMatchObject({
      file: 'log-capturer.yaml',
      config: { server: { port: 1234 } },
    });
  });
});

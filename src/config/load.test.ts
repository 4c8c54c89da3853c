import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentError } from '../runtime/errors.js';
import { defaultDataDir, defaultHost, defaultJournalBytes } from './defaults.js';
import { type ConfigFlags, loadConfig } from './load.js';
import { configYaml } from './render.js';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'log-capturer-config-'));
});

afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function load(text: string | Uint8Array | undefined, env: NodeJS.ProcessEnv = {}, flags: ConfigFlags = {}) {
  if (text === undefined) return loadConfig({ cwd, env, flags });
  writeFileSync(path.join(cwd, 'c.yaml'), text);
  return loadConfig({ cwd, env, flags, file: 'c.yaml' });
}

function problems(text: string | Uint8Array, env: NodeJS.ProcessEnv = {}, flags: ConfigFlags = {}): string[] {
  try {
    load(text, env, flags);
  } catch (error) {
    expect(error).toBeInstanceOf(AgentError);
    expect((error as AgentError).code).toBe('CONFIG_INVALID');
    return (error as AgentError).message.split('\n');
  }
  return [];
}

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
      dataDir: path.join(cwd, 'here'),
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
            caFile: path.join(cwd, 'ca.pem'),
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
          directory: path.join(cwd, 'logs'),
          fields: ['_PID'],
          startAt: 'end',
          maxLineBytes: 2048,
        },
        net: {
          type: 'syslog',
          host: '::',
          tcpPort: 6514,
          udpPort: 0,
          tls: { certFile: '/c.pem', keyFile: path.join(cwd, 'k.pem'), clientCaFile: '/ca.pem' },
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
          directory: path.join(cwd, 'logs'),
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
    expect(defaultJournalBytes(path.join(cwd, 'a/b/c'))).toBe(defaultJournalBytes(cwd));
  });

  test('./log-capturer.yaml is found', () => {
    writeFileSync(path.join(cwd, 'log-capturer.yaml'), 'server: { port: 1234 }');
    expect(loadConfig({ cwd, env: {} })).toMatchObject({
      file: 'log-capturer.yaml',
      config: { server: { port: 1234 } },
    });
  });
});

const DOCKER_KEYS =
  'type, endpoint, tls, transport, start_at, max_history_bytes, include, exclude, container_labels, label_preset, max_line_bytes, max_streams, stream_max_age, liveness_timeout';
const SERVER_KEYS = 'host, port, auth, token, token_file, allowed_hosts, base_path, tls';

describe('what is refused, and where', () => {
  test.each<[string, string, string[]]>([
    [
      'a misspelt key',
      'sources:\n  containers:\n    type: docker\n    start_att: 5m\n',
      [
        `c.yaml:4:5: sources.containers.start_att: unknown key, did you mean start_at? (accepted: ${DOCKER_KEYS})`,
      ],
    ],
    [
      'an unknown section',
      'sink: {}\n',
      [
        'c.yaml:1:1: sink: unknown key, did you mean sinks? (accepted: data_dir, log_level, labels, server, metrics, journal, dead_letters, alerts, sources, processors, sinks)',
      ],
    ],
    [
      'several problems, in order',
      'server:\n  port: http\n  hots: a\njournal:\n  max_bytes: big\n  min_free: 5\n  max_age: 7\n',
      [
        'c.yaml:2:9: server.port: must be a whole number from 0 to 65535, such as 8401',
        `c.yaml:3:3: server.hots: unknown key, did you mean host? (accepted: ${SERVER_KEYS})`,
        'c.yaml:5:14: journal.max_bytes: must be a size of at least 16MiB, such as 2GiB or plain bytes',
        'c.yaml:6:13: journal.min_free: must be a percentage from 0% to 100%, such as 5%',
        'c.yaml:7:12: journal.max_age: must be a duration of at least 1s, such as 7d (units: ms, s, m, h, d, w)',
      ],
    ],
    [
      'a port too high',
      'server: { port: 70000 }',
      ['c.yaml:1:17: server.port: must be a whole number from 0 to 65535, such as 8401'],
    ],
    [
      'a wrong type of sink',
      'sinks:\n  x:\n    type: fiel\n',
      ['c.yaml:3:11: sinks.x.type: must be elasticsearch or file or http or loki or otlp or splunk or stdout or syslog, did you mean file?'],
    ],
    [
      'a source without type',
      'sources:\n  web: {}\n',
      [
        'c.yaml:2:8: sources.web.type: is missing, must be docker or demo or stdin or journald or syslog or file',
      ],
    ],
    [
      'a sink without directory',
      'sinks:\n  x:\n    type: file\n',
      ['c.yaml:3:5: sinks.x.directory: is missing, must be a folder, such as ./data/logs'],
    ],
    [
      'a section that is a list',
      'server: [1]\n',
      [`c.yaml:1:9: server: must be a section (accepted keys: ${SERVER_KEYS})`],
    ],
    [
      'named things that are a list',
      'sinks: [1]\n',
      ['c.yaml:1:8: sinks: must be a section of names with their values, such as { name: value }'],
    ],
    [
      'a label that YAML takes for a number',
      'labels: { version: 1.10 }\n',
      ['c.yaml:1:20: labels.version: must be text, such as "a" (numbers, true and false in quotes)'],
    ],
    [
      'a label name that Loki refuses',
      'labels:\n  a-b: x\n',
      [
        'c.yaml:2:3: labels.a-b: the name must be a label name: letters, digits and _, beginning with a letter',
      ],
    ],
    [
      'a value in a list',
      'sources: { c: { type: docker, include: { names: [1] } } }',
      ['c.yaml:1:49: sources.c.include.names: must be a list of texts, such as ["web-*"]'],
    ],
    ['a list', '- a\n- b\n', ['c.yaml:1:1: must be sections of keys, not a list']],
    ['a word', 'hello\n', ['c.yaml:1:1: must be sections of keys, not a single value']],
    ['the same key twice', 'labels: {}\nlabels: {}\n', ['c.yaml:2:1: Map keys must be unique']],
    [
      'an unset variable',
      'server:\n  host: ${NO_SUCH}\n',
      [
        'c.yaml:2:9: the environment variable NO_SUCH is not set; set it, or give a default: ${NO_SUCH:-default}',
      ],
    ],
    [
      'an unset variable beside another problem',
      'server:\n  host: ${NO_SUCH}\n  prot: 1\n',
      [
        'c.yaml:2:9: the environment variable NO_SUCH is not set; set it, or give a default: ${NO_SUCH:-default}',
        `c.yaml:3:3: server.prot: unknown key, did you mean port? (accepted: ${SERVER_KEYS})`,
      ],
    ],
    [
      'an unclosed reference',
      'server: { host: "${A" }\n',
      [
        'c.yaml:1:17: ${ begins no reference to a variable here; write ${NAME}, ${NAME:-default}, or $${ for a plain ${',
      ],
    ],
    ['a key that is a list', '? [a]\n: b\n', ['c.yaml:1:3: a key must be plain text']],
    ['__proto__', '__proto__: { a: 1 }\n', ['c.yaml:1:1: a key must be plain text']],
    [
      'aliases that explode',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((c, i) => `${c}: &${c} [${Array(10).fill(`*${'abcdefg'[i]}`).join(',')}]`)
        .join('\n')}\n`,
      [expect.stringMatching(/too many or too deeply nested values/)],
    ],
  ])('%s', (_, text, expected) => {
    const found = problems(text);
    if (typeof expected[0] === 'string') expect(found).toEqual(expected);
    else expect(found).toEqual(expect.arrayContaining(expected));
  });

  test('a syntax error says where', () => {
    expect(problems('server:\n  host: "a\n')[0]).toMatch(/^c\.yaml:\d+:\d+: /);
    expect(problems('a: b: c')[0]).toMatch(/^c\.yaml:1:\d+: /);
  });

  test('what came from the environment or a flag is named so', () => {
    const env = { LOG_CAPTURER_SERVER_PORT: 'x', LOG_CAPTURER_SERVER_PROT: '1', LOG_CAPTURER_SERVER: '1' };
    expect(problems('', env, { logLevel: 'loud' })).toEqual([
      'environment variable LOG_CAPTURER_SERVER: names no key of the configuration, did you mean LOG_CAPTURER_SERVER_HOST?',
      'environment variable LOG_CAPTURER_SERVER_PROT: names no key of the configuration, did you mean LOG_CAPTURER_SERVER_PORT?',
      '--log-level: log_level: must be debug or info or warn or error',
      'environment variable LOG_CAPTURER_SERVER_PORT: server.port: must be a whole number from 0 to 65535, such as 8401',
    ]);
  });

  test('binary garbage and giants', () => {
    expect(problems(Buffer.from([0xff, 0xfe, 0x00]))).toEqual([
      'c.yaml: is not text in UTF-8; is this the configuration?',
    ]);
    expect(problems('#'.repeat(1024 ** 2 + 1))).toEqual([
      'c.yaml: is larger than 128 KiB; is this the configuration?',
    ]);
    expect(problems('['.repeat(100_000)).length).toBeGreaterThan(0);
  });

  test('files that cannot be read', () => {
    expect(() => loadConfig({ cwd, env: {}, file: 'missing.yaml' })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_UNREADABLE',
        message: 'The configuration file missing.yaml does not exist.',
      }),
    );
    mkdirSync(path.join(cwd, 'folder'));
    expect(() => loadConfig({ cwd, env: {}, file: 'folder' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_UNREADABLE' }),
    );
  });
});

describe('what clashes', () => {
  test('two docker sources on one engine, and two file sinks in one directory', () => {
    const text = `sources:
  a: { type: docker }
  b: { type: docker, start_at: end }
  c: { type: docker, endpoint: "unix:///other.sock" }
sinks:
  x: { type: file, directory: out }
  y: { type: file, directory: ./out/ }
`;
    expect(problems(text)).toEqual([
      expect.stringMatching(/^c\.yaml:3:3: sources\.b: reads the same engine as sources\.a/),
      expect.stringMatching(/^c\.yaml:7:3: sinks\.y: writes into the same directory as sinks\.x/),
    ]);
  });

  test.each<[string, string, string[]]>([
    ['out', 'out/more', ['c.yaml:4:3: sinks.y: its directory and that of sinks.x lie one in the other']],
    ['out/more', 'out', ['c.yaml:4:3: sinks.y: its directory and that of sinks.x lie one in the other']],
    ['data', 'out', ['c.yaml:3:3: sinks.x: its directory is the data directory']],
    ['out', '.', ['c.yaml:4:3: sinks.y: its directory holds the data directory']],
    ['/', 'out', ['c.yaml:3:3: sinks.x: its directory holds', 'c.yaml:4:3: sinks.y: its directory and']],
    ['data/logs', 'data/..logs', []],
    ['out', 'outer', []],
  ])('file sinks in %s and %s, with data_dir data', (x, y, expected) => {
    const text = `data_dir: data
sinks:
  x: { type: file, directory: ${x} }
  y: { type: file, directory: ${y} }
`;
    expect(problems(text)).toEqual(expected.map((start) => expect.stringContaining(start)));
  });
});

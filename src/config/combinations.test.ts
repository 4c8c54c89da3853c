import { describe, expect, test } from 'vitest';
import type { ConfigFlags } from './load.js';
import { loadKit } from './testing/load-kit.js';

const { load: loaded, problems } = loadKit();
const load = (...given: Parameters<typeof loaded>) => loaded(...given).config;

describe('what need not be said', () => {
  test('the type of a component that is called like one', () => {
    const config = load('sources: { demo: , containers: }\nsinks: { stdout: , loki: { url: "http://h" } }');
    expect(Object.values(config.sources).map(({ type }) => type)).toEqual(['demo', 'docker']);
    expect(Object.values(config.sinks).map(({ type }) => type)).toEqual(['stdout', 'loki']);
  });

  test('a name says nothing where a type is given', () => {
    const config = load('sinks: { loki: { type: file, directory: /x } }');
    expect(config.sinks['loki'].type).toBe('file');
  });

  test('Loki by flag, by environment, by file, in this order', () => {
    const text = 'sinks: { loki: { url: "http://file", tenant: a } }';
    const env = { LOG_CAPTURER_LOKI_URL: 'http://env', LOG_CAPTURER_LOKI_BATCH_WAIT: '2s' };
    const url = (config: ReturnType<typeof load>) => config.sinks['loki'];
    expect(url(load(text))).toMatchObject({ url: 'http://file', tenant: 'a' });
    expect(url(load(text, env))).toMatchObject({ url: 'http://env', tenant: 'a', batchWaitMs: 2000 });
    expect(url(load(text, env, { loki: 'http://flag' }))).toMatchObject({ url: 'http://flag' });
    expect(url(load('', {}, { loki: 'http://flag' }))).toMatchObject({ type: 'loki', url: 'http://flag' });
  });

  test('--stdin is the only source, with what the file says of it', () => {
    const text = 'sources: { containers: , stdin: { container: make } }';
    expect(load(text, {}, { stdin: true }).sources).toEqual({
      stdin: { type: 'stdin', container: 'make', maxLineBytes: 512 * 1024 },
    });
    expect(Object.keys(load('', {}, { stdin: true }).sources)).toEqual(['stdin']);
  });
});

test('--stdin takes no port that nobody gave it', () => {
  const ports = (text: string, env: NodeJS.ProcessEnv = {}, flags: ConfigFlags = {}) => {
    const { server, metrics } = load(text, env, { stdin: true, ...flags });
    return [server.port, metrics.port];
  };
  expect(ports('')).toEqual([0, 0]);
  expect(ports('server: { host: 127.0.0.1 }\nmetrics:\n')).toEqual([0, 0]);
  expect(ports('server: { port: 8500 }')).toEqual([8500, 0]);
  expect(ports('', { LOG_CAPTURER_METRICS_PORT: '8002' }, { port: '8501' })).toEqual([8501, 8002]);
  expect(load('sources: { stdin: }').server.port).toBe(8401);
});

describe('what does not go together', () => {
  test.each<[string, string[]]>([
    [
      'sinks:\n  loki:\n    url: http://h\n    username: u\n',
      ['c.yaml:4:5: sinks.loki.username: needs password'],
    ],
    [
      'sinks:\n  loki:\n    url: http://h\n    password: p\n',
      ['c.yaml:4:5: sinks.loki.password: needs username'],
    ],
    [
      'sinks:\n  loki:\n    url: http://a:b@h\n    bearer_token: t\n',
      ['c.yaml:2:3: sinks.loki: bearer_token and the user in url exclude each other; keep one way to log in'],
    ],
    [
      'sinks:\n  loki:\n    url: https://h\n    tls: { cert_file: c }\n',
      ['c.yaml:4:12: sinks.loki.tls.cert_file: needs key_file'],
    ],
    [
      'sources:\n  syslog: { tcp_port: 0, udp_port: 0 }\n',
      ['c.yaml:2:13: sources.syslog.tcp_port: listens nowhere where both ports are 0; leave the source out'],
    ],
    [
      'sources:\n  syslog: { tcp_port: 0, tls: { cert_file: c, key_file: k } }\n',
      ['c.yaml:2:26: sources.syslog.tls: is for TCP only, which is left out'],
    ],
    [
      'sources:\n  journald: { directory: d, file: f }\n',
      ['c.yaml:2:29: sources.journald.file: stands for itself; leave directory out'],
    ],
    [
      'sources:\n  containers:\n    tls: { key_file: k }\n',
      ['c.yaml:3:12: sources.containers.tls.key_file: needs cert_file'],
    ],
    [
      'labels: { a: "", b: "", c: "", d: "", e: "", f: "", g: "", h: "", i: "", j: "", k: "" }',
      ['c.yaml:1:1: labels: at most 10, because Loki takes 15 with those of the container'],
    ],
    [
      'labels: { stream: x, gap: y }',
      [
        'c.yaml:1:11: labels.stream: is set by the agent itself; choose another name',
        'c.yaml:1:22: labels.gap: is set by the agent itself; choose another name',
      ],
    ],
    [
      'server: { port: 9000 }\nmetrics: { port: 9000 }',
      [
        'c.yaml:2:12: metrics.port: is the port of the server, which serves /metrics too; leave this one out with 0',
      ],
    ],
    [
      'sources:\n  a: { type: stdin }\n  b: { type: stdin }\n',
      ['c.yaml:3:3: sources.b: standard input can be read once, and sources.a reads it'],
    ],
    [
      'processors:\n- type: multiline\n  languages: [go]\n  start: "^>"\n',
      [
        'c.yaml:3:3: processors[0].languages: does nothing beside start or continue; use two processors for both',
      ],
    ],
    [
      'processors:\n- type: multiline\n  languages: [go, cobol]\n',
      [
        'c.yaml:3:14: processors[0].languages: must be a list of languages: java, python, go, node, dotnet, ruby, php, rust',
      ],
    ],
    [
      'processors:\n- type: multiline\n  start: "(a"\n',
      ['c.yaml:3:10: processors[0].start: must be a regular expression: a ( is not closed'],
    ],
  ])('%j', (text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  test.each(['{env="prod"}', '{env="prod", team!="x"}', '{app=~"web-.*"}'])(
    'a match without quotes, %s, is a section to YAML: how it must be written is said',
    (match) => {
      expect(problems(`sinks:\n  stdout:\n    match: ${match}\n`)).toEqual([
        expect.stringMatching(
          /^c\.yaml:3:12: sinks\.stdout\.match: must be .*; put it in quotes: match: '\{env="prod"\}'$/,
        ),
      ]);
    },
  );

  test('a match without quotes that YAML cannot read', () => {
    expect(problems('sinks:\n  stdout:\n    match: {env=~"a[bc]"}\n')).toContainEqual(
      expect.stringMatching(
        /^c\.yaml:3:\d+: Missing .* must stand in quotes, such as match: '\{env="prod"\}'$/,
      ),
    );
  });

  test.each([
    'tenant: "a b"',
    'tenant: "a\\nb"',
    'batch_bytes: 4MiB',
    'url: loki:3100',
    'url: "http://h/ x"',
    'proxy_url: 127.0.0.1:3128',
    'bearer_token: "a b"',
    "match: '{env=prod}'",
    'timeout: 10',
  ])('a value of Loki: %s', (line) => {
    const found = problems(
      `sinks:\n  loki:\n${line.startsWith('url') ? '' : '    url: http://h\n'}    ${line}\n`,
    );
    expect(found).toEqual([
      expect.stringMatching(
        new RegExp(`^c\\.yaml:[34]:\\d+: sinks\\.loki\\.${line.split(':')[0]}: must be `),
      ),
    ]);
  });
});

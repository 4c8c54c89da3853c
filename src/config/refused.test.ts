import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from './load.js';
import { loadKit } from './testing/load-kit.js';

const kit = loadKit();
const { problems } = kit;

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
      [
        'c.yaml:3:11: sinks.x.type: must be elasticsearch or file or http or loki or otlp or splunk or stdout or syslog, did you mean file?',
      ],
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
    expect(() => loadConfig({ cwd: kit.cwd, env: {}, file: 'missing.yaml' })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_UNREADABLE',
        message: 'The configuration file missing.yaml does not exist.',
      }),
    );
    mkdirSync(path.join(kit.cwd, 'folder'));
    expect(() => loadConfig({ cwd: kit.cwd, env: {}, file: 'folder' })).toThrow(
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

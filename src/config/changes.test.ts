import { expect, test } from 'vitest';
import { changesBetween, namedProcessors } from './changes.js';
import { loadConfig } from './load.js';
import type { Config } from './types.js';

const BASE = `
server: { port: 9000 }
sources: { a: { type: demo }, b: { type: demo, containers: 2 } }
processors: [{ type: level }, { type: redact }]
sinks: { one: { type: stdout }, two: { type: loki, url: "http://127.0.0.1:3100", password: x, username: me } }
`;

function config(text: string): Config {
  return loadConfig({ text, env: { HOME: '/' }, cwd: '/', journalBytes: 2 ** 30 }).config;
}

function changes(from: string, to: string): string[] {
  return changesBetween(config(from), config(to))
    .filter(({ change }) => change !== 'unchanged')
    .map(({ component, change }) => `${component} ${change}`);
}

test.each<[string, string, string, string[]]>([
  ['nothing', '', '', []],
  ['defaults that are written down', 'sinks:', 'journal: { max_age: 7d }\nsinks:', []],
  ['a password', 'password: x', 'password: y', ['sinks.two rebuilt']],
  ['a sink that comes', 'sinks: {', 'sinks: { new: { type: file, directory: /x },', ['sinks.new added']],
  ['a sink that goes', 'one: { type: stdout }, ', '', ['sinks.one removed']],
  ['its type', '{ type: stdout }', '{ type: file, directory: /x }', ['sinks.one rebuilt']],
  ['a source', 'containers: 2', 'containers: 3', ['sources.b rebuilt']],
  [
    'labels',
    'server:',
    'labels: { env: x }\nserver:',
    ['labels changed', 'sources.a rebuilt', 'sources.b rebuilt'],
  ],
  ['a processor that comes in front', '[{', '[{ type: parse }, {', ['processors.parse added']],
  ['its options', '{ type: redact }', '{ type: redact, rules: [email] }', ['processors.redact rebuilt']],
  [
    'their order',
    '[{ type: level }, { type: redact }]',
    '[{ type: redact }, { type: level }]',
    ['processors changed'],
  ],
  [
    'a second one of a type',
    '[{ type: level },',
    '[{ type: level }, { type: level, default: info },',
    ['processors.level-2 added'],
  ],
  [
    'what is in place',
    'server:',
    'log_level: debug\njournal: { max_age: 1d }\ndead_letters: { max_age: 1d }\nserver:',
    ['log_level changed', 'journal changed', 'dead_letters changed'],
  ],
  [
    'an alert',
    'server:',
    'alerts: { x: { query: "", webhook: { type: json, url: "http://h/" } } }\nserver:',
    ['alerts.x added'],
  ],
  ['the port', 'port: 9000', 'port: 9001', ['server restart']],
  ['the port of the metrics', 'server:', 'metrics: { port: 1 }\nserver:', ['metrics restart']],
  ['the data directory', 'server:', 'data_dir: /x\nserver:', ['data_dir restart']],
  ['standard input that comes', 'sources: {', 'sources: { stdin: {},', ['sources.stdin restart']],
])('%s', (_, now, then, expected) => {
  expect(BASE).toContain(now);
  expect(changes(BASE, BASE.replace(now, then))).toEqual(expected);
});

test('labels with standard input', () => {
  const text = 'sources: { stdin: {} }';
  expect(changes(text, `${text}\nlabels: { env: x }`)).toEqual(['labels changed', 'sources.stdin restart']);
});

test('every component is told of', () => {
  const components = changesBetween(config(BASE), config(BASE)).map(({ component }) => component);
  expect(components.join(' ')).toBe(
    'data_dir server metrics log_level journal dead_letters labels sources.a sources.b ' +
      'processors.level processors.redact sinks.one sinks.two',
  );
});

test('processors have the name of their type, and a number from the second on', () => {
  const { processors } = config('processors: [{ type: level }, { type: redact }, { type: level }]');
  expect([...namedProcessors(processors).keys()]).toEqual(['level', 'redact', 'level-2']);
});

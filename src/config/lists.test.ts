/** A list of sections in the configuration: `processors`. */
import { expect, test } from 'vitest';
import { checkConfig } from './check.js';
import { configYaml } from './render.js';
import { loadKit } from './testing/load-kit.js';

const kit = loadKit();
const { load, problems } = kit;

test('entries keep their order, and have their defaults', () => {
  const { config } = load(`
processors:
  - type: redact
    rules: [email]
  - { type: level }
  - { type: redact, match: '{env="prod"}' }
`);
  expect(config.processors.map(({ type, match }) => [type, match])).toEqual([
    ['redact', undefined],
    ['level', undefined],
    ['redact', '{env="prod"}'],
  ]);
  expect(config.processors[0]).toEqual({ type: 'redact', rules: ['email'], patterns: [] });
});

test.each(['', 'processors:', 'processors: []'])('nothing is an empty list: %j', (text) => {
  expect(load(text).config.processors).toEqual([]);
});

test('what is shown of it is a configuration that comes to the same', () => {
  const { config } = load("processors: [{ type: level }, { type: multiline, start: '^A' }]");
  expect(load(configYaml(config)).config.processors).toEqual(config.processors);
});

test.each<[string, string, RegExp]>([
  [
    'an unknown type',
    'processors:\n  - type: redcat',
    /^c\.yaml:2:11: processors\[0\]\.type: must be .*, did you mean redact\?$/,
  ],
  ['no type', 'processors:\n  - rules: []', /^c\.yaml:2:5: processors\[0\]\.type: is missing, must be /],
  [
    'an unknown key of the second',
    'processors:\n  - type: level\n  - type: redact\n    rule: [email]',
    /^c\.yaml:4:5: processors\[1\]\.rule: unknown key, did you mean rules\?/,
  ],
  [
    'sections instead of a list',
    'processors:\n  redact: {}',
    /^c\.yaml:2:3: processors: must be a list of sections, each with a dash/,
  ],
  [
    'a text where a list of texts is wanted',
    'processors:\n  - type: filter\n    drop: \'|= "x"\'',
    /^c\.yaml:3:11: processors\[0\]\.drop: must be a list, each entry with a dash before it or in brackets: a query/,
  ],
  ['a word', 'processors: redact', /^c\.yaml:1:13: processors: must be a list of sections/],
  ['words in it', 'processors: [redact]', /^c\.yaml:1:14: processors\[0\]: must be a section/],
  [
    'a list in an entry',
    "processors:\n  - type: redact\n    patterns:\n      - { name: order, pattern: '(' }",
    /^c\.yaml:4:33: processors\[0\]\.patterns\[0\]\.pattern: must be /,
  ],
])('%s', (_, text, expected) => {
  expect(problems(text)).toEqual([expect.stringMatching(expected)]);
});

test('by environment it is given whole, as YAML, and goes before the file', () => {
  const env = {
    LOG_CAPTURER_PROCESSORS: '[{ type: level }, { type: redact, match: \'{a="${NAME}"}\' }]',
    NAME: 'b',
  };
  const { config } = load('processors: [{ type: parse }]', env);
  expect(config.processors.map(({ type, match }) => [type, match])).toEqual([
    ['level', undefined],
    ['redact', '{a="b"}'],
  ]);
});

test.each([
  ['[{ type: levle }]', 'processors[0].type: must be'],
  ['[{ type: level', 'Flow'],
  ['level', 'processors: must be a list'],
])('what is wrong there is said of the variable: %s', (value, what) => {
  const [problem] = problems('processors:\n  - type: parse\n', { LOG_CAPTURER_PROCESSORS: value });
  expect(problem).toMatch(/^environment variable LOG_CAPTURER_PROCESSORS: /);
  expect(problem).toContain(what);
});

test('a variable for a part of it names no key', () => {
  expect(problems('', { LOG_CAPTURER_PROCESSORS_0_TYPE: 'level' })[0]).toContain('names no key');
});

test('a check points at the entry', () => {
  const { config: present } = load('');
  const { problems } = checkConfig({
    text: 'processors:\n  - type: level\n  - type: redcat\n',
    request: { cwd: kit.cwd, env: {} },
    present,
  });
  expect(problems).toMatchObject([{ line: 3, column: 11, key: 'processors[1].type' }]);
});

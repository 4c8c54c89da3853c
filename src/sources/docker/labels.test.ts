import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { containerOf, outputOf } from '../../pipeline/streams.js';
import { silentLogger } from '../../runtime/log.js';
import { factsFromNames } from './facts.js';
import { Labeler, type LabelRules, MAX_LABELS } from './labels.js';

const PRESETS = ['default', 'promtail', 'docker-driver'] as const;
let said: string[];

beforeEach(() => {
  said = [];
});

function labeler(rules: Partial<LabelRules> = {}): Labeler {
  const log = { ...silentLogger, warn: (_fields: object, message: string) => said.push(message) };
  return new Labeler({ preset: 'default', extra: {}, containerLabels: {}, log, ...rules });
}

const of = (name: string, labels: Record<string, string> = {}) =>
  factsFromNames('f'.repeat(64), { name, labels });
const labelsOf = (name: string, labels: Record<string, string> = {}, rules: Partial<LabelRules> = {}) =>
  labeler(rules).labelsOf(of(name, labels), 'box');

const PLAIN = {};
const COMPOSE = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'api' };
const SWARM = { 'com.docker.stack.namespace': 'shop', 'com.docker.swarm.service.name': 'shop_api' };
const COMPOSED = { compose_project: 'shop', compose_service: 'api' };
const SWARMED = { swarm_stack: 'shop', swarm_service: 'shop_api' };

describe('the names of a preset', () => {
  test.each([
    ['default', PLAIN, { container: 'web', service_name: 'web', host: 'box' }],
    ['default', COMPOSE, { container: 'web', service_name: 'api', host: 'box', ...COMPOSED }],
    ['default', SWARM, { container: 'web', service_name: 'shop_api', host: 'box', ...SWARMED }],
    ['promtail', PLAIN, { container: 'web', host: 'box' }],
    ['promtail', COMPOSE, { container: 'web', host: 'box', service: 'api', project: 'shop' }],
    ['promtail', { logging_jobname: 'site' }, { container: 'web', host: 'box', job: 'site' }],
    ['docker-driver', PLAIN, { container_name: 'web', host: 'box' }],
    ['docker-driver', COMPOSE, { container_name: 'web', host: 'box', ...COMPOSED }],
    ['docker-driver', SWARM, { container_name: 'web', host: 'box', ...SWARMED }],
  ] as const)('%s, Docker labels %j', (preset, docker, expected) => {
    expect(labelsOf('web', docker, { preset })).toEqual(expected);
  });

  test('whoever reads a stream finds its container and its output', () => {
    for (const preset of PRESETS) {
      const rules = labeler({ preset, extra: { stream: 'x', source: 'y', logstream: 'z' } });
      const labels = { ...rules.labelsOf(of('web'), 'box'), [rules.outputLabel]: 'stderr' };
      expect([containerOf(labels), outputOf(labels)]).toEqual(['web', 'stderr']);
    }
  });
});

test('docs/configuration.md names the labels of each preset', () => {
  const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  for (const preset of PRESETS) {
    const rules = labeler({ preset });
    const isOfPreset = (line: string): boolean =>
      line.startsWith(`| \`${preset}\` |`) && line.includes(`\`${rules.outputLabel}\``);
    const row = text.split('\n').find(isOfPreset) ?? '';
    const [, ...documented] = [...row.matchAll(/`(\w[\w-]*)`/g)].map(([, name]) => name);
    const known = of('web', { ...COMPOSE, ...SWARM, logging_jobname: 'site' });
    expect(documented.sort()).toEqual(
      [...Object.keys(rules.labelsOf(known, 'box')), rules.outputLabel].sort(),
    );
  }
});

test('an engine without a name gives no host', () => {
  expect(labeler().labelsOf(of('web'), '')).toEqual({ container: 'web', service_name: 'web' });
});

test('extra labels go before defaults, and what the container says before both', () => {
  const docker = { 'com.acme.env': 'test', 'com.acme.empty': '' };
  const containerLabels = { 'com.acme.env': 'env', 'com.acme.empty': 'empty', 'com.acme.none': 'none' };
  expect(labelsOf('web', docker, { extra: { env: 'prod', host: 'h1' }, containerLabels })).toEqual({
    host: 'h1',
    container: 'web',
    service_name: 'web',
    env: 'test',
  });
  expect(said).toEqual([]);
});

test('the reader has room for its own labels, nobody else sets them, and what is left out is said once', () => {
  const extra = {
    stream: 'x',
    catch_up: 'x',
    gap: 'x',
    ...Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`l${i}`, 'v'])),
  };
  const rules = labeler({ extra });
  for (const name of ['web', 'db']) {
    const labels = rules.labelsOf(of(name), 'box');
    expect(Object.keys(labels)).toHaveLength(MAX_LABELS);
    expect(labels).toMatchObject({ container: name, host: 'box', l0: 'v' });
    expect(labels).not.toHaveProperty('stream');
    expect(labels).not.toHaveProperty('catch_up');
    expect(labels).not.toHaveProperty('gap');
  }
  expect(said).toEqual([
    'The label stream is left out of some streams: the agent sets it itself.',
    'The label catch_up is left out of some streams: the agent sets it itself.',
    'The label gap is left out of some streams: the agent sets it itself.',
    'The label l10 is left out of some streams: Loki takes no more than 15 labels on a stream.',
  ]);
});

test('values are well-formed and below the 2,048 bytes that Loki takes', () => {
  const padding = fc.integer({ min: 0, max: 600 }).map((length) => 'a'.repeat(length));
  const text = fc.string({ unit: fc.constantFrom('😀', 'ä', '\ud800', 'x'), minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.tuple(padding, text, fc.constantFrom('', '€'.repeat(600))), (parts) => {
      const value = labelsOf(parts.join(''))['container'];
      expect(value?.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(value ?? '')).toBeLessThanOrEqual(2_048);
    }),
  );
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { factsFromNames } from './facts.js';
import { MAX_LABELS, streamLabels } from './labels.js';

const rules = { host: 'box', extra: {}, containerLabels: {} };
const of = (name: string, labels: Record<string, string> = {}) =>
  factsFromNames('f'.repeat(64), { name, labels });

test('a plain container', () => {
  expect(streamLabels(of('web'), rules)).toEqual({ host: 'box', container: 'web', service_name: 'web' });
});

test('a compose service', () => {
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'api' };
  expect(streamLabels(of('shop-api-1', labels), rules)).toEqual({
    host: 'box',
    container: 'shop-api-1',
    compose_project: 'shop',
    compose_service: 'api',
    service_name: 'api',
  });
});

test('a swarm task', () => {
  const labels = { 'com.docker.stack.namespace': 'shop', 'com.docker.swarm.service.name': 'shop_api' };
  expect(streamLabels(of('shop_api.1.x', labels), rules)).toEqual({
    host: 'box',
    container: 'shop_api.1.x',
    swarm_stack: 'shop',
    swarm_service: 'shop_api',
    service_name: 'shop_api',
  });
});

test('extra labels go before defaults, and what the container says before both', () => {
  const facts = of('web', { 'com.acme.env': 'test', 'com.acme.empty': '' });
  const containerLabels = { 'com.acme.env': 'env', 'com.acme.empty': 'empty', 'com.acme.none': 'none' };
  expect(streamLabels(facts, { host: 'box', extra: { env: 'prod', host: 'h1' }, containerLabels })).toEqual({
    host: 'h1',
    container: 'web',
    service_name: 'web',
    env: 'test',
  });
});

test('the reader has room for its own labels, and nobody else sets them', () => {
  const extra = {
    stream: 'x',
    catch_up: 'x',
    ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`l${i}`, 'v'])),
  };
  const labels = streamLabels(of('web'), { ...rules, extra });
  expect(Object.keys(labels)).toHaveLength(MAX_LABELS);
  expect(labels).toMatchObject({ container: 'web', host: 'box', l0: 'v' });
  expect(labels).not.toHaveProperty('stream');
  expect(labels).not.toHaveProperty('catch_up');
});

test('values are well-formed and below the 2,048 bytes that Loki takes', () => {
  const padding = fc.integer({ min: 0, max: 600 }).map((length) => 'a'.repeat(length));
  const text = fc.string({ unit: fc.constantFrom('😀', 'ä', '\ud800', 'x'), minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.tuple(padding, text, fc.constantFrom('', '€'.repeat(600))), (parts) => {
      const name = parts.join('');
      const value = streamLabels(of(name), rules)['container'];
      expect(value?.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(value ?? '')).toBeLessThanOrEqual(2_048);
    }),
  );
});

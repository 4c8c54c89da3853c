import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ContainerView as Container } from '../../../src/server/shapes/container.js';
import { chosen, grouped, SORT_KEYS, sorted } from './order.js';

const PLAIN: Container = {
  id: '0123',
  name: 'web',
  image: 'nginx:1.29',
  state: 'running',
  composeProject: null,
  labels: {},
  transport: 'file',
  transportWhy: '',
  why: '',
  linesPerSecond: 0,
  bytesPerSecond: 0,
  rates: [],
  lines: 0,
  bytes: 0,
  lastLine: null,
  lagSeconds: null,
  rotations: 0,
  restarts: null,
  gaps: 0,
  partial: null,
  cut: null,
  startedAt: null,
};

const of = (name: string, given: Partial<Container> = {}): Container => ({
  ...PLAIN,
  id: name,
  name,
  ...given,
});
const names = (containers: readonly Container[]): string[] => containers.map(({ name }) => name);

test('names are ordered as people count', () => {
  const containers = [of('web-10'), of('db'), of('web-2'), of('Web-1')];
  expect(names(sorted(containers, { key: 'name', isDescending: false }))).toEqual([
    'db',
    'Web-1',
    'web-2',
    'web-10',
  ]);
});

test('what nobody knows comes last in both directions, and equal ones by name', () => {
  const containers = [
    of('unknown'),
    of('b', { lagSeconds: 1 }),
    of('a', { lagSeconds: 1 }),
    of('c', { lagSeconds: 9 }),
  ];
  expect(names(sorted(containers, { key: 'lag', isDescending: true }))).toEqual(['c', 'a', 'b', 'unknown']);
  expect(names(sorted(containers, { key: 'lag', isDescending: false }))).toEqual(['a', 'b', 'c', 'unknown']);
});

test('partial and cut lines count together', () => {
  const containers = [
    of('none'),
    of('cut', { cut: 3 }),
    of('both', { partial: 2, cut: 2 }),
    of('zero', { partial: 0 }),
  ];
  expect(names(sorted(containers, { key: 'partial', isDescending: true }))).toEqual([
    'both',
    'cut',
    'zero',
    'none',
  ]);
});

const anyContainer = fc
  .record({
    name: fc.string({ maxLength: 3 }),
    linesPerSecond: fc.integer({ min: 0, max: 3 }),
    lagSeconds: fc.option(fc.integer({ min: 0, max: 3 })),
    restarts: fc.option(fc.nat(2)),
    lastLine: fc.option(fc.constantFrom('2026-11-22T00:00:00Z', '2026-11-22T00:00:01Z')),
  })
  .map(({ name, ...given }) => of(name, given));

test('sorting keeps every container, and depends on nothing but what they are', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyContainer, { selector: ({ id }) => id }),
      fc.constantFrom(...SORT_KEYS),
      fc.boolean(),
      (containers, key, isDescending) => {
        const order = { key, isDescending };
        const once = sorted(containers, order);
        expect(new Set(once)).toEqual(new Set(containers));
        expect(sorted(containers.toReversed(), order)).toEqual(once);
      },
    ),
  );
});

test('each word is looked for in name, image, project, state and transport', () => {
  const containers = [
    of('web-1', { composeProject: 'shop', image: 'acme/Web:2' }),
    of('web-2', { composeProject: 'blog', transport: 'api' }),
    of('old', { state: 'exited', composeProject: 'shop' }),
    of('again', { state: 'restarting' }),
  ];
  expect(names(chosen(containers, ' WEB  shop', false))).toEqual(['web-1']);
  expect(names(chosen(containers, 'acme', false))).toEqual(['web-1']);
  expect(names(chosen(containers, 'api', false))).toEqual(['web-2']);
  expect(names(chosen(containers, 'shop', false))).toEqual(['web-1', 'old']);
  expect(names(chosen(containers, '', true))).toEqual(['web-1', 'web-2', 'again']);
  expect(names(chosen(containers, '', false))).toEqual(['web-1', 'web-2', 'old', 'again']);
});

test('projects are groups in the order of their names, containers of none come last', () => {
  const containers = [
    of('z', { linesPerSecond: 1 }),
    of('b1', { composeProject: 'b', linesPerSecond: 2 }),
    of('a1', { composeProject: 'a' }),
    of('b2', { composeProject: 'b', linesPerSecond: 3, state: 'exited' }),
  ];
  expect(
    grouped(containers).map(({ project, running, linesPerSecond, containers }) => ({
      project,
      running,
      linesPerSecond,
      names: names(containers),
    })),
  ).toEqual([
    { project: 'a', running: 1, linesPerSecond: 0, names: ['a1'] },
    { project: 'b', running: 1, linesPerSecond: 5, names: ['b1', 'b2'] },
    { project: '', running: 1, linesPerSecond: 1, names: ['z'] },
  ]);
});

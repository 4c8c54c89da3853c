import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContainerSelector } from '../../config/types.js';
import { type ContainerFacts, factsFromNames } from './facts.js';
import { whyNotSelected } from './select.js';

const ID = 'c0ffee'.padEnd(64, '0');

function facts(known: Parameters<typeof factsFromNames>[1]): ContainerFacts {
  return factsFromNames(ID, known);
}

const web = facts({
  name: 'web-1',
  image: 'ghcr.io/acme/web:1.2@sha256:abc',
  labels: { team: 'payments', 'com.docker.compose.project': 'shop' },
});

describe('include', () => {
  const cases: [string, ContainerSelector, boolean][] = [
    ['a name', { names: ['db', 'web-*'] }, true],
    ['another name', { names: ['db'] }, false],
    ['the whole image', { images: ['ghcr.io/acme/web:1.2@sha256:abc'] }, true],
    ['the image without tag and digest', { images: ['ghcr.io/*/web'] }, true],
    ['a compose project', { composeProjects: ['shop'] }, true],
    ['another compose project', { composeProjects: ['blog'] }, false],
    ['a label', { labels: { team: 'pay*' } }, true],
    ['all of the labels', { labels: { team: 'payments', tier: '*' } }, false],
    ['every kind', { names: ['web-*'], images: ['nginx'] }, false],
    ['nothing at all', { names: [], labels: {} }, true],
  ];
  test.each(cases)('%s', (_what, include, isSelected) => {
    expect(whyNotSelected(web, { include }, undefined) === undefined).toBe(isSelected);
  });
});

describe('exclude', () => {
  const cases: [string, ContainerSelector, boolean][] = [
    ['a name', { names: ['web-*'] }, false],
    ['any kind', { names: ['db'], composeProjects: ['shop'] }, false],
    ['any of the labels', { labels: { team: 'payments', tier: '*' } }, false],
    ['none of it', { names: ['db'], images: ['nginx'], labels: { tier: '*' } }, true],
    ['nothing at all', {}, true],
  ];
  test.each(cases)('%s', (_what, exclude, isSelected) => {
    expect(whyNotSelected(web, { exclude }, undefined) === undefined).toBe(isSelected);
  });

  test('goes before include', () => {
    const match = { names: ['web-1'] };
    expect(whyNotSelected(web, { include: match, exclude: match }, undefined)).toMatch(/exclude/);
  });
});

test.each(['false', 'FALSE', '0', 'off', ' no '])('a container may say no: %j', (value) => {
  const shy = facts({ name: 'shy', labels: { 'log-capturer.enabled': value } });
  expect(whyNotSelected(shy, { include: { names: ['shy'] } }, undefined)).toMatch(/log-capturer\.enabled/);
});

test('the agent is left out by its whole id or the head of it', () => {
  expect(whyNotSelected(web, {}, ID)).toMatch(/itself/);
  expect(whyNotSelected(web, {}, ID.slice(0, 12))).toMatch(/itself/);
  expect(whyNotSelected(web, {}, 'beef'.padEnd(64, '0'))).toBeUndefined();
});

test('include and exclude of one glob on one kind part the containers', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*', '?'), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      word,
      word.map((s) => s.replace(/[*?]/g, 'a')),
      fc.constantFrom('names', 'images'),
      (glob, value, kind) => {
        const container = facts({ name: value, image: value });
        const included = whyNotSelected(container, { include: { [kind]: [glob] } }, undefined) === undefined;
        const excluded = whyNotSelected(container, { exclude: { [kind]: [glob] } }, undefined) !== undefined;
        expect(included).toBe(excluded);
      },
    ),
  );
});

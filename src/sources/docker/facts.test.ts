import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { factsFromInspect, readFactsFromFolder, rotationLimits } from './facts.js';

const ID = 'ab'.repeat(32);
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'facts-'));
  mkdirSync(join(dir, ID));
});
afterEach(() => rmSync(dir, { recursive: true }));

const CONFIG = {
  ID,
  Created: '2026-11-22T00:15:51.61764635Z',
  Name: '/web',
  Config: { Image: 'nginx:1', Labels: { a: 'b' } },
};
const HOST = { LogConfig: { Type: 'json-file', Config: { 'max-size': '50k' } } };
const FACTS = {
  id: ID,
  name: 'web',
  image: 'nginx:1',
  labels: { a: 'b' },
  createdMs: Date.parse('2026-11-22T00:15:51.617Z'),
  driver: 'json-file',
  logOptions: { 'max-size': '50k' },
};

function write(config: string, host: string): void {
  writeFileSync(join(dir, ID, 'config.v2.json'), config);
  writeFileSync(join(dir, ID, 'hostconfig.json'), host);
}

test('the folder and inspect tell the same', () => {
  write(JSON.stringify(CONFIG), JSON.stringify(HOST));
  expect(readFactsFromFolder(dir, ID)).toEqual(FACTS);
  expect(factsFromInspect(ID, { ...CONFIG, HostConfig: HOST })).toEqual(FACTS);
});

test('nothing is told by files that are missing, torn, or of another container', () => {
  expect(readFactsFromFolder(dir, ID)).toBeUndefined();
  write(JSON.stringify(CONFIG), JSON.stringify(HOST).slice(0, -3));
  expect(readFactsFromFolder(dir, ID)).toBeUndefined();
  write(JSON.stringify({ ...CONFIG, ID: 'other' }), JSON.stringify(HOST));
  expect(readFactsFromFolder(dir, ID)).toBeUndefined();
});

test('any JSON at all is taken without an exception', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(factsFromInspect(ID, value)).toMatchObject({ id: ID });
      expect(factsFromInspect(ID, { Config: value, HostConfig: { LogConfig: value } }).labels).toBeTypeOf(
        'object',
      );
    }),
  );
});

test.each([
  [
    { 'max-size': '50k', 'max-file': '3' },
    { maxSizeBytes: 51_200, maxFiles: 3 },
  ],
  [{ 'max-size': '10m' }, { maxSizeBytes: 10_485_760 }],
  [{ 'max-size': '1.5GiB' }, { maxSizeBytes: 1_610_612_736 }],
  [{ 'max-size': '123' }, { maxSizeBytes: 123 }],
  [{ 'max-size': '-1', 'max-file': '0' }, {}],
  [{ 'max-size': 'lots', 'max-file': 'many' }, {}],
  [{}, {}],
])('log options %j', (options, limits) => {
  expect(rotationLimits(options)).toEqual(limits);
});

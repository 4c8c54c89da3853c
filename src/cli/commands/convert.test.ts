import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { convert } from './convert.js';

const WHOLE =
  'clients: [{ url: "http://loki:3100", basic_auth: { username: u, password: hunter2 } }]\nscrape_configs: [{ journal: {} }]\n';
const PART = `${WHOLE}oauth2: { client_secret: hunter3 }\n`;

let folder: string;
let out: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-convert-'));
  out = '';
  said = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(console, 'error').mockImplementation((text) => void said.push(String(text)));
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function file(text: string): string {
  const name = path.join(folder, 'promtail.yaml');
  writeFileSync(name, text);
  return name;
}

test('0 where everything was carried over, 3 where not, with what and where', () => {
  expect(convert(file(WHOLE), {})).toBe(0);
  expect(said).toEqual(['Everything was carried over.']);
  said = [];
  expect(convert(file(PART), {})).toBe(3);
  expect(said).toEqual([expect.stringMatching(/^Not carried over: line 3, oauth2: /), '1 not carried over.']);
  expect(said.join()).not.toContain('hunter');
});

test('a file is made for its owner alone, and none is written over', () => {
  const name = path.join(folder, 'out.yaml');
  expect(convert(file(WHOLE), { out: name })).toBe(0);
  expect(out).toBe('');
  expect(readFileSync(name, 'utf8')).toContain('password: hunter2');
  expect(statSync(name).mode & 0o777).toBe(0o600);
  writeFileSync(name, 'mine');
  expect(() => convert(file(WHOLE), { out: name })).toThrow(`The file ${name} cannot be made`);
  expect(readFileSync(name, 'utf8')).toBe('mine');
});

test('a file that cannot be read, and one that is no configuration', () => {
  expect(() => convert(path.join(folder, 'none.yaml'), {})).toThrow('does not exist');
  expect(() => convert(file('- a\n- b\n'), {})).toThrow('has no sections of keys');
  expect(() => convert(file('a: [1\n'), {})).toThrow('is not YAML');
});

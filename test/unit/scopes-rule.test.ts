/** The linter's rule scopes/owned finds each way past the scopes that is planted, and nothing else. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

const PLANTED = [
  'setTimeout(go, 1);',
  'const later = setInterval;',
  'globalThis.setTimeout(go, 1);',
  'await sleep(1);',
  'watch("/tmp");',
  'fs.watch("/tmp");',
  'everything.watchFile("/tmp", go);',
  'http.request({});',
  'https.get("https://localhost");',
  'connect(1);',
  'new Worker("x.js");',
  'spawn("x");',
  'processes.execFile("x");',
  'new threads.Worker("x.js");',
  'AbortSignal.timeout(1);',
  'AbortSignal.any([scope.closing]);',
  'await fetch("http://localhost");',
  'handle.unref();',
  'scope.closing.addEventListener("abort", go);',
  'child.scope.aborted.addEventListener("abort", go);',
];

const HARMLESS = [
  'setImmediate(go);',
  'clearTimeout(handle);',
  'scope.timeout("x", 1, go);',
  'socket.setTimeout(1);',
  'const options = { setTimeout: 1 };',
  'fs.readFileSync("x");',
  'signal.addEventListener("abort", go);',
  'createServer(go);',
  'queryObjects(Worker);',
  'spawnSync("x");',
  'reader.fetch(1);',
];

const HEAD = [
  'import processes, { spawnSync } from "node:child_process";',
  'import { spawn } from "node:child_process";',
  'import * as everything from "node:fs";',
  'import fs from "node:fs";',
  'import { watch } from "node:fs";',
  'import http, { createServer, type ClientRequest } from "node:http";',
  'import https from "node:https";',
  'import { connect } from "node:net";',
  'import { setTimeout as sleep } from "node:timers/promises";',
  'import { Worker } from "node:worker_threads";',
  'import type { get } from "node:http";',
];
/** Names that are reported where they are imported, not where they are used. */
const IMPORTED = ['spawn', 'watch', 'connect', 'setTimeout'];

test('each planted case is found where it is', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'log-capturer-lint-'));
  const file = path.join(directory, 'planted.ts');
  try {
    writeFileSync(file, [...HEAD, ...HARMLESS, ...PLANTED].join('\n'));
    const { stdout } = spawnSync(
      path.join(ROOT, 'node_modules/.bin/oxlint'),
      ['--config', path.join(ROOT, '.oxlintrc.json'), '--format', 'json', file],
      { cwd: ROOT, encoding: 'utf8' },
    );
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { code: string; labels: { span: { line: number } }[] }[];
    };
    const lines = [...HEAD, ...HARMLESS, ...PLANTED];
    const found = diagnostics
      .filter(({ code }) => code === 'scopes(owned)')
      .map(({ labels }) => lines[(labels[0]?.span.line ?? 0) - 1]);
    const imports = HEAD.filter((line) => IMPORTED.some((name) => line.includes(`{ ${name} `)));
    const used = PLANTED.filter((line) => !/^(await sleep|watch|connect|spawn)\(/.test(line));
    expect(found.toSorted()).toEqual([...imports, ...used].toSorted());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

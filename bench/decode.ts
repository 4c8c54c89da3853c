/**
 * How fast records become rows, on one core, decoding only: lines a second for messages of about 150 B, without and with
 * escapes. Figures are of use in ratios within one run.
 */
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope } from '../src/runtime/scope.js';
import { noCounts } from '../src/sources/docker/json-file/counts.js';
import { Decoder, type LineTarget } from '../src/sources/docker/json-file/decode.js';
import { PlainFile } from '../src/sources/docker/json-file/log-file.js';
import { markAt, Span } from '../src/sources/docker/json-file/span.js';

const CHUNK = 256 * 1024;
const ROUNDS = 3000;

const messages = {
  plain: `GET /api/v1/items/0123456789 200 12ms ${'x'.repeat(112)}`,
  escaped: `{"level":"info","msg":"<GET> \\"/api\\" & more","ts":"2026-11-21T21:40:00Z","data":"${'y'.repeat(60)}"}\t`,
};

const folder = mkdtempSync(join(tmpdir(), 'bench-decode-'));
closeSync(openSync(join(folder, 'log'), 'w'));
const scope = Scope.root('bench', (error) => console.error(error));
const file = PlainFile.open(scope, join(folder, 'log'));
const decoder = new Decoder(512 * 1024);
for (const [name, message] of Object.entries(messages)) {
  const { lines, seconds } = run(message);
  console.log(
    `decode ${name}: ${(lines / seconds / 1e6).toFixed(2)} M lines/s, ${message.length} B a message`,
  );
}
await scope.close();
rmSync(folder, { recursive: true });

function run(message: string): { lines: number; seconds: number } {
  const log = JSON.stringify(`${message}\n`).replaceAll('<', '\\u003c').replaceAll('&', '\\u0026');
  const text = `{"log":${log},"stream":"stdout","time":"2026-11-21T21:40:00.123456789Z"}\n`;
  const content = Buffer.from(text.repeat(Math.floor(CHUNK / text.length)));
  const chunk = Buffer.allocUnsafe(CHUNK);
  const span = new Span([markAt(file, 0, 0)]);
  const target: LineTarget = {
    counts: noCounts(),
    streamId: () => 1,
    push(batch) {
      target.counts.linesRead += batch.length;
      return undefined;
    },
    moved() {},
  };
  let seconds = 0;
  for (let round = 0; round < ROUNDS; round++) {
    content.copy(chunk);
    const begin = performance.now();
    void decoder.decode(chunk, content.length, span, target);
    seconds += (performance.now() - begin) / 1000;
  }
  return { lines: target.counts.linesRead, seconds };
}

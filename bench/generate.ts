/**
 * The work that all rows share: json-files as Docker writes them, made once per size and kept in the system's
 * temporary folder. Access logs, JSON in JSON, stack traces and UTF-8 on both streams; about 154 bytes a message
 * and 237 on disk. The expected outcome is a digest per container and stream over every line in order.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Workload {
  readonly directory: string;
  readonly containers: readonly WorkloadContainer[];
  readonly lines: number;
  readonly messageBytes: number;
  readonly diskBytes: number;
}

export interface WorkloadContainer {
  readonly id: string;
  readonly name: string;
  /** SHA-256 over each line and a newline, in order, by stream. */
  readonly digests: { readonly stdout: string; readonly stderr: string };
}

const FORMAT = 2;

/** Makes `files` logs of `linesPerFile` lines, or finds them made. */
export function workload(files: number, linesPerFile: number): Workload {
  const directory = path.join(tmpdir(), `log-capturer-bench-${FORMAT}-${files}x${linesPerFile}`);
  const summaryFile = path.join(directory, 'workload.json');
  if (existsSync(summaryFile)) return JSON.parse(readFileSync(summaryFile, 'utf8')) as Workload;
  mkdirSync(directory, { recursive: true });
  let messageBytes = 0;
  let diskBytes = 0;
  const containers: WorkloadContainer[] = [];
  for (let file = 0; file < files; file++) {
    const id = createHash('sha256').update(`bench ${file}`).digest('hex');
    const made = writeLog(path.join(directory, 'containers', id, `${id}-json.log`), file, linesPerFile);
    containers.push({ id, name: `bench-${file}`, digests: made.digests });
    messageBytes += made.messageBytes;
    diskBytes += made.diskBytes;
  }
  const summary: Workload = { directory, containers, lines: files * linesPerFile, messageBytes, diskBytes };
  writeFileSync(`${summaryFile}.tmp`, JSON.stringify(summary));
  renameSync(`${summaryFile}.tmp`, summaryFile);
  return summary;
}

function writeLog(file: string, seed: number, lines: number) {
  mkdirSync(path.dirname(file), { recursive: true });
  const hashes = { stdout: createHash('sha256'), stderr: createHash('sha256') };
  const fd = openSync(file, 'w');
  let messageBytes = 0;
  let diskBytes = 0;
  let chunk: string[] = [];
  const startMs = Date.now() - 3_600_000;
  for (let n = 0; n < lines; n++) {
    const message = messageOf(seed, n);
    const stream = streamOf(n);
    const nanos = String((n * 7_919) % 1_000_000).padStart(6, '0');
    const time = `${new Date(startMs + n).toISOString().slice(0, 23)}${nanos}Z`;
    hashes[stream].update(`${message}\n`);
    messageBytes += Buffer.byteLength(message);
    chunk.push(dockerJson(`${message}\n`, stream, time));
    if (chunk.length === 4096 || n === lines - 1) {
      diskBytes += writeSync(fd, chunk.join(''));
      chunk = [];
    }
  }
  closeSync(fd);
  const digests = { stdout: hashes.stdout.digest('hex'), stderr: hashes.stderr.digest('hex') };
  return { digests, messageBytes, diskBytes };
}

/** As Go's encoding/json writes it, HTML escapes included. */
function dockerJson(log: string, stream: string, time: string): string {
  const text = JSON.stringify(log).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
  return `{"log":${text},"stream":"${stream}","time":"${time}"}\n`;
}

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0',
  'curl/8.5.0',
  'kube-probe/1.29',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15',
];
const PATHS = ['/', '/api/v1/orders', '/api/v1/users/4711', '/static/app.3f9c.js', '/login', '/metrics'];

/** Where line `n` of a log goes. */
export function streamOf(n: number): 'stdout' | 'stderr' {
  return n % 5 === 4 ? 'stderr' : 'stdout';
}

export function messageOf(seed: number, n: number): string {
  const r = Math.imul(n + 1 + seed * 1_000_003, 0x9e3779b1) >>> 0;
  switch (r % 10) {
    case 0:
    case 1:
    case 2:
    case 3:
      return (
        `10.${r & 255}.${(r >> 8) & 255}.${(r >> 16) & 255} - - [21/Nov/2026:21:40:00 +0000] "GET ${PATHS[r % 6]}?id=${r} HTTP/1.1" ` +
        `${r % 37 ? 200 : 404} ${r % 50_000} "-" "${AGENTS[r % 4]}" n=${n}`
      );
    case 4:
    case 5:
    case 6:
      return JSON.stringify({
        ts: 1_795_300_000 + n / 1000,
        level: r % 23 ? 'info' : 'error',
        msg: 'request served',
        trace: r.toString(16).padStart(8, '0').repeat(2),
        user: { id: r % 10_000, plan: 'pro' },
        ms: r % 900,
        n,
      });
    case 7:
      return `\tat com.example.orders.OrderService.place(OrderService.java:${r % 900}) ~[orders-1.${r % 30}.jar:na] n=${n}`;
    case 8:
      return `INFO  größere Bestellung für „Müller & Söhne“ → 東京 №${r} bezahlt: ${(r % 100_000) / 100} € n=${n}`;
    default:
      return `${r.toString(36)} worker-${r % 16} processed job id=${r} queue=default attempts=${r % 3} took=${r % 5000}ms <ok> n=${n}`;
  }
}

/**
 * Which output a stream's lines go to, and how outputs and their files are named.
 *
 *   <dir>/<output>/<output>.000001.log[.gz]   a generation
 *   <dir>/<output>.log                        link to the live generation
 *   <dir>/.log-capturer/                      the sink's own records
 *
 * The output of a stream is its container, else its label `filename`, else a hash of its labels. Names that are safe and
 * cannot be mistaken for one of the above are used as they are; all others are reduced to safe characters and get a hash
 * behind a `~`, which no safe name contains: so different keys never share an output, and none leaves the directory.
 */
import { createHash } from 'node:crypto';
import { CATCH_UP_LABEL, type Labels, outputOf, ownerOf, parseLabelText } from '../../pipeline/streams.js';

export const STATE_DIRECTORY = '.log-capturer';
const CATCH_UP_SUFFIX = '.catch-up';

const MAX_PLAIN = 100;
const SAFE = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const MISTAKABLE = /\.(?:log|catch-up)$/;

export interface Target {
  readonly output: string;
  /** What stands between timestamp and line: `stdout`, `stderr`, or `-` where the stream has no such label. */
  readonly tag: string;
}

/** Where lines of the stream with these labels go. */
export function targetOf(labelText: string): Target {
  const labels = readLabels(labelText);
  const key = ownerOf(labels);
  const name = key ? outputName(key) : `stream~${hash(labelText)}`;
  return {
    output: CATCH_UP_LABEL in labels ? name + CATCH_UP_SUFFIX : name,
    tag: (outputOf(labels) ?? '-').replace(/[^A-Za-z0-9._-]/g, '_').slice(0, MAX_PLAIN),
  };
}

export function outputName(key: string): string {
  if (key.length <= MAX_PLAIN && SAFE.test(key) && !MISTAKABLE.test(key)) return key;
  const readable = key
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^[._-]+/, '')
    .slice(0, MAX_PLAIN);
  return `${readable}~${hash(key)}`;
}

export function fileName(output: string, generation: number, compressed = false): string {
  return `${output}.${String(generation).padStart(6, '0')}.log${compressed ? '.gz' : ''}`;
}

export function linkName(output: string): string {
  return `${output}.log`;
}

export interface FileIdentity {
  readonly generation: number;
  /** `partial`: the temporary file of a compression. */
  readonly kind: 'plain' | 'compressed' | 'partial';
}

const SUFFIX = /^\.(\d{6,15})\.log(\.gz(\.partial)?)?$/;

/** Inverse of `fileName`; undefined for files that are not the sink's. */
export function parseFileName(output: string, name: string): FileIdentity | undefined {
  if (!name.startsWith(output)) return undefined;
  const match = SUFFIX.exec(name.slice(output.length));
  if (!match) return undefined;
  return {
    generation: Number(match[1]),
    kind: match[3] ? 'partial' : match[2] ? 'compressed' : 'plain',
  };
}

// What cannot be parsed is still a stream of its own: its lines must go somewhere.
function readLabels(labelText: string): Labels {
  try {
    return parseLabelText(labelText);
  } catch {
    return {};
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

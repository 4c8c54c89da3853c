/**
 * Reads what the file sink wrote: `<directory>/<output>/<output>.<6 digits>.log[.gz]` in the order of their numbers, text lines
 * `<RFC 3339 with nanoseconds> <stdout|stderr> <line>`. An output is a container's name, or that and `.catch-up`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Sightings } from './sightings.js';

const CATCH_UP = '.catch-up';
const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (\S+) (.*)$/su;
const NEWLINE = 10;

export function takeFiles(directory: string, into: Sightings): void {
  for (const output of outputsIn(directory)) {
    for (const { name, bytes } of generations(directory, output)) takeFile(output, name, bytes, into);
  }
}

function takeFile(output: string, file: string, bytes: Buffer, into: Sightings): void {
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, at);
    const text = bytes.toString('utf8', at, newline < 0 ? bytes.length : newline);
    at = newline < 0 ? bytes.length : newline + 1;
    const match = newline < 0 ? null : LINE.exec(text);
    const container = output.endsWith(CATCH_UP) ? output.slice(0, -CATCH_UP.length) : output;
    if (!match) {
      into.take(text, { sequence: `${output}/${file}`, container, output: '', timeMs: 0 });
      continue;
    }
    const [, time, stream, line] = match;
    into.take(line, { sequence: output, container, output: stream, timeMs: Date.parse(time) });
  }
}

function outputsIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
}

function* generations(directory: string, output: string): Generator<{ name: string; bytes: Buffer }> {
  const folder = path.join(directory, output);
  for (const name of readdirSync(folder).toSorted()) {
    if (!name.startsWith(`${output}.`) || !/\.\d{6}\.log(\.gz)?$/.test(name)) continue;
    const bytes = readFileSync(path.join(folder, name));
    yield { name, bytes: name.endsWith('.gz') ? gunzipSync(bytes) : bytes };
  }
}

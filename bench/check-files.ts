/** Checks the file sink's output against the workload: every line once, in order, per container and stream. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Workload } from './generate.js';

/** Throws an Error that names the first container and stream whose lines are not exactly those of the workload. */
export async function checkFileSink(directory: string, work: Workload): Promise<void> {
  for (const { name, digests } of work.containers) {
    const hashes = { stdout: createHash('sha256'), stderr: createHash('sha256') };
    // Old lines first: they came before the live ones.
    for (const output of [`${name}.catch-up`, name]) await hashOutput(path.join(directory, output), hashes);
    for (const stream of ['stdout', 'stderr'] as const) {
      if (hashes[stream].digest('hex') !== digests[stream])
        throw new Error(`${name} ${stream}: lines differ`);
    }
  }
}

async function hashOutput(directory: string, hashes: { stdout: Hash; stderr: Hash }): Promise<void> {
  if (!existsSync(directory)) return;
  for (const file of readdirSync(directory).sort()) {
    for await (const line of createInterface({ input: createReadStream(path.join(directory, file)) })) {
      const text = line.slice(line.indexOf(' ') + 1);
      const stream = text.startsWith('stderr ') ? 'stderr' : 'stdout';
      hashes[stream].update(`${text.slice(7)}\n`);
    }
  }
}

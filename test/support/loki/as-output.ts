/**
 * Writes what a receiver holds as the file sink would have written it, so that one oracle judges both: distinct entries in
 * the order of their first arrival.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { LokiReceiver } from './receiver.js';

export function writeAsOutput(receiver: LokiReceiver, directory: string): void {
  const files = new Map<string, Buffer[]>();
  for (const { labels, entries } of receiver.streams()) {
    const output = `${labels['container']}${labels['catch_up'] === 'true' ? '.catch-up' : ''}`;
    const parts = files.get(output) ?? [];
    files.set(output, parts);
    for (const { seconds, nanos, line } of entries) {
      const time = new Date(seconds * 1000).toISOString().slice(0, 19);
      const head = `${time}.${String(nanos).padStart(9, '0')}Z ${labels['stream']} `;
      parts.push(Buffer.from(head), line, NEWLINE);
    }
  }
  for (const [output, parts] of files) {
    mkdirSync(path.join(directory, output), { recursive: true });
    writeFileSync(path.join(directory, output, `${output}.000001.log`), Buffer.concat(parts));
  }
}

const NEWLINE = Buffer.from('\n');

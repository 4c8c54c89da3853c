/** What the files of a journal hold, read without the journal: up to the last commit, as nothing behind it exists. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decodeBlockRecord } from '../../src/journal/directory.js';
import { decodeHeader, HEADER_BYTES, RecordType, recordLength } from '../../src/journal/record.js';
import { segmentBase } from '../../src/journal/segments.js';
import { BlockLines, decodeBlock } from '../../src/pipeline/push-request.js';
import { parseLabels } from '../../test/support/loki/labels.js';

export interface JournalContents {
  readonly commits: number;
  /** By `<container> <stdout|stderr>`, as they stand one behind the other, old lines first. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
}

/** Throws where a block that a commit covers is damaged. */
export function readJournal(directory: string): JournalContents {
  const old = new Map<string, string[]>();
  const live = new Map<string, string[]>();
  const decoded = new BlockLines();
  let commits = 0;
  const take = (payload: Buffer): void => {
    decodeBlock(payload, decoded);
    const streams = decoded.streams.map((text) => {
      const { container, stream, catch_up: isOld } = Object.fromEntries(parseLabels(text));
      const lines = isOld === 'true' ? old : live;
      const key = `${container} ${stream}`;
      const list = lines.get(key) ?? [];
      lines.set(key, list);
      return list;
    });
    for (let i = 0; i < decoded.length; i++)
      streams[decoded.stream[i]].push(decoded.data.toString('utf8', decoded.start[i], decoded.end[i]));
  };
  for (const name of readdirSync(directory).sort()) {
    const base = segmentBase(name);
    if (base === undefined) continue;
    const bytes = readFileSync(path.join(directory, name));
    let group: Buffer[] = [];
    for (let at = 0; ; ) {
      const header = decodeHeader(bytes, at, base + at);
      if (!header || at + recordLength(header) > bytes.length) break;
      const body = bytes.subarray(at + HEADER_BYTES, at + recordLength(header));
      if (header.type === RecordType.block) {
        const block = decodeBlockRecord(header, body);
        // Before a commit a torn one is no fault; `take` will not see it.
        if (!block) break;
        group.push(block.payload);
      } else if (header.type === RecordType.commit) {
        commits++;
        group.forEach(take);
        group = [];
      }
      at += recordLength(header);
    }
  }
  const keys = new Set([...old.keys(), ...live.keys()]);
  const lines = new Map([...keys].map((key) => [key, [...(old.get(key) ?? []), ...(live.get(key) ?? [])]]));
  return { commits, lines };
}

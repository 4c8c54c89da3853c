/**
 * Lines as documents of a bulk request, under the names of Elastic's schema:
 *
 *   {"create":{"_id":"kq2v…-3f"}}\n
 *   {"@timestamp":"2026-11-21T21:40:00.123456789Z","message":"…","log.level":"error","container.name":"web",
 *    "log.iostream":"stderr","labels":{"team":"a"},"fields":{"status":"500"}}\n
 *
 * The id is that of the line: of its block's place and content, which both stay what they are until it is delivered, and of its
 * row. So a line that is sent again, by this process or the next one, is known again. Labels and times are part of what
 * is hashed, so lines of two agents do not meet.
 */
import { createHash } from 'node:crypto';
import type { Block } from '../../pipeline/contract.js';
import { fieldsIn } from '../../pipeline/metadata.js';
import type { BlockLines } from '../../pipeline/push-request.js';
import { parseLabelText } from '../../pipeline/streams.js';
import type { Level } from '../../query/level-names.js';
import { levelOfLabels } from '../../query/told-level.js';
import { attributesOf } from '../conventions.js';
import { levelAt, lineText, timeText } from '../row.js';

const ID_LENGTH = 20;

interface OfStream {
  /** Members of the document, without braces. */
  readonly members: string;
  readonly level: Level | undefined;
}

export function documentsOf(lines: BlockLines, rows: readonly number[], block: Block): Buffer {
  const id = idOf(block);
  const streams = lines.streams.map(ofStream);
  const text = rows.map((row) => {
    const { members, level } = streams[lines.stream[row]];
    return `{"create":{"_id":"${id}-${row.toString(36)}"}}\n${documentOf(lines, row, members, level)}\n`;
  });
  return Buffer.from(text.join(''));
}

function documentOf(lines: BlockLines, row: number, members: string, ofLabels: Level | undefined): string {
  const { data, metadataStart, metadataEnd } = lines;
  const level = levelAt(lines, row, ofLabels);
  const fields = fieldsIn(data, metadataStart[row], metadataEnd[row]);
  return (
    `{"@timestamp":"${timeText(lines, row)}","message":${JSON.stringify(lineText(lines, row))}` +
    `${level === 'unknown' ? '' : `,"log.level":"${level}"`}${members}` +
    `${fields ? `,"fields":${JSON.stringify(fields)}` : ''}}`
  );
}

function ofStream(text: string): OfStream {
  const labels = parseLabelText(text);
  const attributes = attributesOf(labels);
  const named = attributes.filter(([name]) => name.includes('.'));
  const others = attributes.filter(([name]) => !name.includes('.'));
  const members = named.map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (others.length > 0) members.push(`,"labels":${JSON.stringify(Object.fromEntries(others))}`);
  return { members: members.join(''), level: levelOfLabels(labels) };
}

function idOf({ lsn, payload }: Block): string {
  return createHash('sha256').update(`${lsn} `).update(payload).digest('base64url').slice(0, ID_LENGTH);
}

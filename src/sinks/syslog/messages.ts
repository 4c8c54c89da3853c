/**
 * Lines as messages of RFC 5424, counted by their bytes (RFC 6587, 3.4.1):
 *
 *   213 <11>1 2026-11-21T21:40:00.123456Z h1 web - stderr [log-capturer@32473 container="web" status="500"] the line
 *
 * The severity is that of the line's level, host and program are the labels `host` and `container`, MSGID says which output it
 * came from; all labels and fields are structured data. (32473 is the enterprise number for examples: there is none of
 * our own.) Bytes of the line stay as they are: the standard wants a mark in front of UTF-8, which most receivers show.
 */
import type { SyslogSinkConfig } from '../../config/types.js';
import { shownLabels } from '../../pipeline/hidden-labels.js';
import { fieldsIn } from '../../pipeline/metadata.js';
import type { BlockLines } from '../../pipeline/push-request.js';
import { type Labels, parseLabelText } from '../../pipeline/streams.js';
import type { Level } from '../../query/level-names.js';
import { levelOfLabels } from '../../query/told-level.js';
import { cutLine } from '../cut-line.js';
import { levelAt, timeText } from '../row.js';

const SD_ID = 'log-capturer@32473';
const MAX_NAME = 32;
const SEVERITIES: Readonly<Record<Level, number>> = {
  critical: 2,
  error: 3,
  warn: 4,
  info: 6,
  debug: 7,
  trace: 7,
  // Most of what says nothing of it is information.
  unknown: 6,
};

export interface Messages {
  readonly bytes: Buffer;
  /** Lines that were cut. */
  readonly cut: number;
}

export function messagesOf(
  lines: BlockLines,
  { facility, maxMessageBytes }: Pick<SyslogSinkConfig, 'facility' | 'maxMessageBytes'>,
): Messages {
  const parts: Buffer[] = [];
  let cut = 0;
  const streams = lines.streams.map((text) => {
    const labels = shownLabels(parseLabelText(text));
    return { labels, middle: middleOf(labels), element: elementOf(labels), level: levelOfLabels(labels) };
  });
  const { data, start, end, metadataStart, metadataEnd } = lines;
  for (let row = 0; row < lines.length; row++) {
    const { labels, middle, element, level: ofLabels } = streams[lines.stream[row]];
    const level = levelAt(lines, row, ofLabels);
    const fields = fieldsIn(data, metadataStart[row], metadataEnd[row]);
    // Microseconds are all that it can say.
    const time = `${timeText(lines, row).slice(0, -4)}Z`;
    const priority = facility * 8 + SEVERITIES[level];
    const before = `<${priority}>1 ${time} ${middle}`;
    let head = Buffer.from(`${before} ${fields ? elementOf({ ...labels, ...fields }) : element} `);
    // Of too much of both the line matters more.
    if (2 * head.length > maxMessageBytes) head = Buffer.from(`${before} - `);
    let to = end[row];
    if (head.length + to - start[row] > maxMessageBytes) {
      to = cutLine(data, start[row], to, maxMessageBytes - head.length);
      cut++;
    }
    parts.push(Buffer.from(`${head.length + to - start[row]} `), head, data.subarray(start[row], to));
  }
  return { bytes: Buffer.concat(parts), cut };
}

/** HOSTNAME APP-NAME PROCID MSGID */
function middleOf(labels: Labels): string {
  const { host, container, container_name, stream, source, logstream } = labels;
  const names = [
    word(host, 255),
    word(container ?? container_name, 48),
    '-',
    word(stream ?? source ?? logstream, 32),
  ];
  return names.join(' ');
}

/** Visible ASCII, as many characters as the standard allows. */
function word(text: string | undefined, most: number): string {
  return (text ?? '').slice(0, most).replace(/[^\x21-\x7e]/gu, '_') || '-';
}

function elementOf(values: Readonly<Record<string, string>>): string {
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(values)) {
    const short = name.slice(0, MAX_NAME);
    if (!names.has(short)) names.set(short, value.replace(/["\\\]]/g, '\\$&'));
  }
  if (names.size === 0) return '-';
  return `[${[SD_ID, ...Array.from(names, ([name, value]) => `${name}="${value}"`)].join(' ')}]`;
}

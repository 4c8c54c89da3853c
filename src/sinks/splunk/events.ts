/**
 * Lines as events of Splunk's HTTP Event Collector, one JSON object behind the other:
 *
 *   {"time":1700000000.123456789,"host":"h1","source":"web","event":"…","fields":{"container":"web","stream":"stdout","status":"200"}}\n
 *
 * An event of nothing but white space is refused by Splunk, with all of its request: such a line is sent as {"line":"  "}.
 * Labels and fields are indexed fields; where a field is called like a label it counts, being of the line.
 */
import type { SplunkSinkConfig } from '../../config/types.js';
import { shownLabels } from '../../pipeline/hidden-labels.js';
import { fieldsIn } from '../../pipeline/metadata.js';
import type { BlockLines } from '../../pipeline/push-request.js';
import { parseLabelText } from '../../pipeline/streams.js';
import { lineText } from '../row.js';

export function eventsOf(
  lines: BlockLines,
  rows: readonly number[],
  { index, sourcetype }: Pick<SplunkSinkConfig, 'index' | 'sourcetype'>,
): Buffer {
  const streams = lines.streams.map((text) => {
    const labels = shownLabels(parseLabelText(text));
    const { host, container, container_name: source = container } = labels;
    // What is undefined is left out.
    return { labels, members: JSON.stringify({ host, source, sourcetype, index }).slice(1, -1) };
  });
  const text = rows.map((row) => {
    const { labels, members } = streams[lines.stream[row]];
    const line = lineText(lines, row);
    const event = line.trim() === '' ? { line } : line;
    const fields = { ...labels, ...fieldsIn(lines.data, lines.metadataStart[row], lines.metadataEnd[row]) };
    return (
      `{"time":${lines.seconds[row]}.${String(lines.nanos[row]).padStart(9, '0')},` +
      `${members === '' ? '' : `${members},`}"event":${JSON.stringify(event)},"fields":${JSON.stringify(fields)}}\n`
    );
  });
  return Buffer.from(text.join(''));
}

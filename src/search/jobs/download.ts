/** Every line that a query finds, oldest first and whole, as a file: `time container stream line`, or JSON lines. */

import { timeText } from '../../pipeline/line-time.js';
import { compileQuery, parseQuery } from '../../query/index.js';
import { AgentError } from '../../runtime/errors.js';
import type { Job, JobContext } from '../job-context.js';
import { lineFields } from '../line-text.js';
import { type DownloadFormat, type DownloadRequest, MAX_LINE_BYTES } from '../requests.js';
import { type FoundLine, Scan } from '../scan.js';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = Buffer.from('\n');

export async function* download(context: JobContext, request: DownloadRequest): Job {
  const { files, query, range, format } = request;
  const filter = compileQuery(parseQuery(query));
  const scan = new Scan(context, {
    files,
    range,
    direction: 'forward',
    limit: Number.POSITIVE_INFINITY,
    filter,
    maxLineBytes: MAX_LINE_BYTES,
  });
  let chunk: Buffer[] = [];
  let bytes = 0;
  for await (const lines of scan.lines()) {
    for (const line of lines) {
      const parts = partsOf(line, format);
      for (const part of parts) bytes += part.length;
      chunk.push(...parts);
      if (bytes < CHUNK_BYTES) continue;
      yield Buffer.concat(chunk);
      chunk = [];
      bytes = 0;
    }
    // Half a file must not look like a whole one.
    if (context.isStopping()) throw new AgentError('SEARCH_FAILED', 'The agent is stopping.');
    yield undefined;
  }
  yield Buffer.concat(chunk);
}

/** Text is given as it was written, byte by byte. */
function partsOf(line: FoundLine, format: DownloadFormat): Buffer[] {
  const { seconds, nanos, stream, text } = line;
  if (format === 'jsonl')
    return [Buffer.from(`${JSON.stringify({ ...lineFields(line), labels: stream.labels })}\n`)];
  const head = `${timeText(seconds, nanos)} ${stream.container} ${stream.stream || '-'} `;
  return [Buffer.from(head), text, NEWLINE];
}

/** Lines and events as they go out. */
import { type LineTime, timeText } from '../pipeline/line-time.js';
import type { FoundLine } from './scan.js';

/** A line as the API has it, without its labels. */
export function lineFields({
  seconds,
  nanos,
  stream,
  level,
  text,
  fields,
  cut,
}: FoundLine): Record<string, unknown> {
  return {
    time: timeText(seconds, nanos),
    container: stream.container,
    stream: stream.stream,
    level,
    line: text.toString(),
    committed: true,
    fields,
    ...(stream.gap !== undefined && { gap: stream.gap }),
    ...(cut > 0 && { cut }),
  };
}

export function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** RFC 3339; null where there is none. */
export function timeOrNull(time: LineTime | undefined): string | null {
  return time ? timeText(time.seconds, time.nanos) : null;
}

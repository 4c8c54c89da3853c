/** For the tests of this folder: records as the engine serves them, and which of them it serves when asked. */
import type { Range } from '../opening.js';

export interface ServedRecord {
  /** One character a byte. */
  readonly text: string;
  readonly endsLine: boolean;
  readonly isStderr: boolean;
  readonly seconds: number;
  readonly nanos: number;
}

/** As it stands in the stream of a container with a terminal. */
export function stamped({ text, endsLine, seconds, nanos }: ServedRecord): Buffer {
  const day = new Date(seconds * 1000).toISOString().slice(0, 19);
  const time = `${day}.${String(nanos).padStart(9, '0')}Z`;
  return Buffer.from(`${time} ${text}${endsLine ? '\n' : ''}`, 'latin1');
}

/** As it stands in the stream of a container without a terminal. */
export function frame(record: ServedRecord): Buffer {
  const payload = stamped(record);
  const head = Buffer.alloc(8);
  head[0] = record.isStderr ? 2 : 1;
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

/** What the engine has of `log` for a range. */
export function servedFor<T extends ServedRecord>(log: readonly T[], { tail, since }: Range): readonly T[] {
  if (typeof tail === 'number') return tail === 0 ? [] : log.slice(-tail);
  if (since === undefined) return log;
  const [seconds, nanos] = since.split('.').map(Number);
  const first = log.findIndex(
    (record) => record.seconds > seconds || (record.seconds === seconds && record.nanos >= nanos),
  );
  return first < 0 ? [] : log.slice(first);
}

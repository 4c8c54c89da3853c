/** Output that whoever reads it may stop reading, as `| head` does: no defect, and no reason for a message. */
import { systemCode } from '../runtime/errors.js';

const IS_CLOSED = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/** Answers when `text` is taken: false where nobody reads any more. Rejects with any other system error. */
export function print(out: NodeJS.WritableStream, text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    out.write(text, (error) => {
      if (!error) resolve(true);
      else if (IS_CLOSED.has(systemCode(error) ?? '')) resolve(false);
      else reject(error);
    });
  });
}

/** What the readers of files are given, and what they tell. */
import type { Pipeline } from '../../pipeline/contract.js';
import type { Logger } from '../../runtime/log.js';
import type { Decoder } from '../docker/json-file/decode.js';
import type { LogFile } from '../docker/json-file/log-file.js';
import type { Encoding, Transcoder } from './encodings.js';
import type { FileLog } from './file-log.js';

/** Takes lines out of bytes. */
export type LineDecoder = Decoder | Transcoder;

export interface LogContext {
  readonly pipeline: Pipeline;
  readonly log: Logger;
  readonly format: 'plain' | 'cri' | 'docker';
  readonly encodingOf: (file: LogFile) => Encoding;
  readonly decoderOf: (encoding: Encoding) => LineDecoder;
  /** The log holds a file. */
  readonly onHeld: (file: LogFile, log: FileLog) => void;
  /** The log is done with a file, which it has read to its end. */
  readonly onDone: (file: LogFile) => void;
}

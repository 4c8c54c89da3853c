/** What takes the lines out of files, for all logs of a source. */
import type { FileSourceConfig } from '../../config/types.js';
import { Decoder, PIECE_BYTES } from '../docker/json-file/decode.js';
import type { LogFile } from '../docker/json-file/log-file.js';
import { type Encoding, encodingOf, Transcoder } from './encodings.js';
import { CriRecords, PlainRecords } from './records.js';
import type { LineDecoder } from './types.js';

export interface Decoders {
  readonly encodingOf: (file: LogFile) => Encoding;
  readonly decoderOf: (encoding: Encoding) => LineDecoder;
}

export function decodersOf({
  format,
  encoding,
  maxLineBytes,
}: Pick<FileSourceConfig, 'format' | 'encoding' | 'maxLineBytes'>): Decoders {
  if (format !== 'plain') {
    const decoder =
      format === 'docker'
        ? new Decoder(maxLineBytes, PIECE_BYTES)
        : new Decoder(maxLineBytes, 0, new CriRecords());
    return { encodingOf: () => 'utf-8', decoderOf: () => decoder };
  }
  const made = new Map<Encoding, LineDecoder>();
  return {
    encodingOf: (file) => encodingOf(file, encoding),
    decoderOf(wanted) {
      const known = made.get(wanted);
      if (known) return known;
      const decoder =
        wanted === 'utf-8'
          ? new Decoder(maxLineBytes, 0, new PlainRecords())
          : new Transcoder(maxLineBytes, wanted);
      made.set(wanted, decoder);
      return decoder;
    },
  };
}

/** The file source: see file-source.ts. */
import type { FileSourceConfig } from '../../config/types.js';
import type { Source } from '../../pipeline/contract.js';
import { FileSource, type FileSourceContext } from './file-source.js';

export function createFileSource(name: string, config: FileSourceConfig, context: FileSourceContext): Source {
  return new FileSource(name, config, context);
}

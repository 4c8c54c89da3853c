/** Which format a configuration asks for. */
import type { ParseProcessorConfig } from '../../config/processor-types.js';
import type { FieldSet } from '../../pipeline/fields.js';
import { AccessFormat } from './access.js';
import { AutoFormat } from './auto.js';
import { CriFormat } from './cri.js';
import type { Format } from './format.js';
import { JsonFormat } from './json.js';
import { KlogFormat } from './klog.js';
import { LogfmtFormat } from './logfmt.js';
import { RegexFormat } from './regex.js';
import { SyslogFormat } from './syslog.js';

export function formatOf({ format, pattern }: ParseProcessorConfig, fields: FieldSet): Format {
  switch (format) {
    case 'json':
      return new JsonFormat(fields);
    case 'logfmt':
      return new LogfmtFormat(fields, false);
    case 'regex':
      return new RegexFormat(pattern ?? '', fields);
    case 'cri':
      return new CriFormat(fields);
    case 'syslog':
      return new SyslogFormat(fields);
    case 'clf':
      return new AccessFormat(fields, false);
    case 'combined':
      return new AccessFormat(fields, true);
    case 'klog':
      return new KlogFormat(fields);
    default:
      return new AutoFormat(fields);
  }
}

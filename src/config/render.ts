/** The configuration back in the file's form, every default spelled out. */
import { stringify } from 'yaml';
import { configSchema } from './schema.js';
import type { Config } from './types.js';

export function configYaml(config: Config): string {
  return stringify(configSchema.encode(config), { lineWidth: 0 });
}

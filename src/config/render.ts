/** The configuration back in the file's form, every default spelled out, secrets hidden. */
import { stringify } from 'yaml';
import { configSchema } from './schema/index.js';
import type { Config } from './types.js';

/** For the API: what a file would hold. */
export function renderConfig(config: Config): Readonly<Record<string, unknown>> {
  return configSchema.encode(config);
}

export function configYaml(config: Config): string {
  return yamlOf(renderConfig(config));
}

export function yamlOf(rendered: Readonly<Record<string, unknown>>): string {
  return stringify(rendered, { lineWidth: 0 });
}

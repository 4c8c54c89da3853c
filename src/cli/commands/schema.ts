/** `schema`: the JSON Schema of the configuration, for editors. */
import { configJsonSchema } from '../../config/json-schema.js';

export function schema(): void {
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}

/** `check [file]`: the errors of a configuration, or the whole of what it comes to. */
import { loadConfig } from '../../config/load.js';
import { configYaml } from '../../config/render.js';

/** Throws CONFIG_INVALID or CONFIG_UNREADABLE. */
export function check(file: string | undefined): number {
  const loaded = loadConfig({
    ...(file === undefined ? {} : { file }),
    env: process.env,
    cwd: process.cwd(),
  });
  console.error(`OK: ${loaded.file ?? 'no configuration file, all defaults'}`);
  process.stdout.write(configYaml(loaded.config));
  return 0;
}

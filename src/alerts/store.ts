/** The alerts that were made on the page: `alerts.json` in the data directory, for this user alone, because their addresses are secret. */
import { chmodSync, readFileSync, renameSync, statSync } from 'node:fs';
import { systemCode } from '../runtime/errors.js';
import { writePrivate } from '../runtime/private-file.js';
import { type Alert, readAlert } from './alert.js';

const VERSION = 1;

export class AlertStore {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** What was saved; none where the file is damaged, which is then moved aside and told by `onDamage`. */
  load(onDamage: (message: string) => void): Alert[] {
    try {
      if ((statSync(this.#file).mode & 0o077) !== 0) chmodSync(this.#file, 0o600);
      const { version, alerts } = JSON.parse(readFileSync(this.#file, 'utf8')) as {
        version: number;
        alerts: (Alert & { id: string })[];
      };
      if (version !== VERSION) throw new Error(`it is of version ${version}`);
      return alerts.map(({ id, ...fields }) => readAlert(fields, id));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      const aside = `${this.#file}.damaged`;
      onDamage(
        `${this.#file} cannot be read (${(error as Error).message}); alerts made on the page are gone, the file is kept as ${aside}.`,
      );
      renameSync(this.#file, aside);
      return [];
    }
  }

  /** Throws as node:fs does, with what was there before still there. */
  save(alerts: readonly Alert[]): void {
    writePrivate(this.#file, `${JSON.stringify({ version: VERSION, alerts }, null, 2)}\n`);
  }
}

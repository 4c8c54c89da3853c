/** What every result says of itself: when, by which build, on which machine and Node. */
import { writeFileSync } from 'node:fs';
import { machine } from '../src/selftest/machine.js';
import { readBuildInfo } from '../src/telemetry/build-info.js';

/** Writes `figures` as JSON into `file`. */
export function writeRecord(file: string, figures: object): void {
  const record = {
    when: new Date().toISOString(),
    build: readBuildInfo(),
    machine: machine(),
    ...figures,
  };
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
}

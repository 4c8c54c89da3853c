/** What every result says of itself: when, by which build and Node, on which machine. */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { readBuildInfo } from '../src/telemetry/build-info.js';

export interface Machine {
  readonly cpu: string | undefined;
  readonly cores: number;
  readonly memoryGb: number;
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
  };
}

/** Writes `figures` as JSON into `file`. */
export function writeRecord(file: string, figures: object): void {
  const record = {
    when: new Date().toISOString(),
    build: readBuildInfo(),
    node: process.version,
    machine: thisMachine(),
    ...figures,
  };
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
}

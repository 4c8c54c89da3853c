#!/usr/bin/env node
/** The program's entry: arguments in, exit code out. */
import { setFlagsFromString } from 'node:v8';
import { runProgram } from './cli/program.js';

// The young generation would grow with the first burst and never shrink. Lines make next to no garbage, so it need not
// grow (docs/performance.md has the measurement).
setFlagsFromString('--semi-space-growth-factor=1');

// A reader that has gone, as `| head` goes, is no defect; a sink that writes there is told by its own write.
process.stdout.on('error', () => {});

process.exitCode = await runProgram(process.argv, (code) => {
  // The one place that may end the process with work left: a second signal, when the user has waited enough.
  // oxlint-disable-next-line no-process-exit
  process.exit(code);
});

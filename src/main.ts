#!/usr/bin/env node
/** The program's entry: arguments in, exit code out. */
import { setFlagsFromString } from 'node:v8';

// The young generation would grow with the first burst and never shrink. Lines make next to no garbage, so it need not
// grow (docs/performance.md has the measurement).
setFlagsFromString('--semi-space-growth-factor=1');
// V8 12 and later know another way, and this flag no more. What is to be optimised must have run for longer than by default:
// most of what the compiler did was for code that is done by then (docs/performance.md has the measurement).
if (Number.parseInt(process.versions.v8, 10) < 12) setFlagsFromString('--interrupt-budget=600000');

// A reader that has gone, as `| head` goes, is no defect; a sink that writes there is told by its own write.
process.stdout.on('error', () => {});

// Loaded only now: what V8 is told above counts for the loading too.
const { runProgram } = await import('./cli/program.js');
process.exitCode = await runProgram(process.argv, (code) => {
  // The one place that may end the process with work left: a second signal, when the user has waited enough.
  // oxlint-disable-next-line no-process-exit
  process.exit(code);
});

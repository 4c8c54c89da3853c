#!/usr/bin/env node
/** The program's entry: arguments in, exit code out. */
import { runProgram } from './cli/program.js';

process.exitCode = await runProgram(process.argv, (code) => {
  // The one place that may end the process with work left: a second signal, when the user has waited enough.
  // oxlint-disable-next-line no-process-exit
  process.exit(code);
});

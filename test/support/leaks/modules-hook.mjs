// The program as the modules that it is bundled of: a leak is put into one of them.
const ENTRY = '/dist/src/program/main.js';

export async function load(url, context, next) {
  if (!url.endsWith(ENTRY)) return next(url, context);
  const source = `
    import { runProgram } from '../cli/program.js';
    process.exitCode = await runProgram(process.argv, (code) => process.exit(code));`;
  return { format: 'module', shortCircuit: true, source };
}

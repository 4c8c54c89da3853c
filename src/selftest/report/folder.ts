/** The directory of a report, and files in it of which a reader never sees half of one. */
import { renameSync, writeFileSync } from 'node:fs';
import { AgentError, systemCode } from '../../runtime/errors.js';
import { makeFolders } from '../../runtime/folders.js';

/** Throws SELF_TEST_IMPOSSIBLE. */
export function makeReportFolder(directory: string): void {
  try {
    makeFolders(directory, 0o755);
  } catch (cause) {
    throw new AgentError(
      'SELF_TEST_IMPOSSIBLE',
      `The directory ${directory} cannot be made (${systemCode(cause) ?? String(cause)}).`,
      { remedy: 'Name another one by --directory.', cause },
    );
  }
}

/** Throws a system error. */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

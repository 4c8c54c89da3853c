/** Folders for one test: removed after it passed, kept and named when it failed, so that there is something to look at. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** Makes a folder below the system's temporary one; readable by all, because some agents run as other users. */
export function scratch(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `lct-${name}-`));
  chmodSync(folder, 0o755);
  onTestFinished(({ task }) => {
    // A CI machine is thrown away, and its disk may be small.
    if (task.result?.state === 'fail' && !process.env['CI']) console.warn(`Kept for a look: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

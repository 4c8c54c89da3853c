import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { scriptOf } from './writer-script.js';

test('a shell that comes to wait for what SIGTERM has ended says nothing of it', () => {
  const late = 'wait() { kill $!; command wait "$@"; }';
  const script = scriptOf({ form: 'f', run: 'r', container: 0 }, () => `${late}\npause 10`);
  const shown = spawnSync('sh', ['-c', script.replaceAll('/generation', '/dev/null')], { encoding: 'utf8' });
  expect(shown).toMatchObject({ status: 0, stdout: 'f r 0 1 o 1 end 1,0 1\n', stderr: '' });
});

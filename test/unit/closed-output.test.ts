/** The built program, when whoever read its log has gone: capturing goes on, and it still ends when it is told to. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/project.js';
import { scratch } from '../support/scratch.js';

test('an agent whose stderr is closed drains and ends with 0 at a SIGTERM', async () => {
  const folder = scratch('closed-output');
  const config = path.join(folder, 'c.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      data_dir: path.join(folder, 'data'),
      server: { port: 0 },
      metrics: { port: 0 },
      sources: { demo: { type: 'demo' } },
    }),
  );
  const main = path.join(projectRoot(), 'dist/src/main.js');
  const agent = spawn(process.execPath, [main, 'run', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = once(agent, 'exit');
  let log = '';
  for await (const chunk of agent.stderr) {
    log += String(chunk);
    if (log.includes('http://127.0.0.1:')) break;
  }
  agent.stderr.destroy();
  agent.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});

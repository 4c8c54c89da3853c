import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CensusTaker } from '../telemetry/census/census.js';
import { startProgram } from './processes.js';
import { Scope } from './scope.js';

let root: Scope;

beforeEach(() => {
  root = Scope.root('test', (error) => {
    throw error;
  });
});

afterEach(() => root.close());

function node(script: string): ReturnType<typeof startProgram> {
  return startProgram(root, process.execPath, ['-e', script], process.env);
}

test('is read from, and tells how it ended', async () => {
  const program = node('console.log(1); console.error("oh"); process.exitCode = 3');
  const text: string[] = [];
  for await (const chunk of program.stdout) text.push(String(chunk));
  expect(text.join('')).toBe('1\n');
  expect(await program.ended).toEqual({ error: undefined, code: 3, said: 'oh' });
  expect(root.census().size).toBe(0);
});

test('one that is not there', async () => {
  const program = startProgram(root, '/does/not/exist', [], {});
  program.stdout.resume();
  expect(await program.ended).toMatchObject({ error: { code: 'ENOENT' } });
  expect(root.census().size).toBe(0);
});

test('ends with its scope, also where its reader waits and its pipe is full', async () => {
  const program = node('for (;;) process.stdout.write("x".repeat(65536))');
  let hasRead = (): void => {};
  const read = new Promise<void>((resolve) => {
    hasRead = resolve;
  });
  const reading = (async () => {
    for await (const _ of program.stdout) {
      hasRead();
      await program.ended;
    }
  })().catch(() => {});
  await read;
  expect(root.census().get('process')).toBe(1);
  await root.close();
  expect(await program.ended).toMatchObject({ error: undefined });
  await reading;
});

test('one that does not want to end is ended', async () => {
  const program = node('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")');
  await once(program.stdout, 'readable');
  const stopping = program.stop();
  // Whoever reads gets no more.
  expect(program.stdout.destroyed).toBe(true);
  await stopping;
  expect(await program.ended).toMatchObject({ error: undefined, code: undefined });
});

test('what it holds is on the books while it runs, and gone afterwards', async () => {
  // The first child makes the runtime open something for itself.
  await node('0').ended;
  const taker = new CensusTaker(root);
  taker.begin();
  const program = node('console.log("up"); setInterval(() => {}, 1000)');
  await once(program.stdout, 'readable');
  const { holdings, unowned } = await taker.take();
  expect(holdings).toMatchObject({ socket: 2 });
  expect(unowned).toMatchObject({ socket: 0, pipe: 0, file: 0, other: 0 });
  await program.stop();
  expect((await taker.take()).unowned).toMatchObject({ socket: 0, pipe: 0, file: 0, other: 0 });
});

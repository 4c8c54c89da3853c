/** Starts the built program as the agent of a self-test, which it does not outlive. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { AgentError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';
import { AgentClient } from './agent-client.js';

/** The census asks Node.js for what it calls experimental; that it says so belongs to no verdict. */
const NODE_ARGS = ['--disable-warning=ExperimentalWarning'];
const READY_DEADLINE_MS = 60_000;
const READY_EVERY_MS = 50;

export interface AgentProgramOptions {
  /** The built main.js. */
  readonly program: string;
  /** Of the build, loaded before the program: lifeline.ts, or what imports that. */
  readonly preload: string;
  /** Before the program's name. */
  readonly nodeArgs?: readonly string[];
  /** Gets its configuration, and is its HOME. */
  readonly folder: string;
  /** All but the server. */
  readonly config: object;
  /** The first is its lifeline, a pipe. */
  readonly stdio: StdioOptions;
}

export async function startProgram(
  options: AgentProgramOptions,
): Promise<{ readonly child: ChildProcess; readonly client: AgentClient }> {
  const { program, preload, nodeArgs = [], folder, config, stdio } = options;
  const server = { host: '127.0.0.1', port: await freePort() };
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'config.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ ...config, server }, null, 2));
  const hook = pathToFileURL(path.join(path.dirname(program), preload)).href;
  const child = spawn(
    process.execPath,
    [...NODE_ARGS, '--import', hook, ...nodeArgs, program, 'run', '--config', file],
    {
      stdio,
      // Nothing else of the environment: DOCKER_HOST, LOG_CAPTURER_… and NODE_OPTIONS change what an agent does.
      env: { PATH: process.env['PATH'], HOME: folder },
      // Ctrl-C is for the self-test, which ends its agent in time.
      detached: true,
    },
  );
  return { child, client: new AgentClient(new URL(`http://${server.host}:${server.port}`), undefined) };
}

/** `whyLost`: what became of it, once it has ended. Throws AGENT_UNREACHABLE where it does not get ready. */
export async function untilReady(
  scope: Scope,
  client: AgentClient,
  whyLost: () => string | undefined,
): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (whyLost() === undefined && !scope.isClosing && performance.now() < deadline) {
    try {
      await client.json(scope, '/ready');
      return;
    } catch {
      await scope.sleep(READY_EVERY_MS);
    }
  }
  throw new AgentError(
    'AGENT_UNREACHABLE',
    `The agent of the self-test did not get ready: ${whyLost() ?? 'no answer'}.`,
    { remedy: 'Look at its log in the directory of the self-test.' },
  );
}

/** Of loopback; free a moment ago. */
async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

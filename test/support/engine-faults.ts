/** What an engine of the tests' own suffers during a soak. Ends with the engine as it was, however it ends. */
import { renameSync } from 'node:fs';
import type { SoakTools } from '../../src/soak/soak.js';
import type { PrivateEngine } from './private-engine.js';

const CUT_EVERY_MS = 500;
/** The alarm comes a look later than `liveness_timeout`; what asks for it is slow on a busy machine. */
const SLACK_MS = 2_000;

/** Cuts all connections of the agent, `times` in a row. */
export async function cutConnections({ fault, proxy, scope }: SoakTools, times: number): Promise<void> {
  await fault('connections-cut', async () => {
    for (let cut = 0; cut < times && !scope.isClosing; cut++) {
      if (cut > 0) await scope.sleep(CUT_EVERY_MS);
      proxy?.killConnections();
    }
  });
}

/** Stops the engine's process until the agent raises the alarm. */
export async function hangEngine(
  { fault, scope }: SoakTools,
  engine: PrivateEngine,
  livenessTimeoutMs: number,
): Promise<void> {
  await fault('engine-hangs', async ({ alarm }) => {
    const { pid } = engine;
    const hung = scope.own('task', 'engine that hangs', () => void process.kill(pid, 'SIGCONT'));
    process.kill(pid, 'SIGSTOP');
    await alarm(livenessTimeoutMs + SLACK_MS);
    await hung.release();
  });
}

/** Takes the engine's socket away, so that nobody can connect although the engine runs, until the agent raises the alarm. */
export async function hideSocket(
  { fault, scope }: SoakTools,
  engine: PrivateEngine,
  livenessTimeoutMs: number,
): Promise<void> {
  await fault('socket-vanishes', async ({ alarm }) => {
    const socket = `${engine.folder}/docker.sock`;
    renameSync(socket, `${socket}.hidden`);
    const hidden = scope.own('task', 'socket that is hidden', () => renameSync(`${socket}.hidden`, socket));
    await alarm(livenessTimeoutMs + SLACK_MS);
    await hidden.release();
  });
}

/**
 * Ends the engine, and its containers with it, and starts it when the agent has raised the alarm; then the containers. As
 * long as it takes to end, it answers those that are connected: there is nothing to notice before.
 */
export async function restartEngine(
  { fault, crowd }: SoakTools,
  engine: PrivateEngine,
  livenessTimeoutMs: number,
): Promise<void> {
  await fault('engine-restarts', ({ alarm }) =>
    crowd.throughRestart(async () => {
      await engine.stopDaemon();
      await alarm(livenessTimeoutMs + SLACK_MS);
      await engine.startDaemon();
    }),
  );
}

/**
 * Judging a configuration of the largest size takes seconds: a worker does it, so that nobody who tries one out holds up
 * the lines.
 */
import { MessageChannel } from 'node:worker_threads';
import { AgentError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';
import { startWorker } from '../runtime/workers.js';
import type { CheckGiven } from './check.js';
import type { ConfigCheck } from './shape.js';

const PATIENCE_MS = 20_000;
const HEAP_MIB = 128;
const WORKER = new URL('./check-worker.js', import.meta.url);

/** Throws CONFIG_INVALID where it takes too long, or `scope` closes. `file`: another worker, in tests. */
export async function checkInWorker(scope: Scope, given: CheckGiven, file = WORKER): Promise<ConfigCheck> {
  const own = scope.child('configuration check');
  try {
    return await new Promise<ConfigCheck>((resolve, reject) => {
      const giveUp = (why: string) => (): void =>
        reject(new AgentError('CONFIG_INVALID', `The configuration could not be judged: ${why}.`));
      const { port1, port2 } = new MessageChannel();
      const options = {
        workerData: { given, port: port2 },
        transferList: [port2],
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
      };
      startWorker(own, 'configuration check', file, options, {
        onError: reject,
        onEnd: () => port1.close(),
        holds: {},
      });
      port1.once('message', resolve);
      own.timeout('patience', PATIENCE_MS, giveUp(`it takes longer than ${PATIENCE_MS / 1000} s`));
      own.onClosing('configuration check', giveUp('the agent is stopping'));
    });
  } finally {
    await own.close();
  }
}

/**
 * Loaded into the agent of a self-test before its program. Its stdin is a pipe from the self-test that nothing is ever written to: when
 * that ends the self-test has died, however it was killed, and nobody is left to end the agent.
 */
import { isMainThread } from 'node:worker_threads';

// Worker threads are loaded with it too, and have a stdin of their own.
if (isMainThread) {
  process.stdin
    .on('end', () => process.kill(process.pid, 'SIGKILL'))
    .on('error', () => {})
    .resume()
    .unref();
}

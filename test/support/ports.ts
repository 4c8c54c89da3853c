/**
 * A port for somebody who must be told one before he listens. It is none of those that the system gives to connections and to
 * who asks for any port: one of these may be somebody else's again before it is used. Nor is it told twice by one process;
 * test files, each a process, begin at different places.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below what Linux (32,768) and others (49,152) give away.
const FIRST = 10_000;
const COUNT = 22_000;
/** Scatters processes that follow each other; prime, and so each gets another place. */
const STRIDE = 7_919;

let told = 0;

/** Of loopback; nobody listens there. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + ((process.pid * STRIDE + told++) % COUNT);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A server with nothing behind it, for tests that are about one part of it. */
import { NO_LETTERS } from '../../delivery/dead-letters/testing/no-letters.js';
import { silentLogger } from '../../runtime/log.js';
import { Health } from '../../telemetry/health.js';
import type { ServerOptions } from '../server.js';
import { TailHub, type TailJournal } from '../tail/hub.js';
import type { AgentView } from '../view.js';
import type { WindowFile } from '../window.js';

export const QUIET_JOURNAL: TailJournal = {
  stats: { committedLsn: 0, linesUncommitted: 0, linesJournaled: 12 } as unknown as TailJournal['stats'],
  barrier: () => Promise.resolve(0),
  recent: () => Promise.resolve([]),
};

const notAsked = (): never => {
  throw new Error('not asked here');
};

const NO_ALERTS: AgentView['alerts'] = {
  list: () => [],
  get: () => undefined,
  create: notAsked,
  replace: () => undefined,
  remove: () => false,
  test: () => Promise.resolve(undefined),
};

/** Answers nothing that `given` does not. */
export function fakeAgent(given: Partial<AgentView> = {}): AgentView {
  return {
    build: { version: '1.2.3', revision: 'abc', digest: 'def', dirty: false },
    health: new Health(),
    journal: QUIET_JOURNAL,
    config: { view: () => ({ file: null, yaml: '' }), check: notAsked },
    reload: notAsked,
    containers: () => [],
    flow: notAsked,
    sinks: () => [],
    gaps: () => ({ gaps: [], counts: {} }),
    alerts: NO_ALERTS,
    deadLetters: NO_LETTERS,
    ledger: notAsked,
    resources: () => Promise.reject(new Error('not asked here')),
    resourceHistory: notAsked,
    ...given,
  };
}

/** As if it had been built. */
export function windowFile(
  name: string,
  type: string,
  text: string,
  encoded: Record<string, string> = {},
): WindowFile {
  const coded = Object.entries(encoded).map(([coding, content]) => [coding, Buffer.from(content)] as const);
  return { name, type, etag: `"${name}"`, content: Buffer.from(text), encoded: new Map(coded) };
}

/** On loopback, on any free port. */
export function serverOptions(given: Partial<ServerOptions> = {}): ServerOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    auth: 'auto',
    allowedHosts: [],
    basePath: '',
    dataDir: '',
    agent: fakeAgent(),
    metrics: { contentType: 'text/plain', exposition: () => Promise.resolve('') },
    tail: new TailHub(QUIET_JOURNAL),
    search: { isFull: false, ask: notAsked },
    log: silentLogger,
    window: new Map(),
    ...given,
  };
}

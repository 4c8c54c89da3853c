/**
 * Agents that Prometheus watches: one that is well and does everything that can be shown, and others each of which comes to
 * have one thing wrong with it. Each has an engine that only says what it has, and containers whose logs are written here.
 */
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from './agent.js';
import { Host } from './host.js';
import { type LokiReceiver, startLoki } from './loki/receiver.js';
import { projectRoot } from './project.js';

/** What a failure has to do with. */
interface Place {
  readonly host: Host;
  readonly loki: LokiReceiver;
  readonly agent: Agent;
  /** The program that runs. */
  readonly program: string;
}

interface Case {
  readonly fail: (place: Place) => unknown;
  /** The alerts that fire of it, and no others. */
  readonly alerts: readonly string[];
  readonly preloads?: readonly string[];
  readonly loki?: Parameters<typeof startLoki>[0];
  /** It gets a program of its own. */
  readonly changesProgram?: boolean;
}

/** No line of the containers is JSON, and some end with a 7. */
const PROCESSORS = [
  { type: 'parse', format: 'json' },
  { type: 'filter', match: '{container="db"}', drop: ['|~ "7$"'] },
];
const JOURNAL_BYTES = 16 * 1024 * 1024;
const NEARLY = 0.85;
const NOISE_BYTES = 9_000;
const WRITE_EVERY_MS = 100;

/** By the name that Prometheus knows the agent by. */
export const CASES: Readonly<Record<string, Case>> = {
  well: { fail: () => {}, alerts: [] },
  'dead-sink': {
    fail: async ({ loki, host }) => {
      await loki.die();
      host.write(1);
    },
    alerts: ['LogCapturerSinkCircuitOpen'],
  },
  leak: {
    preloads: ['leaks/timer-at-commit.mjs'],
    fail: ({ host }) => host.write(500),
    alerts: ['LogCapturerUnownedResources'],
  },
  gap: {
    fail: async ({ host, agent }) => {
      host.write(100);
      await host.journaled(agent);
      truncateSync(host.logOf('web'), 1);
      host.write(1);
    },
    alerts: ['LogCapturerGap'],
  },
  'near-cap': {
    fail: ({ loki, host }) => {
      loki.hang();
      fillUp(host);
    },
    alerts: ['LogCapturerJournalNearCap'],
  },
  'no-engine': { fail: ({ host }) => host.stopEngine(), alerts: ['LogCapturerComponentUnhealthy'] },
  'stale-build': {
    changesProgram: true,
    fail: ({ program }) => changeBuild(program, { digest: 'of another build' }),
    alerts: ['LogCapturerStaleBuild'],
  },
  refusals: {
    loki: { limits: { maxLineBytes: 6 } },
    fail: ({ host }) => host.write(1_000),
    alerts: ['LogCapturerDeadLetters'],
  },
  'bad-config': {
    fail: ({ host }) => writeFileSync(path.join(host.folder, 'config.yaml'), 'sinks: [none]'),
    alerts: ['LogCapturerReloadFailed'],
  },
  killed: { fail: ({ agent }) => agent.signal('SIGKILL'), alerts: ['LogCapturerDown'] },
};

/** An agent that runs, until it is closed. */
export class Monitored {
  readonly name: string;
  readonly #place: Place;
  #isClosed = false;

  private constructor(name: string, place: Place) {
    this.name = name;
    this.#place = place;
  }

  /** One for each case, in folders of their names. Resolves when all are ready, and well. */
  static startAll(folder: string): Promise<Monitored[]> {
    const shared = copiedProgram(path.join(folder, 'program'));
    const cases = Object.entries(CASES).map(([name, { changesProgram = false }]) => {
      const own = path.join(folder, name);
      return Monitored.#start(name, own, changesProgram ? copiedProgram(path.join(own, 'program')) : shared);
    });
    return Promise.all(cases);
  }

  static async #start(name: string, folder: string, program: string): Promise<Monitored> {
    const { preloads = [], loki: options = { limits: 'none' } } = CASES[name];
    mkdirSync(folder, { recursive: true });
    const [host, loki] = await Promise.all([Host.start(folder), startLoki(options)]);
    // The log of a container is there when it runs.
    host.write(5);
    const agent = await Agent.start({
      folder,
      config: { ...configOf(host, loki), processors: name === 'well' ? PROCESSORS : [] },
      preloads,
      program: { node: process.execPath, root: program },
    });
    await agent.ready();
    const monitored = new Monitored(name, { host, loki, agent, program });
    if (name === 'well') void monitored.#work();
    return monitored;
  }

  /** `host:port` of its metrics. */
  get target(): string {
    return new URL(this.#place.agent.url).host;
  }

  /** Labels of the streams that Loki has of it. */
  get labels(): Readonly<Record<string, string>>[] {
    return this.#place.loki.streams().map(({ labels }) => labels);
  }

  async exposition(): Promise<string> {
    return (await fetch(`http://${this.target}/metrics`)).text();
  }

  async fail(): Promise<void> {
    await CASES[this.name].fail(this.#place);
  }

  /** Its agent ends with the test file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#place.host.close(), this.#place.loki.close()]);
  }

  async #work(): Promise<void> {
    const { host } = this.#place;
    while (!this.#isClosed) {
      host.write(2);
      await sleep(WRITE_EVERY_MS);
    }
  }
}

function configOf(host: Host, loki: LokiReceiver): object {
  return {
    journal: { min_free: '0%', sync_interval: '20ms', max_bytes: JOURNAL_BYTES },
    sources: { containers: { type: 'docker', endpoint: host.endpoint, start_at: 'beginning' } },
    sinks: {
      // One that hangs is no failure before that.
      loki: { type: 'loki', url: loki.url, batch_wait: '50ms', timeout: '5m' },
      files: { type: 'file', directory: host.output },
    },
  };
}

/** As built from a clean checkout, whatever this one is. */
function copiedProgram(root: string): string {
  mkdirSync(path.join(root, 'test'), { recursive: true });
  cpSync(path.join(projectRoot(), 'dist/src'), path.join(root, 'dist/src'), { recursive: true });
  for (const part of ['package.json', 'node_modules', 'test/support'])
    symlinkSync(path.join(projectRoot(), part), path.join(root, part));
  changeBuild(root, { dirty: false });
  return root;
}

function changeBuild(root: string, change: object): void {
  const file = path.join(root, 'dist/src/build-info.json');
  const build = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...build, ...change }));
}

/** Writes as much of what does not compress as most of the journal. */
function fillUp(host: Host): void {
  const time = new Date().toISOString();
  for (let bytes = 0; bytes < NEARLY * JOURNAL_BYTES; bytes += NOISE_BYTES) {
    const log = `${randomBytes((NOISE_BYTES * 3) / 4).toString('base64')}\n`;
    appendFileSync(host.logOf('web'), `${JSON.stringify({ log, stream: 'stdout', time })}\n`);
  }
}
